"""Exercise 08: an experiment with images of other scanners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import norms
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 7

Arrays = dict[str, Any]
GOAL = 0.9
_ALONE = "an image alone gets the answer that it gets among others"
_USUAL = "90 % of new digits of the same scanner"
_OTHER = "90 % of new digits of other scanners"


def _digits(rng: np.random.Generator) -> Arrays:
    """1000 digits to train on, 300 new ones, and 300 more of which each has a contrast and a brightness of its own."""
    from dlcourse import data

    digits = data.load_digits()
    images = digits.X.reshape(len(digits), -1).astype(float)
    rows = rng.permutation(len(images))
    train, same, other = rows[:1000], rows[1000:1300], rows[1300:1600]
    contrast = np.exp(rng.uniform(np.log(0.2), np.log(3.0), (300, 1)))
    brightness = rng.uniform(-1.0, 1.0, (300, 1))
    return {
        "X": images[train],
        "y": digits.y[train],
        "X_same": images[same],
        "y_same": digits.y[same],
        "X_other": contrast * images[other] + brightness,
        "y_other": digits.y[other],
    }


def _measured(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    same, other = (np.mean(raw[name] == inputs[f"y_{name}"]) for name in ("same", "other"))
    return f"Right: {100 * same:.1f} % of the digits of the first scanner, {100 * other:.1f} % of those of others."


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    return {
        _USUAL: bool(np.mean(raw["same"] == inputs["y_same"]) >= GOAL),
        _ALONE: bool(np.array_equal(raw["other"][:20], raw["alone"])),
        _OTHER: bool(np.mean(raw["other"] == inputs["y_other"]) >= GOAL),
    }


train_for_any_scanner = Question(
    "08.train_for_any_scanner",
    points=4,
    minutes=20,
    title="An experiment: the other scanners",
    called_as="predict = train_for_any_scanner(X, y); labels = predict(X_new)",
    tested=(
        "1000 digits; then 300 new ones, and 300 of other scanners, each with a contrast and a brightness of its own; "
        "some of them one at a time"
    ),
    inputs=_digits,
    drive=norms.train_on_digits,
    judge=Judge(reads=("same", "other", "alone"), facts=_facts, hidden=("y_same", "y_other"), measured=_measured),
    answer=lambda: {_USUAL: True, _ALONE: True, _OTHER: True},
    trains=True,
)
train_for_any_scanner.hint("Contrast multiplies all pixels of an image, brightness adds to them. What takes both out?")
train_for_any_scanner.hint("Standardise each image by its own mean and deviation, in training and in predict alike.")


@train_for_any_scanner.wrong(
    "the network is good on the scanner that it knows, and poor on others",
    ask="What could bring a faint and a strong image of one digit to the same numbers, before the network sees them?",
)
def known_scanner_only() -> Arrays:
    return {_OTHER: False}


@train_for_any_scanner.wrong(
    "the network has not learned the digits well enough, on any scanner",
    ask="What is the accuracy on the training images? Do training and predict prepare the images in the same way?",
)
def not_learned() -> Arrays:
    return {_USUAL: False, _OTHER: False}


@train_for_any_scanner.wrong(
    "the answer for an image depends on the images that come with it, or on chance",
    ask="Whose mean do you subtract: the image's own, or that of the batch? Is the model in evaluation mode?",
)
def depends_on_neighbours() -> Arrays:
    return {_ALONE: False}


@train_for_any_scanner.wrong(
    "other scanners get poor answers, and those depend on the images that come along",
    ask="Each image has a contrast of its own. Can statistics of a batch take it out?",
)
def batch_statistics() -> Arrays:
    return {_ALONE: False, _OTHER: False}


QUESTIONS = (train_for_any_scanner,)
