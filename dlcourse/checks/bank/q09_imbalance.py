"""Exercise 09: rare classes, by weights and by sampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

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


# ---- over- and under-sampling

_CLASSES = 4
_OVER, _UNDER = "over: examples of each class", "under: examples of each class"


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    y = inputs["y"]
    over, under = raw["over"], raw["under"]
    rarest = np.bincount(y).argmin()
    extra = np.bincount(over[y[over] == rarest], minlength=len(y))
    return {
        _OVER: np.bincount(y[over], minlength=_CLASSES),
        "over: every example is there": bool((np.bincount(over, minlength=len(y)) > 0).all()),
        "over: more than one example of the rarest class is repeated": int((extra > 1).sum()) > 1,
        _UNDER: np.bincount(y[under], minlength=_CLASSES),
        "under: no example comes twice": len(np.unique(under)) == len(under),
        "another generator chooses others": all(
            sorted(raw[how].tolist()) != sorted(raw[f"{how} again"].tolist()) for how in ("over", "under")
        ),
        "y is left as it was": bool(raw["unchanged"]),
    }


def _groups(y: Any) -> list[Any]:
    return [np.flatnonzero(y == label) for label in np.unique(y)]


def _rebalance(y: Any, how: str, rng: Any) -> Any:
    groups = _groups(y)
    sizes = [len(group) for group in groups]
    if how == "under":
        return np.concatenate([rng.choice(group, min(sizes), replace=False) for group in groups])
    return np.concatenate([np.concatenate([group, rng.choice(group, max(sizes) - len(group))]) for group in groups])


rebalance = Question(
    "09.rebalance",
    points=3,
    minutes=12,
    title="Over- and under-sampling",
    called_as="positions = rebalance(y, how, rng)",
    tested='four classes of 5 to 39 examples, how = "over" and how = "under", each with two generators',
    inputs=lambda rng: {
        "y": rng.permutation(np.repeat(rng.permutation(_CLASSES), np.array([5, 12, 21, 35]) + rng.integers(0, 5, 4))),
        "seed": rng.integers(0, 10_000),
    },
    drive=regularisation.rebalance,
    judge=Judge(reads=("over", "under", "over again", "under again", "unchanged"), facts=_facts),
    answer=lambda **inputs: _facts(regularisation.rebalance(_rebalance, **inputs), inputs),
    axes={_OVER: ("class",), _UNDER: ("class",)},
    off_limits=("dlcourse.data", "torch.utils.data", "sklearn"),
)
rebalance.hint("np.flatnonzero(y == label) gives the positions of one class. np.bincount(y) counts all classes.")
rebalance.hint("rng.choice(positions, k) draws with replacement, rng.choice(positions, k, replace=False) without.")


@rebalance.wrong('"over" and "under" have changed places', ask="Which one throws examples away?", as_student=True)
def swapped(y: Any, how: str, rng: Any) -> Any:
    return _rebalance(y, "under" if how == "over" else "over", rng)


@rebalance.wrong(
    "over-sampling draws all examples anew, and loses some originals",
    ask="Is every example of the rare class still there?",
    as_student=True,
)
def originals_lost(y: Any, how: str, rng: Any) -> Any:
    if how == "under":
        return _rebalance(y, how, rng)
    groups = _groups(y)
    largest = max(len(group) for group in groups)
    return np.concatenate([rng.choice(group, largest) for group in groups])


@rebalance.wrong(
    "under-sampling draws with replacement, so some examples come twice",
    ask="Why throw an example away and show another one twice?",
    as_student=True,
)
def with_replacement(y: Any, how: str, rng: Any) -> Any:
    if how == "over":
        return _rebalance(y, how, rng)
    groups = _groups(y)
    return np.concatenate([rng.choice(group, min(map(len, groups))) for group in groups])


@rebalance.wrong(
    "under-sampling always keeps the first examples of a class",
    ask="Files are often sorted. What do the first ones have in common?",
    as_student=True,
)
def first_ones(y: Any, how: str, rng: Any) -> Any:
    if how == "over":
        return _rebalance(y, how, rng)
    groups = _groups(y)
    return np.concatenate([group[: min(map(len, groups))] for group in groups])


@rebalance.wrong(
    "over-sampling repeats one example only", ask="How different are the copies of one image?", as_student=True
)
def one_repeated(y: Any, how: str, rng: Any) -> Any:
    if how == "under":
        return _rebalance(y, how, rng)
    groups = _groups(y)
    largest = max(map(len, groups))
    return np.concatenate([np.append(group, np.repeat(rng.choice(group), largest - len(group))) for group in groups])


@rebalance.wrong(
    "all classes are brought to the mean size", ask="Over-sampling throws nothing away. Does yours?", as_student=True
)
def to_the_mean(y: Any, how: str, rng: Any) -> Any:  # noqa: ARG001
    groups = _groups(y)
    size = round(len(y) / len(groups))
    return np.concatenate(
        [
            rng.choice(group, size, replace=False)
            if len(group) >= size
            else np.append(group, rng.choice(group, size - len(group)))
            for group in groups
        ]
    )


@rebalance.wrong("the positions of y are given back as they are", ask="How large is each class now?", as_student=True)
def untouched(y: Any, how: str, rng: Any) -> Any:  # noqa: ARG001
    return rng.permutation(len(y))


QUESTIONS = (weighted_cross_entropy, rebalance)
