"""Exercise 14: an experiment, a search within a budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import search
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]
GOAL, BUDGET = 0.9, 60
_LOOKED = "a score was asked for on both sets of images"
_BRIGHT, _DIM = "90 % of new digits, bright images", "90 % of new digits, dim images"
_LEARNED = "better than 50 % on both"


def _digits(rng: np.random.Generator) -> Arrays:
    """Digits once dim and once bright: the best rate differs by a factor of hundreds."""
    from dlcourse import data

    digits = data.load_digits()
    images = digits.X.reshape(len(digits), -1).astype(float)
    images = (images - images.mean(axis=0)) / images.std()
    rows = rng.permutation(len(images))
    train, validation, test = rows[:600], rows[600:900], rows[900:1500]
    return {
        "X": images[train],
        "y": digits.y[train],
        "X_val": images[validation],
        "y_val": digits.y[validation],
        "X_test": images[test],
        "y_test": digits.y[test],
        "factors": 10 ** np.array([rng.uniform(-1.5, -0.8), rng.uniform(0.8, 1.5)]),
        "seed": rng.integers(0, 10_000),
        "budget": np.array(BUDGET),
    }


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    dim, bright = (float(np.mean(answers == inputs["y_test"])) for answers in raw["answers"])
    return {
        _LOOKED: bool((raw["calls"] >= 1).all()),
        _LEARNED: min(dim, bright) > 0.5,
        _DIM: dim >= GOAL,
        _BRIGHT: bright >= GOAL,
    }


find_network = Question(
    "14.find_network",
    points=5,
    minutes=25,
    title="An experiment: find the rate within sixty epochs",
    called_as="lr, momentum = find_network(score, budget)",
    tested="600 digits, once dim and once bright; training for 20 epochs with what you found; then 600 new digits",
    inputs=_digits,
    drive=search.find_network,
    judge=Judge(reads=("answers", "epochs", "calls"), facts=_facts, hidden=("y_test",)),
    answer=lambda: {_LOOKED: True, _LEARNED: True, _DIM: True, _BRIGHT: True},
    trains=True,
)
find_network.hint("Coarse first: one epoch each for a dozen rates from 1e-5 to 100, with momentum 0.9.")
find_network.hint("Then give the best three or four more epochs, and look between and beyond them.")


@find_network.wrong(
    "no score is ever asked for: the numbers were chosen in advance",
    ask="Nobody tells you how bright the images are. How would one rate suit all of them?",
)
def guessed() -> Arrays:
    return {_LOOKED: False, _LEARNED: False, _DIM: False, _BRIGHT: False}


@find_network.wrong(
    "the search finds a rate for bright images, not for dim ones", ask="How high does your range reach?"
)
def too_low_a_range() -> Arrays:
    return {_DIM: False}


@find_network.wrong(
    "the search finds a rate for dim images, not for bright ones", ask="How far down does your range reach?"
)
def too_high_a_range() -> Arrays:
    return {_BRIGHT: False}


@find_network.wrong(
    "the network learns on both, but too little",
    ask="Is your best rate the best of a coarse search? What would a finer one around it find?",
)
def too_coarse() -> Arrays:
    return {_DIM: False, _BRIGHT: False}


@find_network.wrong(
    "the network hardly learns", ask="Is a higher score better or worse? And what is the score of a run that exploded?"
)
def hardly_learned() -> Arrays:
    return {_LEARNED: False, _DIM: False, _BRIGHT: False}


QUESTIONS = (find_network,)
