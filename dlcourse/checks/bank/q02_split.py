"""Exercise 02: a stratified split, and cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import data
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1


def _split(y: Any, share: float, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    train, test = [], []
    for label in np.unique(y):
        positions = rng.permutation(np.flatnonzero(y == label))
        cut = round(share * len(positions))
        train.append(positions[:cut])
        test.append(positions[cut:])
    return np.concatenate(train), np.concatenate(test)


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    y, share = inputs["y"], float(inputs["share"])
    train, test, again, other = (list(raw[name].tolist()) for name in _PARTS)
    classes = np.unique(y)
    counts = [np.sum(y[train] == label) for label in classes]
    expected = [round(share * np.sum(y == label)) for label in classes]
    return {
        "size of the training part": len(train),
        "every class keeps its share": counts == expected,
        "no example is in both parts": not set(train) & set(test),
        "no example is left out": set(train) | set(test) == set(range(len(y))),
        "no example comes twice in a part": len(set(train)) == len(train) and len(set(test)) == len(test),
        "the same seed gives the same split": sorted(train) == sorted(again),
        "another seed gives another split": sorted(train) != sorted(other),
    }


_PARTS = ("train", "test", "again", "other")

stratified_split = Question(
    "02.stratified_split",
    points=3,
    minutes=10,
    title="A stratified split",
    called_as="train, test = stratified_split(y, share, seed)",
    tested="labels of five classes of different sizes in random order; the same seed twice, and another seed",
    inputs=lambda rng: {
        "y": rng.permutation(np.repeat(np.arange(5), rng.permutation([10, 15, 20, 30, 40]))),
        "share": rng.choice([0.4, 0.6, 0.8]),
        "seed": rng.integers(0, 10_000),
    },
    drive=data.stratified_split,
    judge=Judge(reads=_PARTS, facts=_facts),
    answer=lambda **inputs: _facts(data.stratified_split(_split, **inputs), inputs),
)
stratified_split.hint("Split each class by itself, then put the parts together.")
stratified_split.hint(
    "np.flatnonzero(y == label) gives the positions of a class; a generator made from seed shuffles them."
)


@stratified_split.wrong(
    "the classes are not looked at, so their shares are left to chance",
    ask="A class has ten examples. Could all of them end up in the test part?",
    as_student=True,
)
def not_stratified(y: Any, share: float, seed: int) -> tuple[Any, Any]:
    order = np.random.default_rng(seed).permutation(len(y))
    cut = round(share * len(y))
    return order[:cut], order[cut:]


@stratified_split.wrong(
    "nothing is shuffled: the first examples of each class train",
    ask="What if somebody has sorted the file by date?",
    as_student=True,
)
def first_of_each_class(y: Any, share: float, seed: int) -> tuple[Any, Any]:  # noqa: ARG001
    order = np.argsort(y, kind="stable")
    cuts = [round(share * np.sum(y == label)) for label in np.unique(y)]
    groups = [order[y[order] == label] for label in np.unique(y)]
    train = [group[:cut] for group, cut in zip(groups, cuts, strict=True)]
    test = [group[cut:] for group, cut in zip(groups, cuts, strict=True)]
    return np.concatenate(train), np.concatenate(test)


@stratified_split.wrong(
    "the first part of the file trains, the rest tests",
    ask="What happens to a file that is sorted by class?",
    as_student=True,
)
def cut_in_order(y: Any, share: float, seed: int) -> tuple[Any, Any]:  # noqa: ARG001
    cut = round(share * len(y))
    return np.arange(cut), np.arange(cut, len(y))


@stratified_split.wrong(
    "the test part holds the training examples too", ask="Which examples has the model never seen?", as_student=True
)
def test_is_everything(y: Any, share: float, seed: int) -> tuple[Any, Any]:
    return _split(y, share, seed)[0], np.arange(len(y))


@stratified_split.wrong("the two parts are swapped", ask="Which part should get the given share?", as_student=True)
def swapped(y: Any, share: float, seed: int) -> tuple[Any, Any]:
    train, test = _split(y, share, seed)
    return test, train


@stratified_split.wrong(
    "the seed is not used: each call gives another split",
    ask="How would a colleague repeat your experiment?",
    as_student=True,
)
def without_seed(y: Any, share: float, seed: int) -> tuple[Any, Any]:  # noqa: ARG001
    return _split(y, share, int(np.random.default_rng().integers(1 << 40)))


def _cross_validate(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    scores = _scores(score, np.array_split(np.arange(n), folds), n)
    return np.mean(scores), np.std(scores, ddof=1)


def _scores(score: Any, parts: Any, n: int) -> list[float]:
    return [score(np.setdiff1d(np.arange(n), part), part) for part in parts]


cross_validate = Question(
    "02.cross_validate",
    points=3,
    minutes=10,
    title="Cross-validation with mean and deviation",
    called_as="mean, deviation = cross_validate(score, n, folds)",
    tested="12 examples in 4 folds; which positions each call of score got, then mean and deviation",
    inputs=lambda rng: {"values": rng.normal(size=12), "folds": np.array(4)},
    drive=data.cross_validate,
    answer=lambda **inputs: data.cross_validate(_cross_validate, **inputs),
    scales=lambda folds: {"the number of folds": float(folds)},
)
cross_validate.hint("Cut np.arange(n) into as many parts as there are folds. Each part validates once.")
cross_validate.hint("The training positions of a fold are all the others: np.concatenate or np.setdiff1d.")
cross_validate.hint("A sample deviation divides by (number of scores - 1): np.std(..., ddof=1).")


@cross_validate.accepts("every example validates once, in folds of another order", as_student=True)
def interleaved(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    scores = _scores(score, [np.arange(n)[k::folds] for k in range(folds)], n)
    return np.mean(scores), np.std(scores, ddof=1)


@cross_validate.convention(
    "the deviation divides by the number of folds, as np.std does unless told otherwise",
    ask="The scores are a sample of the splits that could have been. Which ddof belongs to a sample?",
    as_student=True,
)
def population_deviation(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    scores = _scores(score, np.array_split(np.arange(n), folds), n)
    return np.mean(scores), np.std(scores)


@cross_validate.wrong(
    "each fold trains on all examples, those that validate included",
    ask="What has the model seen when it is validated?",
    as_student=True,
)
def trains_on_all(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    scores = [score(np.arange(n), part) for part in np.array_split(np.arange(n), folds)]
    return np.mean(scores), np.std(scores, ddof=1)


@cross_validate.wrong(
    "training and validation positions are swapped", ask="Which of the two lists is the longer one?", as_student=True
)
def swapped_lists(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    scores = [score(part, np.setdiff1d(np.arange(n), part)) for part in np.array_split(np.arange(n), folds)]
    return np.mean(scores), np.std(scores, ddof=1)


@cross_validate.wrong(
    "the variance is returned instead of the deviation", ask="Which unit does your second number have?", as_student=True
)
def variance(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    mean, deviation = _cross_validate(score, n, folds)
    return mean, deviation**2


@cross_validate.wrong(
    "the deviation is divided by the root of the number of folds: the standard error of the mean",
    ask="Are you asked how the scores spread, or how sure you are of their mean?",
    as_student=True,
)
def standard_error(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    mean, deviation = _cross_validate(score, n, folds)
    return mean, deviation / np.sqrt(folds)


@cross_validate.wrong(
    "the best fold is reported instead of the mean", ask="Would you get this score on new data?", as_student=True
)
def best_fold(score: Any, n: int, folds: int) -> tuple[Any, Any]:
    scores = _scores(score, np.array_split(np.arange(n), folds), n)
    return np.max(scores), np.std(scores, ddof=1)


QUESTIONS = (stratified_split, cross_validate)
