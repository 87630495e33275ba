"""Exercise 12: an experiment, a reader of letters that have moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import images
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["GOAL", "QUESTIONS", "letters"]

ORDER = 6

Arrays = dict[str, Any]
GOAL = 0.9
_SAME = "the same image gets the same answer"
_LEARNED = "more than 45 % right"
_BEYOND = "more than 80 % right"
_REACHED = "90 % reached"


def letters(rng: np.random.Generator) -> Arrays:
    """1,500 letters in the middle of their images, and 600 new ones moved by up to three pixels each way."""
    from dlcourse import data

    glyphs = data.make_glyphs(2100, "ABDEGHKRST", seed=int(rng.integers(1 << 30)))
    small = glyphs.X.reshape(-1, 16, 2, 16, 2).mean(axis=(2, 4)).astype(float)
    moves = rng.integers(-3, 4, size=(600, 2))
    moved = [np.roll(image, tuple(move), axis=(0, 1)) for image, move in zip(small[1500:], moves, strict=True)]
    return {"X": small[:1500], "y": glyphs.y[:1500], "X_new": np.array(moved), "y_new": glyphs.y[1500:]}


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    right = float(np.mean(raw["all"] == inputs["y_new"]))
    return {
        _SAME: bool(np.array_equal(raw["all"][:20], raw["some"])),
        _LEARNED: right > 0.45,
        _BEYOND: right > 0.8,
        _REACHED: right >= GOAL,
    }


letter_reader = Question(
    "12.letter_reader",
    points=4,
    minutes=25,
    title="An experiment: read letters that have moved",
    called_as="read = letter_reader(X, y); labels = read(X_new)",
    tested="1,500 letters in the middle to train on; then 600 new ones, moved by up to 3 pixels: 90 % must be right",
    inputs=letters,
    drive=images.read_letters,
    judge=Judge(reads=("all", "some"), facts=_facts, hidden=("y_new",)),
    answer=lambda: {_SAME: True, _LEARNED: True, _BEYOND: True, _REACHED: True},
    trains=True,
)
letter_reader.hint(
    "Keep 300 letters, move them with np.roll, measure on them. A dense network gets about a third right."
)
letter_reader.hint("Move the training letters anew in each epoch, and pool each map over the whole image at the end.")


@letter_reader.wrong(
    "the network depends on where a letter is: moved letters are read no better than by a dense network",
    ask="What does your network say to a training letter, and to the same letter moved by three pixels?",
)
def depends_on_the_place() -> Arrays:
    return {_LEARNED: False, _BEYOND: False, _REACHED: False}


@letter_reader.wrong(
    "the network is on the way: it has never seen a moved letter, or its layers have to learn each place anew",
    ask="Which of the two have you done: moved training letters, or pooling over the whole image?",
)
def half_way() -> Arrays:
    return {_BEYOND: False, _REACHED: False}


@letter_reader.wrong(
    "the network is nearly there: above 80 %, below 90 %",
    ask="What are the training and the validation accuracy? Does it need more epochs, more maps, or another rate?",
)
def nearly() -> Arrays:
    return {_REACHED: False}


@letter_reader.wrong(
    "the answer for an image depends on the images next to it, or on chance",
    ask="Does read move or standardise the images by themselves? Is the network in evaluation mode?",
)
def depends_on_the_batch() -> Arrays:
    return {_SAME: False}


QUESTIONS = (letter_reader,)
