"""Exercise 01: a linear layer with bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import LINEAR
from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import layers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]
_SHARED_BIAS = "One bias serves all N examples. What happens to gradients where a value is used more than once?"


def _inputs(rng: np.random.Generator) -> Arrays:
    """All sizes differ, the bias is not zero, and dz already carries the 1/N of the cost."""
    N, D, M = 5, 3, 4
    return {
        "X": rng.normal(size=(N, D)),
        "W": rng.normal(size=(M, D)),
        "b": rng.normal(size=M),
        "dz": rng.normal(size=(N, M)) / N,
        "other_X": rng.normal(size=(N, D)),
    }


def _answer(X: Any, W: Any, b: Any, dz: Any) -> Arrays:
    return {"z": X @ W.T + b, **NOTHING_CHANGED, "dX": dz @ W, "dW": dz.T @ X, "db": dz.sum(0)}


linear = Question(
    "01.linear",
    points=5,
    minutes=15,
    title="A linear layer with bias",
    called_as="layer = Linear(W, b); z = layer.forward(X); dX, dW, db = layer.backward(dz)",
    tested=(
        "forward and all three gradients with N = 5, D = 3, M = 4, all random, "
        "while a second layer is in use; no array may change"
    ),
    inputs=_inputs,
    drive=layers.linear_layer,
    answer=_answer,
    scales=lambda X, W: {"N": len(X), "D": X.shape[1], "M": len(W)},
    axes={
        "z": ("example", "output"),
        "dX": ("example", "input"),
        "dW": ("output", "input"),
        "db": ("output",),
    },
    off_limits=LINEAR,
)
linear.hint("Every gradient has the shape of its own array: dX (N, D), dW (M, D), db (M,). Write them down first.")
linear.hint("Which product of dz (N, M) with W or X gives each shape? With N, D and M all different only one fits.")
linear.hint("b is added to each of the N rows: it is one node with N consumers, and their gradients add up.")
linear.hint("dX = dz W,  dW = dzᵀ X,  and db is the sum of dz over the examples.")


@linear.wrong("1/N is applied once more to dW and db", ask="dz comes from the cost and carries 1/N. Who owns it?")
def divided_again(X: Any, dz: Any) -> Arrays:
    return {"dW": dz.T @ X / len(X), "db": dz.sum(0) / len(X)}


@linear.wrong("db is the mean over the examples instead of the sum", ask=_SHARED_BIAS)
def bias_mean(dz: Any) -> Arrays:
    return {"db": dz.mean(0)}


@linear.wrong("db is summed over the outputs instead of the examples", ask="b has M entries. How many has your db?")
def bias_other_axis(dz: Any) -> Arrays:
    return {"db": dz.sum(1)}


@linear.wrong("db is dz itself, not yet summed over the examples", ask=_SHARED_BIAS)
def bias_not_summed(dz: Any) -> Arrays:
    return {"db": dz}


@linear.wrong("db takes the first example only", ask="What do examples 2 to N have to say about b?")
def bias_first_row(dz: Any) -> Arrays:
    return {"db": dz[0]}


@linear.wrong("db is a gradient of 1 for each output: dz is left out", ask="Where did the upstream gradient go?")
def bias_ones(b: Any) -> Arrays:
    return {"db": np.ones_like(b)}


@linear.wrong("dW is Xᵀ dz, of shape (in, out)", ask="W is (out, in) here. Which shape must dW have?")
def weight_transposed(X: Any, dz: Any) -> Arrays:
    return {"dW": X.T @ dz}


@linear.wrong(
    "dW is made from the sums over the batch, not from the examples one by one", ask="Is Σ ab equal to Σa · Σb?"
)
def product_of_sums(X: Any, dz: Any) -> Arrays:
    return {"dW": np.outer(dz.sum(0), X.sum(0))}


@linear.wrong(
    "dW uses the output z where the input X belongs", ask="Which array did W multiply in forward?", as_student=True
)
class OutputAsCache:
    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, X: Any) -> Any:
        self.X, self.z = X, X @ self.W.T + self.b
        return self.z

    def backward(self, dz: Any) -> Any:
        return dz @ self.W, dz.T @ self.z, dz.sum(0)


@linear.wrong("dW uses the batch of another layer: all layers share one cache", ask="Whose is self.X?")
def shared_cache(dz: Any, other_X: Any) -> Arrays:
    return {"dW": dz.T @ other_X}


@linear.wrong("dX goes through dW instead of W", ask="z = X Wᵀ + b: which array links X to z?")
def through_gradient(X: Any, dz: Any) -> Arrays:
    return {"dX": dz @ (dz.T @ X)}


@linear.wrong("dX, dW and db come back in another order", ask="In which order does the check unpack them?")
def other_order(X: Any, W: Any, dz: Any) -> Arrays:
    return {"dX": dz.T @ X, "dW": dz @ W}


@linear.wrong("the bias is missing in forward", ask="With X = 0, what should z be?")
def no_bias(X: Any, W: Any) -> Arrays:
    return {"z": X @ W.T}


@linear.wrong("dX is computed with Wᵀ instead of W", ask="dz is (N, M) and dX is (N, D). Which shape fits between?")
def through_transpose(W: Any, dz: Any) -> Arrays:
    return {"dX": dz @ W.T}


@linear.wrong("forward computes X W instead of X Wᵀ", ask="X is (N, D) and W is (M, D). What makes (N, M) of them?")
def forward_not_transposed(X: Any, W: Any) -> Arrays:
    return {"z": X @ W}


@linear.convention("db keeps a first axis of length 1", ask="That fits a bias of shape (1, M); here b has shape (M,).")
def bias_kept_axis(dz: Any) -> Arrays:
    return {"db": dz.sum(0, keepdims=True)}


@linear.convention(
    "backward averages over the examples itself",
    ask="That fits a cost without 1/N; here dz already holds it.",
)
def layer_owns_mean(X: Any, W: Any, dz: Any) -> Arrays:
    return {"dX": dz @ W / len(X), "dW": dz.T @ X / len(X), "db": dz.sum(0) / len(X)}


QUESTIONS = (linear,)
name_writing(*QUESTIONS)
