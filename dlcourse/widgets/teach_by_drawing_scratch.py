"""The backbone's shape trained from scratch on the same drawings: live in seconds, stored for the course's signs."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.transfer.plans import Plan, logits, train
from dlcourse.widgets.teach_by_drawing_run import Lesson, held_out_shares, signs_lesson

__all__ = ["DRAWS", "EACH", "FILE", "STEPS", "STEPS_AUGMENTED", "make_answers", "stored_shares", "train_scratch"]

FILE = Path(__file__).parent / "teach_by_drawing_scratch.json"
EACH, DRAWS = (1, 2, 5, 10), (1, 2, 3)
STEPS, STEPS_AUGMENTED = 100, 200
"""Steps of AdamW in one cycle, all drawings in each; three times as many gave no more here."""

Images = NDArray[np.float32]
Shares = NDArray[np.float64]


def train_scratch(X: Images, y: NDArray[Any], classes: int, augment: bool, seed: int) -> Callable[[Images], Shares]:
    """From images to probabilities (N, C), by a residual network that starts from random weights."""
    plan = Plan(source="", lr=3e-3, head_lr=3e-3, steps=STEPS_AUGMENTED if augment else STEPS, augment=augment)
    model = train(plan, X, y, classes, seed)

    def probabilities(shown: Images) -> Shares:
        z = logits(model, shown).astype(float)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        shares: Shares = e / e.sum(axis=1, keepdims=True)
        return shares

    return probabilities


def stored_shares(lesson: Lesson, augment: bool, swapped: bool) -> Shares:
    """What :func:`make_answers` stored for a lesson of the course's signs: (100, 5), to tenths of a per cent."""
    each = len(lesson.taught) // len(lesson.names)
    return np.array(_stored()[_key(each, lesson.number, augment, swapped)]).reshape(-1, len(lesson.names)) / 1000


def make_answers() -> dict[str, list[int]]:
    """Train a network for every setting of the course's signs: probabilities of the later ones in thousandths.

    They are stored because the trainings take minutes, and end differently on another machine.
    """
    answers = {}
    for each, number, augment in ((e, n, a) for e in EACH for n in DRAWS for a in (False, True)):
        for swapped in (False, True):
            shares = held_out_shares(signs_lesson(each, number), "scratch", augment, swapped)
            answers[_key(each, number, augment, swapped)] = np.rint(1000 * shares).astype(int).ravel().tolist()
    return answers


@cache
def _stored() -> dict[str, list[int]]:
    stored: dict[str, list[int]] = json.loads(FILE.read_text("utf-8"))
    return stored


def _key(each: int, number: int, augment: bool, swapped: bool) -> str:
    return f"{each} each, draw {number}{', augmented' * augment}{', swapped' * swapped}"
