"""Exercise 04: softmax and cross-entropy in one function."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import deep
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]


def _inputs(rng: np.random.Generator) -> Arrays:
    base = np.array([[1000.0, 0.0, -1000.0, 3.0], [-1200.0, -1200.0, -1201.0, -1203.0]])
    return {
        "z": 2 * rng.normal(size=(5, 4)),
        "y": np.concatenate([rng.permutation(4), rng.integers(0, 4, size=1)]),
        "large": base + rng.normal(size=(2, 4)),
        "large_y": np.array([0, int(rng.integers(0, 3))]),
    }


def softmax(z: Any) -> Any:
    """Row by row, safe for logits of any size."""
    exp = np.exp(z - z.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def _target(z: Any, y: Any) -> Any:
    return np.eye(z.shape[1])[y]


def _cost(z: Any, y: Any) -> Any:
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()


def _both(z: Any, y: Any, large: Any, large_y: Any, cost: Any, gradient: Any) -> Arrays:
    """What a version of cost and gradient gives for both batches."""
    return {
        "L": cost(z, y),
        "dz": gradient(z, y),
        "L of large logits": cost(large, large_y),
        "dz of large logits": gradient(large, large_y),
    }


def _gradient(z: Any, y: Any) -> Any:
    return (softmax(z) - _target(z, y)) / len(y)


softmax_cross_entropy = Question(
    "04.softmax_cross_entropy",
    points=5,
    minutes=20,
    title="Softmax with cross-entropy",
    called_as="L, dz = softmax_cross_entropy(z, y)",
    tested="the cost and its gradient for N = 5, C = 4, random logits; then two rows with logits near ±1000",
    inputs=_inputs,
    drive=deep.softmax_cross_entropy,
    answer=lambda z, y, large, large_y: _both(z, y, large, large_y, _cost, _gradient),
    scales=lambda z: {"N": float(z.shape[0]), "C": float(z.shape[1])},
    axes={"dz": ("example", "class")},
    invariants=(Invariant("each row of dz sums to 0", lambda out, _: bool(np.allclose(out["dz"].sum(1), 0))),),
    off_limits=("torch.nn", "dlcourse.numpy.functional", "dlcourse.numpy.nn", "dlcourse.torch.functional", "scipy"),
)
softmax_cross_entropy.hint("Subtract the largest logit of each row first: softmax does not change, exp stays small.")
softmax_cross_entropy.hint("log p is the shifted logit minus the log of the sum of exponentials. No division needed.")
softmax_cross_entropy.hint("dz is p, minus 1 at the right class of each row, all divided by N.")


@softmax_cross_entropy.wrong(
    "the gradient is not divided by N", ask="The cost is a mean over N. Where is its 1/N in the gradient?"
)
def no_mean_in_gradient(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, _cost, lambda z, y: _gradient(z, y) * len(y))


@softmax_cross_entropy.wrong(
    "the mean runs over examples and classes", ask="Do you average over examples, or over examples times classes?"
)
def mean_over_classes(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, lambda z, y: _cost(z, y) / 4, lambda z, y: _gradient(z, y) / 4)


@softmax_cross_entropy.wrong(
    "only the right class gets a gradient", ask="Raising one logit lowers every other probability. Where is that?"
)
def target_only(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, _cost, lambda z, y: _gradient(z, y) * _target(z, y))


@softmax_cross_entropy.wrong("the 1 at the right class is not subtracted", ask="Rows of dz sum to zero. Do yours?")
def no_target(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, _cost, lambda z, y: softmax(z) / len(y))


@softmax_cross_entropy.wrong(
    "1 is subtracted in whole columns", ask="`dz[:, y]` picks columns for all rows. How many entries do you mean?"
)
def whole_columns(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    def gradient(z: Any, y: Any) -> Any:
        dz = softmax(z)
        dz[:, y] -= 1
        return dz / len(y)

    return _both(z, y, large, large_y, _cost, gradient)


def _with_probabilities(probabilities: Any, arrays: tuple[Any, Any, Any, Any]) -> Arrays:
    """What comes out when ``probabilities`` stands where the softmax of each row is meant."""
    z, y, large, large_y = arrays

    def cost(z: Any, y: Any) -> Any:
        return -np.log(probabilities(z)[np.arange(len(y)), y]).mean()

    def gradient(z: Any, y: Any) -> Any:
        return (probabilities(z) - _target(z, y)) / len(y)

    with np.errstate(all="ignore"):
        return _both(z, y, large, large_y, cost, gradient)


@softmax_cross_entropy.wrong("the softmax runs over the examples", ask="Which axis holds the classes?")
def wrong_axis(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _with_probabilities(lambda z: softmax(z.T).T, (z, y, large, large_y))


@softmax_cross_entropy.wrong(
    "the softmax runs over the whole batch", ask="Each example needs a distribution of its own. What do yours sum to?"
)
def whole_batch(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _with_probabilities(lambda z: softmax(z.reshape(1, -1)).reshape(z.shape), (z, y, large, large_y))


@softmax_cross_entropy.wrong(
    "large logits overflow: nothing is subtracted before exp", ask="What is exp(1000)? What may you subtract first?"
)
def no_shift(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    def unsafe(z: Any) -> Any:
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    return _with_probabilities(unsafe, (z, y, large, large_y))


@softmax_cross_entropy.wrong(
    "one maximum of the whole batch is subtracted", ask="Shift each row by its own maximum: why?"
)
def one_shift(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    def unsafe(z: Any) -> Any:
        exp = np.exp(z - z.max())
        return exp / exp.sum(axis=1, keepdims=True)

    return _with_probabilities(unsafe, (z, y, large, large_y))


@softmax_cross_entropy.wrong("the minus of −log p is missing", ask="Cross-entropy is never negative. Is yours?")
def no_minus(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, lambda z, y: -_cost(z, y), _gradient)


@softmax_cross_entropy.wrong(
    "the logarithm has base 2", ask="For equal logits and ten classes the cost is 2.3026. And yours?"
)
def base_two(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, lambda z, y: _cost(z, y) / np.log(2), _gradient)


@softmax_cross_entropy.wrong(
    "the gradient is that of the probabilities, one node too early", ask="You have dL/dp. Where is dp/dz?"
)
def by_probability(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    def gradient(z: Any, y: Any) -> Any:
        return -_target(z, y) / np.maximum(softmax(z), 1e-300) / len(y)

    return _both(z, y, large, large_y, _cost, gradient)


@softmax_cross_entropy.convention(
    "the cost is a sum over the examples, and so is its gradient; here it is the mean",
    ask="If the batch is twice as large, should the cost be?",
)
def summed(z: Any, y: Any, large: Any, large_y: Any) -> Arrays:
    return _both(z, y, large, large_y, lambda z, y: _cost(z, y) * len(y), lambda z, y: _gradient(z, y) * len(y))


QUESTIONS = (softmax_cross_entropy,)
