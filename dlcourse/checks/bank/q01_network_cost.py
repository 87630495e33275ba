"""Exercise 01: a two-layer network, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import LINEAR
from dlcourse.checks.bank.two_layer import forward, random_network, sizes
from dlcourse.checks.bank.unchanged import name_changed_inputs
from dlcourse.checks.drives import layers
from dlcourse.checks.drives.values import INPUTS_UNCHANGED
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 7

Arrays = dict[str, Any]
_MEAN = "Here the mean runs over all N·C entries, without ½, as in PyTorch's mse_loss."


two_layer_loss = Question(
    "01.two_layer_loss",
    points=3,
    minutes=8,
    title="A two-layer network: prediction and cost",
    called_as="y_hat, L = two_layer_loss(X, y, W1, b1, W2, b2)",
    tested="the prediction and the cost with N = 7, D = 4, H = 5, C = 3, all random; no array may change",
    inputs=random_network,
    drive=layers.two_layer_loss,
    answer=lambda X, y, W1, b1, W2, b2: {
        INPUTS_UNCHANGED: True,
        **_prediction_and_cost(forward(X, W1, b1, W2, b2)[2], y),
    },
    scales=sizes,
    axes={"y_hat": ("example", "output")},
    off_limits=LINEAR,
)
two_layer_loss.hint("Four lines: z1, a1, y_hat, L. After each, say its shape aloud: (N, H), (N, H), (N, C), a number.")
two_layer_loss.hint("The mean runs over all N·C entries of (y_hat − y)², as PyTorch's mse_loss does it.")


def _prediction_and_cost(y_hat: Any, y: Any) -> Arrays:
    return {"y_hat": y_hat, "L": ((y_hat - y) ** 2).mean()}


@two_layer_loss.wrong(
    "the squares are added up and not averaged", ask="Twice as many examples: should the cost double?"
)
def summed(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"L": ((forward(X, W1, b1, W2, b2)[2] - y) ** 2).sum()}


@two_layer_loss.wrong("the root of the mean square is returned", ask="L is a mean of squares. What does √ do here?")
def rooted(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"L": np.sqrt(((forward(X, W1, b1, W2, b2)[2] - y) ** 2).mean())}


@two_layer_loss.wrong("the mean of absolute differences is returned", ask="Where did the square go?")
def absolute(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"L": np.abs(forward(X, W1, b1, W2, b2)[2] - y).mean()}


@two_layer_loss.wrong("the differences are averaged first and squared after", ask="Do +1 and −1 cancel in a cost?")
def squared_mean(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"L": (forward(X, W1, b1, W2, b2)[2] - y).mean() ** 2}


@two_layer_loss.wrong("there is no ReLU between the layers", ask="What are two linear layers in a row, taken together?")
def no_relu(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _prediction_and_cost(forward(X, W1, b1, W2, b2)[0] @ W2.T + b2, y)


@two_layer_loss.wrong("a ReLU is applied to the prediction as well", ask="May a prediction be negative here?")
def relu_on_output(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _prediction_and_cost(np.maximum(forward(X, W1, b1, W2, b2)[2], 0), y)


@two_layer_loss.wrong("the biases are missing", ask="With X = 0, does your network predict anything but 0?")
def no_biases(X: Any, y: Any, W1: Any, W2: Any) -> Arrays:
    return _prediction_and_cost(forward(X, W1, 0, W2, 0)[2], y)


@two_layer_loss.convention("the squares are summed over the C outputs and averaged over the N examples", ask=_MEAN)
def per_example(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"L": ((forward(X, W1, b1, W2, b2)[2] - y) ** 2).sum(1).mean()}


@two_layer_loss.convention("½ of the squares, so that the 2 of the derivative cancels", ask=_MEAN)
def halved(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"L": ((forward(X, W1, b1, W2, b2)[2] - y) ** 2).mean() / 2}


name_changed_inputs(two_layer_loss)

QUESTIONS = (two_layer_loss,)
