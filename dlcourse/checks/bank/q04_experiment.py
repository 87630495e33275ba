"""Exercise 04: an experiment with a deep network in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_deep
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]


def _learned(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    moved = raw["moved"]
    with np.errstate(invalid="ignore"):
        learning = int((moved > 0.01).sum())
    return {
        "all weights are numbers": bool(np.isfinite(moved).all()),
        "the hidden layers that you were asked for are there": bool(len(moved) >= inputs["depth"]),
        "every one of them has learned": bool(learning >= inputs["depth"]),
        "80 % of new digits are right": bool(np.mean(raw["predictions"] == inputs["y_test"]) >= 0.8),
    }


def _digits(rng: np.random.Generator) -> Arrays:
    from dlcourse import data

    digits = data.load_digits()
    images = digits.X.reshape(len(digits.X), -1).astype(float)
    rows = rng.permutation(len(images))
    X, y = ((images - images.mean()) / images.std())[rows], digits.y[rows]
    sizes = {"depth": rng.integers(22, 27), "width": rng.choice([28, 32, 36]), "seed": rng.integers(0, 10_000)}
    return {"X": X[:900], "y": y[:900], "X_test": X[900:1400], "y_test": y[900:1400], **sizes}


deep_model = Question(
    "04.deep_model",
    points=4,
    minutes=20,
    title="An experiment: two dozen layers that learn",
    called_as="model = deep_model(depth, width)",
    tested="300 updates of SGD (rate 0.01, momentum 0.9) on digits; then your layers, and 500 new digits",
    inputs=_digits,
    drive=torch_deep.deep_model,
    judge=Judge(reads=("moved", "predictions"), facts=_learned, hidden=("y_test",)),
    answer=lambda: {
        "all weights are numbers": True,
        "the hidden layers that you were asked for are there": True,
        "every one of them has learned": True,
        "80 % of new digits are right": True,
    },
    trains=True,
)
deep_model.hint("Make a class for one block, with a Linear(width, width) in it, and stack `depth` of them.")
deep_model.hint("x + W relu(x): the path of the x never meets an activation. What does that do to the gradient?")


@deep_model.wrong(
    "the gradient does not reach the layers: they hardly move",
    ask="By which factor does one of your layers shrink dL/da?",
)
def vanished() -> Arrays:
    return {"every one of them has learned": False, "80 % of new digits are right": False}


@deep_model.wrong("the weights are no longer numbers", ask="What is 1.3 to the power of 24?")
def exploded() -> Arrays:
    return {
        "all weights are numbers": False,
        "every one of them has learned": False,
        "80 % of new digits are right": False,
    }


@deep_model.wrong(
    "the network has fewer hidden layers of this width than `depth` says",
    ask="How many Linear(width, width) does print(model) show?",
)
def too_shallow() -> Arrays:
    return {
        "the hidden layers that you were asked for are there": False,
        "every one of them has learned": False,
    }


@deep_model.wrong(
    "all layers have learned, but not enough in 300 updates",
    ask="How long is the shortest path from the loss to the first layer?",
)
def too_slow() -> Arrays:
    return {"80 % of new digits are right": False}


QUESTIONS = (deep_model,)
