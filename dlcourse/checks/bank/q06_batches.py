"""Exercise 06: the gradient of a mini-batch, and how noisy it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import AUTOGRAD
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
_KEPT = "the arrays are left as they were"


def _example_gradients(w: Any, X: Any, y: Any, rows: Any) -> Any:
    return 2 * (X[rows] @ w - y[rows])[:, None] * X[rows]


def _noise(examples: Any, ddof: int = 1) -> Any:
    return examples.var(axis=0, ddof=ddof).sum() / len(examples)


def _answer(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    examples = _example_gradients(w, X, y, rows)
    return {
        "cost": ((X[rows] @ w - y[rows]) ** 2).mean(),
        "g": examples.mean(axis=0),
        "noise": _noise(examples),
        _KEPT: np.array(True),
    }


batch_gradient = Question(
    "06.batch_gradient",
    points=3,
    minutes=12,
    title="The gradient of a mini-batch, and its noise",
    called_as="cost, g, noise = batch_gradient(w, X, y, rows)",
    tested="12 examples with 4 inputs, a batch of 5 rows of which one comes twice",
    inputs=lambda rng: {
        "w": rng.normal(size=4),
        "X": rng.normal(size=(12, 4)),
        "y": rng.normal(size=12),
        "rows": rng.choice(12, size=4, replace=False)[[0, 1, 2, 0, 3]],
    },
    drive=optimizers.batch_gradient,
    answer=_answer,
    scales=lambda X, rows: {"N": float(len(X)), "B": float(len(rows))},
    off_limits=AUTOGRAD,
)
batch_gradient.hint("Pick the rows first: X[rows] and y[rows]. From then on N does not appear any more.")
batch_gradient.hint(
    "The gradient of one example is 2 (wᵀx − y) x. Keep all of them as an array (B, D); g is their mean."
)
batch_gradient.hint(
    "Noise: the variance of each column with ddof=1, added up, divided by B, as for any mean of B terms."
)


@batch_gradient.wrong("all examples are used, not the rows of the batch", ask="What is rows for?")
def whole_set(w: Any, X: Any, y: Any) -> Arrays:
    return _answer(w, X, y, np.arange(len(X)))


@batch_gradient.wrong("cost and gradient are sums over the batch, not means", ask="Does your g double when B does?")
def sums(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    examples = _example_gradients(w, X, y, rows)
    return {"cost": ((X[rows] @ w - y[rows]) ** 2).sum(), "g": examples.sum(axis=0)}


@batch_gradient.wrong(
    "g is the sum of the example gradients, while the cost is a mean", ask="Is g the gradient of your cost?"
)
def sum_of_gradients(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    return {"g": _example_gradients(w, X, y, rows).sum(axis=0)}


@batch_gradient.wrong("the sum over the batch is divided by N", ask="How many examples are in the sum?")
def divided_by_all(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    share = len(rows) / len(X)
    right = _answer(w, X, y, rows)
    return {"cost": right["cost"] * share, "g": right["g"] * share}


@batch_gradient.wrong("the factor 2 of the square's derivative is missing", ask="What is the derivative of a²?")
def no_factor_two(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    examples = _example_gradients(w, X, y, rows) / 2
    return {"g": examples.mean(axis=0), "noise": _noise(examples)}


@batch_gradient.wrong(
    "the noise is that of one example: it is not divided by B", ask="Is a mean of five terms as noisy as one term?"
)
def noise_of_one(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    examples = _example_gradients(w, X, y, rows)
    return {"noise": _noise(examples) * len(rows)}


@batch_gradient.wrong("the noise is averaged over the weights, not added up", ask="Which weights does a distance see?")
def averaged_over_weights(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    return {"noise": _noise(_example_gradients(w, X, y, rows)) / len(w)}


@batch_gradient.wrong("the root of the noise is returned", ask="Is it the distance or the squared distance?")
def rooted(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    return {"noise": np.sqrt(_noise(_example_gradients(w, X, y, rows)))}


@batch_gradient.wrong(
    "the mean of the squared gradients is taken, not their variance",
    ask="If all examples had the same gradient, how noisy would the batch be?",
)
def not_centred(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    examples = _example_gradients(w, X, y, rows)
    return {"noise": (examples**2).mean(axis=0).sum() / len(rows)}


@batch_gradient.wrong("an array that was given is changed", ask="Who else uses X and w?")
def writes() -> Arrays:
    return {_KEPT: np.array(False)}


@batch_gradient.convention(
    "the variance divides by B; dividing by B − 1 makes the estimate right on average",
    ask="How large is the difference for a batch of 5, and of 500?",
    full=True,
)
def biased_variance(w: Any, X: Any, y: Any, rows: Any) -> Arrays:
    return {"noise": _noise(_example_gradients(w, X, y, rows), ddof=0)}


QUESTIONS = (batch_gradient,)
