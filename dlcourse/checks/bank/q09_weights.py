"""Exercise 09: rare classes, by weights in the cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 6

Arrays = dict[str, Any]


def _batch(rng: np.random.Generator) -> Arrays:
    weights = np.array([0.4, 1.3, 4.0]) * rng.uniform(0.8, 1.2, 3)
    return {
        "z": 2 * rng.normal(size=(7, 3)),
        "y": rng.permutation([0, 0, 0, 0, 1, 1, 2]),
        "weights": rng.permutation(weights),
    }


def _log_p(z: Any) -> Any:
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _pull(z: Any, y: Any) -> Any:
    """P - 1 at the right class, p elsewhere: the gradient of the loss of each example."""
    pull = np.exp(_log_p(z))
    pull[np.arange(len(y)), y] -= 1
    return pull


def _losses(z: Any, y: Any) -> Any:
    return -_log_p(z)[np.arange(len(y)), y]


def _weighted(z: Any, y: Any, w: Any, total: Any) -> Arrays:
    """The cost and its gradient with a weight ``w`` for each example."""
    return {"cost": (w * _losses(z, y)).sum() / total, "dz": w[:, None] * _pull(z, y) / total}


weighted_cross_entropy = Question(
    "09.weighted_cross_entropy",
    points=3,
    minutes=12,
    title="Cross-entropy with class weights",
    called_as="cost, dz = weighted_cross_entropy(z, y, weights)",
    tested="7 examples of three classes, random logits and class weights; z must stay as it is",
    inputs=_batch,
    drive=regularisation.weighted_cross_entropy,
    answer=lambda z, y, weights: {**_weighted(z, y, weights[y], weights[y].sum()), "z is left as it was": True},
    scales=lambda y, weights: {"N": len(y), "C": len(weights), "the sum of the weights": float(weights[y].sum())},
    axes={"dz": ("example", "class")},
    off_limits=("torch.nn", "dlcourse.numpy.functional", "dlcourse.numpy.nn", "dlcourse.torch.functional"),
)
weighted_cross_entropy.hint("weights[y] is a weight for each example. A weighted mean divides by their sum.")
weighted_cross_entropy.hint("Each row of dz is the row without weights, times the weight of its example.")


@weighted_cross_entropy.wrong("the weights are not used", ask="Where does your cost use weights?")
def unweighted(z: Any, y: Any) -> Arrays:
    return _weighted(z, y, np.ones(len(y)), len(y))


@weighted_cross_entropy.convention(
    "the weighted losses are divided by N; torch's mean divides by the sum of the weights",
    ask="If all weights are doubled, should the cost change?",
)
def divided_by_n(z: Any, y: Any, weights: Any) -> Arrays:
    return _weighted(z, y, weights[y], len(y))


@weighted_cross_entropy.wrong(
    "the sum of the three class weights divides, not that of the examples' weights",
    ask="How often does each class weight occur in your batch?",
)
def divided_by_classes(z: Any, y: Any, weights: Any) -> Arrays:
    return _weighted(z, y, weights[y], weights.sum())


@weighted_cross_entropy.wrong(
    "the cost is divided by N, its gradient by the sum of the weights", ask="Does your dz belong to your cost?"
)
def cost_by_n(z: Any, y: Any, weights: Any) -> Arrays:
    return {"cost": _weighted(z, y, weights[y], len(y))["cost"]}


@weighted_cross_entropy.wrong(
    "the gradient is divided by N, the cost by the sum of the weights", ask="Does your dz belong to your cost?"
)
def gradient_by_n(z: Any, y: Any, weights: Any) -> Arrays:
    return {"dz": _weighted(z, y, weights[y], len(y))["dz"]}


@weighted_cross_entropy.wrong(
    "the gradient is not divided by the sum of the weights", ask="The cost is divided. And its derivative?"
)
def gradient_undivided(z: Any, y: Any, weights: Any) -> Arrays:
    return {"dz": _weighted(z, y, weights[y], 1.0)["dz"]}


@weighted_cross_entropy.wrong(
    "the cost is not divided by the sum of the weights", ask="The gradient is divided. And the cost?"
)
def cost_undivided(z: Any, y: Any, weights: Any) -> Arrays:
    return {"cost": _weighted(z, y, weights[y], 1.0)["cost"]}


@weighted_cross_entropy.wrong("the cost has the wrong sign", ask="Is log p positive or negative?")
def cost_sign(z: Any, y: Any, weights: Any) -> Arrays:
    return {"cost": -_weighted(z, y, weights[y], weights[y].sum())["cost"]}


@weighted_cross_entropy.wrong(
    "the gradient has the wrong sign", ask="The right logit grows a little. Does the cost grow or fall?"
)
def gradient_sign(z: Any, y: Any, weights: Any) -> Arrays:
    return {"dz": -_weighted(z, y, weights[y], weights[y].sum())["dz"]}


@weighted_cross_entropy.wrong(
    "the gradient is p in every column: 1 is not subtracted at the right class",
    ask="What does each row of dz add up to?",
)
def one_not_subtracted(z: Any, y: Any, weights: Any) -> Arrays:
    w = weights[y]
    return {"dz": w[:, None] * np.exp(_log_p(z)) / w.sum()}


@weighted_cross_entropy.wrong("the gradient is not weighted", ask="Which cost does your dz belong to?")
def plain_gradient(z: Any, y: Any) -> Arrays:
    return {"dz": _pull(z, y) / len(y)}


@weighted_cross_entropy.wrong(
    "the columns are weighted instead of the rows", ask="Whose weight counts: that of the logit or of the example?"
)
def by_column(z: Any, y: Any, weights: Any) -> Arrays:
    return {"dz": weights * _pull(z, y) / weights[y].sum()}


@weighted_cross_entropy.wrong(
    "the weight is that of the predicted class", ask="What does a model gain that never predicts the rare class?"
)
def by_prediction(z: Any, y: Any, weights: Any) -> Arrays:
    w = weights[z.argmax(axis=1)]
    return _weighted(z, y, w, w.sum())


@weighted_cross_entropy.wrong(
    "the weights are added up but not divided by", ask="Does a batch of twice the size have twice the cost?"
)
def summed(z: Any, y: Any, weights: Any) -> Arrays:
    return _weighted(z, y, weights[y], 1.0)


@weighted_cross_entropy.wrong("the weights are squared", ask="How often do you multiply by weights[y]?")
def twice(z: Any, y: Any, weights: Any) -> Arrays:
    return _weighted(z, y, weights[y] ** 2, weights[y].sum())


@weighted_cross_entropy.wrong("the z that was given is changed", ask="What does z -= z.max() do to the caller's z?")
def writes() -> Arrays:
    return {"z is left as it was": False}


QUESTIONS = (weighted_cross_entropy,)
