"""Exercise 09: an experiment with wrong labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 6

Arrays = dict[str, Any]
GOAL = 0.75
_SAME, _LEARNED, _REACHED = "the same image gets the same answer", "better than 40 % on new digits", "75 % reached"


def _digits(rng: np.random.Generator) -> Arrays:
    """300 digits of which 40 % have a wrong label, 100 with the right one to validate on, 900 new ones."""
    from dlcourse import data

    digits = data.load_digits()
    images = digits.X.reshape(len(digits), -1).astype(float)
    rows = rng.permutation(len(images))
    train, validation, test = rows[:300], rows[300:400], rows[400:1300]
    y = digits.y[train].copy()
    wrong = rng.permutation(300)[:120]
    y[wrong] = (y[wrong] + rng.integers(1, 10, 120)) % 10
    return {
        "X": images[train],
        "y": y,
        "X_val": images[validation],
        "y_val": digits.y[validation],
        "X_test": images[test],
        "y_test": digits.y[test],
    }


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    right = float(np.mean(raw["all"] == inputs["y_test"]))
    return {
        _SAME: bool(np.array_equal(raw["all"][:20], raw["some"])),
        _LEARNED: right > 0.4,
        _REACHED: right >= GOAL,
    }


train_on_noisy = Question(
    "09.train_on_noisy",
    points=4,
    minutes=20,
    title="An experiment: 40 % of the labels are wrong",
    called_as="predict = train_on_noisy(X, y, X_val, y_val); labels = predict(X_test)",
    tested="300 digits with 120 wrong labels, 100 with right ones; then 900 new digits, of which 75 % must be right",
    inputs=_digits,
    drive=regularisation.train_on_noisy,
    judge=Judge(reads=("all", "some"), facts=_facts, hidden=("y_test",)),
    answer=lambda: {_SAME: True, _LEARNED: True, _REACHED: True},
    trains=True,
)
train_on_noisy.hint("Without a rein a network ends near 63 %: it learns the wrong labels. Try any rein of the lecture.")
train_on_noisy.hint("AdamW with a strong decay, such as 3 at a rate of 0.003. X_val tells which strength is best.")


@train_on_noisy.wrong(
    "it learns, but not enough: wrong labels have been learned by heart, or the rein is too tight",
    ask="What is the training error? Should it be 0 when 40 % of the labels are wrong?",
)
def by_heart() -> Arrays:
    return {_REACHED: False}


@train_on_noisy.wrong(
    "hardly better than guessing: the network has not learned, or the answers are not in the order of the images",
    ask="What is the accuracy of predict on X_val?",
)
def guessing() -> Arrays:
    return {_LEARNED: False, _REACHED: False}


@train_on_noisy.wrong(
    "the answer for an image depends on the images next to it, or on chance",
    ask="Which statistics does predict use to standardise? Is the network in evaluation mode?",
)
def depends_on_the_batch() -> Arrays:
    return {_SAME: False}


QUESTIONS = (train_on_noisy,)
