"""Exercise 13: an experiment with thirty labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import transfer
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]

_GUESSING = 0.4
_ONE_BY_ONE = "an answer does not depend on the images beside it"
_LEARNED = "more right than guessing would give"
_BETTER = "more right than the nearest neighbour in pixels"


def _digits(rng: np.random.Generator) -> Arrays:
    """Three digits of each class with labels, and 400 others."""
    from dlcourse import data

    digits = data.load_digits(32)
    order = rng.permutation(len(digits.y))
    images, labels = digits.X[order].astype(float), digits.y[order]
    few = rng.permutation(np.concatenate([np.flatnonzero(labels == digit)[:3] for digit in range(10)]))
    rest = np.setdiff1d(np.arange(len(labels)), few)[:400]
    return {
        "X": images[few],
        "y": labels[few],
        "X_test": images[rest],
        "y_test": labels[rest],
        "seed": rng.integers(0, 10_000),
    }


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    F, F_test = inputs["X"].reshape(len(inputs["X"]), -1), inputs["X_test"].reshape(len(inputs["X_test"]), -1)
    nearest = inputs["y"][((F**2).sum(axis=1) - 2 * F_test @ F.T).argmin(axis=1)]
    right, by_neighbour = (np.mean(found == inputs["y_test"]) for found in (raw["answers"], nearest))
    return {
        _ONE_BY_ONE: bool(np.mean(raw["answers"] == raw["answers in halves"]) > 0.995),
        _LEARNED: bool(right > _GUESSING),
        _BETTER: bool(right > by_neighbour),
    }


few_labels = Question(
    "13.few_labels",
    points=4,
    minutes=20,
    title="An experiment: thirty labels",
    called_as="predict = few_labels(X, y); answers = predict(images)",
    tested="thirty digits, three of each class, drawn anew; then 400 others",
    inputs=_digits,
    drive=transfer.few_labels,
    judge=Judge(reads=("answers", "answers in halves"), facts=_facts, hidden=("y_test",)),
    answer=lambda: {_ONE_BY_ONE: True, _LEARNED: True, _BETTER: True},
    trains=True,
)
few_labels.hint(
    "zoo.load('glyph_resnet', classes=10), two groups of parameters, some sixty steps with all thirty images."
)
few_labels.hint("predict: eval mode, no_grad, argmax over the classes, as an array. Its statistics must be at rest.")


@few_labels.wrong(
    "the network does no better than guessing: its head has not learned, or its inputs are not those of its card",
    ask="Does your optimizer know the new head? What are the smallest and the largest pixel?",
)
def guessing() -> Arrays:
    return {_LEARNED: False, _BETTER: False}


@few_labels.wrong(
    "it has learned, but the nearest neighbour, which learns nothing, gets more of them right",
    ask="What did your network know before it saw the thirty digits?",
)
def from_scratch() -> Arrays:
    return {_BETTER: False}


@few_labels.wrong(
    "the answers change with the other images in the batch",
    ask="In which mode is the network when you ask it?",
)
def in_train_mode() -> Arrays:
    return {_ONE_BY_ONE: False}


@few_labels.wrong(
    "the answers change with the other images in the batch, and the nearest neighbour gets more of them right",
    ask="In which mode is the network when you ask it, and from which weights did it start?",
)
def in_train_mode_and_poor() -> Arrays:
    return {_ONE_BY_ONE: False, _BETTER: False}


QUESTIONS = (few_labels,)
