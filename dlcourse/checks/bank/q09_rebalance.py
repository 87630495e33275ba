"""Exercise 09: rare classes, by over- and under-sampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 7

Arrays = dict[str, Any]
_CLASSES = 4
_OVER, _UNDER = "over: examples of each class", "under: examples of each class"


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    y = inputs["y"]
    over, under = raw["over"], raw["under"]
    rarest = np.bincount(y).argmin()
    extra = np.bincount(over[y[over] == rarest], minlength=len(y))
    return {
        "y is left as it was": bool(raw["unchanged"]),
        _OVER: np.bincount(y[over], minlength=_CLASSES),
        "over: every example is there": bool((np.bincount(over, minlength=len(y)) > 0).all()),
        "over: more than one example of the rarest class is repeated": int((extra > 1).sum()) > 1,
        _UNDER: np.bincount(y[under], minlength=_CLASSES),
        "under: no example comes twice": len(np.unique(under)) == len(under),
        "over: another generator chooses others": not _same_choice(over, raw["over other"]),
        "under: another generator chooses others": not _same_choice(under, raw["under other"]),
        "a generator with the same seed chooses the same": all(
            _same_choice(raw[how], raw[f"{how} twin"]) for how in ("over", "under")
        ),
    }


def _same_choice(one: Any, other: Any) -> bool:
    """Whether the same examples were chosen, in whatever order."""
    return bool(np.array_equal(np.sort(one), np.sort(other)))


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
    tested=(
        'four classes of 5 to 39 examples, how = "over" and how = "under", each with three generators, '
        "of which two have the same seed"
    ),
    inputs=lambda rng: {
        "y": rng.permutation(np.repeat(rng.permutation(_CLASSES), np.array([5, 12, 21, 35]) + rng.integers(0, 5, 4))),
        "seed": rng.integers(0, 10_000),
    },
    drive=regularisation.rebalance,
    judge=Judge(
        reads=("over", "under", "over twin", "under twin", "over other", "under other", "unchanged"), facts=_facts
    ),
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
    "over-sampling repeats the examples in turn: which ones come once more is not drawn",
    ask="Where does rng decide anything in over-sampling?",
    as_student=True,
)
def in_turn(y: Any, how: str, rng: Any) -> Any:
    if how == "under":
        return _rebalance(y, how, rng)
    groups = _groups(y)
    return np.concatenate([np.resize(group, max(map(len, groups))) for group in groups])


@rebalance.wrong(
    "the same examples come whatever rng is: a generator of your own decides, or none at all",
    ask="Where does your code use the rng that it was given?",
    as_student=True,
)
def own_generator(y: Any, how: str, rng: Any) -> Any:  # noqa: ARG001
    return _rebalance(y, how, np.random.default_rng(0))


@rebalance.wrong(
    "the examples are drawn, but not with rng: the same seed chooses others the next time",
    ask="np.random has a state of its own. How would somebody else repeat your choice?",
    as_student=True,
)
def unseeded(y: Any, how: str, rng: Any) -> Any:  # noqa: ARG001
    return _rebalance(y, how, np.random.default_rng())


@rebalance.wrong("under-sampling keeps every example", ask="How large is the smallest class?", as_student=True)
def nothing_left_out(y: Any, how: str, rng: Any) -> Any:
    return _rebalance(y, how, rng) if how == "over" else rng.permutation(len(y))


@rebalance.wrong(
    "labels are returned, not positions", ask="Which rows of X would you take with what you return?", as_student=True
)
def labels_returned(y: Any, how: str, rng: Any) -> Any:
    return y[_rebalance(y, how, rng)]


@rebalance.wrong(
    "the y that was given is changed",
    ask="rng.shuffle(y) writes into y. What does rng.permutation(y) do?",
    as_student=True,
)
def y_changed(y: Any, how: str, rng: Any) -> Any:
    positions = _rebalance(y, how, rng)
    y.sort()
    return positions


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


QUESTIONS = (rebalance,)
