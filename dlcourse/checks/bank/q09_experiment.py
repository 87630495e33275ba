"""Exercise 09: an experiment with wrong labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 8

Arrays = dict[str, Any]
GOAL = 0.75
_CHOSEN = "X_val is used to choose, not to train"
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


def _share_right(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    return float(np.mean(raw["all"] == inputs["y_test"]))


def _measured(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    return f"Right: {100 * _share_right(raw, inputs):.1f} % of the new digits."


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    right = _share_right(raw, inputs)
    # Who has not seen X_val is about as good on it as on other new digits, and never right on all of it.
    by_heart = float(np.mean(raw["validation"] == inputs["y_val"])) >= 0.99 and right < 0.95
    return {
        _SAME: bool(np.array_equal(raw["all"][:20], raw["some"])),
        _LEARNED: right > 0.4,
        _CHOSEN: not by_heart,
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
    judge=Judge(reads=("all", "some", "validation"), facts=_facts, hidden=("y_test",), measured=_measured),
    answer=lambda: {_SAME: True, _LEARNED: True, _CHOSEN: True, _REACHED: True},
    trains=True,
)
train_on_noisy.hint("Without a rein a network ends near 63 %: it learns the wrong labels. Try any rein of the lecture.")
train_on_noisy.hint("AdamW with a strong decay, such as 3 at a rate of 0.003. X_val tells which strength is best.")


@train_on_noisy.wrong(
    "the network learns, but not enough: it knows wrong labels by heart, or the rein is too tight",
    ask="What is the training error? Should it be 0 when 40 % of the labels are wrong?",
)
def by_heart() -> Arrays:
    return {_REACHED: False}


@train_on_noisy.wrong(
    "the network was trained on X_val: it knows all of it by heart",
    ask="Which digits tell you how good the network is, when X_val has been learned too?",
)
def trained_on_validation() -> Arrays:
    return {_CHOSEN: False}


@train_on_noisy.wrong(
    "predict is hardly better than guessing: nothing was learned, or its images are prepared in another way",
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
