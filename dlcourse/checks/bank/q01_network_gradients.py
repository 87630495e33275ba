"""Exercise 01: a two-layer network, all gradients."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.bank.limits import AUTOGRAD, LINEAR
from dlcourse.checks.bank.two_layer import forward, random_network, sizes
from dlcourse.checks.bank.unchanged import name_changed_inputs
from dlcourse.checks.drives import layers
from dlcourse.checks.drives.values import INPUTS_UNCHANGED
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 8

Arrays = dict[str, Any]
_MEAN = "Here the cost is the mean over all N·C entries, without ½, as in PyTorch's mse_loss."


def _to_cost(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> tuple[Any, Any, Any]:
    """The pre-activation z1, the activation a1, and dL/dŷ = 2 (ŷ − y) / (N·C)."""
    z1, a1, y_hat = forward(X, W1, b1, W2, b2)
    return z1, a1, 2 * (y_hat - y) / y.size


def _back(X: Any, a1: Any, W2: Any, mask: Any, dy_hat: Any) -> Arrays:
    """From dL/dŷ back to every weight: linear layer, ReLU gate, linear layer."""
    dz1 = dy_hat @ W2 * mask
    return {"dW2": dy_hat.T @ a1, "db2": dy_hat.sum(0), "dW1": dz1.T @ X, "db1": dz1.sum(0)}


def _right(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, factor: float = 1.0) -> Arrays:
    """The right gradients, times ``factor``."""
    z1, a1, dy_hat = _to_cost(X, y, W1, b1, W2, b2)
    return _back(X, a1, W2, z1 > 0, dy_hat * factor)


two_layer_gradients = Question(
    "01.two_layer_gradients",
    points=6,
    minutes=20,
    title="A two-layer network: all gradients",
    called_as="dW1, db1, dW2, db2 = two_layer_gradients(X, y, W1, b1, W2, b2)",
    tested="all four gradients with N = 7, D = 4, H = 5, C = 3, all random, the last layer first, as backward goes; "
    "no array may change",
    inputs=random_network,
    drive=layers.two_layer_gradients,
    answer=lambda X, y, W1, b1, W2, b2: {INPUTS_UNCHANGED: True, **_right(X, y, W1, b1, W2, b2)},
    scales=sizes,
    axes={"dW2": ("output", "hidden"), "db2": ("output",), "dW1": ("hidden", "input"), "db1": ("hidden",)},
    off_limits=(*AUTOGRAD, *LINEAR),
)
two_layer_gradients.hint("Start at the cost: L is the mean of N·C squares, so dŷ = 2 (ŷ − y) / (N·C).")
two_layer_gradients.hint("Then go back through what you have built: linear layer, ReLU gate, linear layer.")
two_layer_gradients.hint("dW2 = dŷᵀ a1, db2 = Σ dŷ, da1 = dŷ W2, dz1 = da1 where z1 > 0, and dW1, db1 like dW2, db2.")


@two_layer_gradients.wrong("the 2 of the square's derivative is missing", ask="What is the derivative of r²?")
def no_two(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _right(X, y, W1, b1, W2, b2, 0.5)


@two_layer_gradients.wrong("the 1/(N·C) of the mean is missing", ask="The cost is a mean. Where is its 1/(N·C)?")
def no_mean(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _right(X, y, W1, b1, W2, b2, y.size)


@two_layer_gradients.wrong(
    "1/N is applied again in each layer", ask="Count the 1/N between the cost and dW1. How many?"
)
def mean_in_each_layer(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    grads = _right(X, y, W1, b1, W2, b2, 1 / len(X))
    return {**grads, "dW1": grads["dW1"] / len(X), "db1": grads["db1"] / len(X)}


@two_layer_gradients.wrong(
    "the sign is flipped: y − ŷ", ask="The prediction is too large: should L grow or shrink with it?"
)
def flipped(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _right(X, y, W1, b1, W2, b2, -1)


@two_layer_gradients.wrong("the ReLU is forgotten on the way back", ask="What did the closed gates do in forward?")
def no_mask(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    _, a1, dy_hat = _to_cost(X, y, W1, b1, W2, b2)
    return _back(X, a1, W2, 1.0, dy_hat)


@two_layer_gradients.wrong("the ReLU's mask is made from the gradient", ask="Who opened the gates: z1 or da1?")
def upstream_mask(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    _, a1, dy_hat = _to_cost(X, y, W1, b1, W2, b2)
    return _back(X, a1, W2, dy_hat @ W2 > 0, dy_hat)


@two_layer_gradients.wrong("da1 is multiplied by a1 instead of a mask", ask="The slope of ReLU is 0 or 1. Is a1?")
def activation_as_mask(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    _, a1, dy_hat = _to_cost(X, y, W1, b1, W2, b2)
    return _back(X, a1, W2, a1, dy_hat)


@two_layer_gradients.wrong("dW2 uses z1, from before the ReLU", ask="What did the second layer get as its input?")
def before_relu(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    z1, _, dy_hat = _to_cost(X, y, W1, b1, W2, b2)
    return _back(X, z1, W2, z1 > 0, dy_hat)


@two_layer_gradients.wrong(
    "the gradient goes back through dW2 instead of W2", ask="ŷ = a1 W2ᵀ + b2: what links a1 to ŷ?"
)
def through_gradient(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    z1, a1, dy_hat = _to_cost(X, y, W1, b1, W2, b2)
    return _back(X, a1, dy_hat.T @ a1, z1 > 0, dy_hat)


@two_layer_gradients.wrong(
    "the bias gradients are averaged over the examples", ask="One b, N consumers: add or average?"
)
def bias_means(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    grads = _right(X, y, W1, b1, W2, b2)
    return {"db1": grads["db1"] / len(X), "db2": grads["db2"] / len(X)}


@two_layer_gradients.convention("the gradient of ½ of the cost per example: divided by N and without the 2", ask=_MEAN)
def half_per_example(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _right(X, y, W1, b1, W2, b2, y.shape[1] / 2)


@two_layer_gradients.convention("the gradient of a cost summed over the C outputs: divided by N, not by N·C", ask=_MEAN)
def per_example_gradient(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return _right(X, y, W1, b1, W2, b2, y.shape[1])


name_changed_inputs(two_layer_gradients)

QUESTIONS = (two_layer_gradients,)
