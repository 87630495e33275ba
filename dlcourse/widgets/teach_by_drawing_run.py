"""Teaching a head by a few drawings: what is taught, what it is tested on, and what each way of learning answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse.data.signs import SIGNS, sketch_signs
from dlcourse.data.strokes import SIDE, image_of, strokes_from_text, text_of
from dlcourse.models import zoo
from dlcourse.transfer.parts import features
from dlcourse.transfer.plans import augmentation
from dlcourse.transfer.probes import LinearProbe

__all__ = ["BACKBONE", "COPIES", "ROUNDS", "WAYS", "Lesson", "Taught", "backbone_classes", "images", "own_lesson"]
__all__ += ["teach", "signs_lesson", "held_out_shares"]

Images = NDArray[np.float32]
Shares = NDArray[np.float64]

BACKBONE = "glyph_resnet"
WAYS = {"borrowed": "head on the letter network", "pixels": "head on pixels", "scratch": "network from scratch"}
COPIES = 10
"""With augmentation a head sees this many changed copies of every drawing; a network sees new ones in every step."""
ROUNDS = 3
"""The reader's own drawings are tested in rounds: each learns from all but every third one, and answers those."""
MOST, LATER, LATER_SEED = 10, 20, 100


@dataclass(frozen=True)
class Lesson:
    """``names`` of the classes, the drawings ``taught`` as (label, text), and those ``later`` to test on.

    Without ``later`` ones, those taught are tested in rounds. ``number`` seeds what is random in the learning.
    """

    names: tuple[str, ...]
    taught: tuple[tuple[int, str], ...]
    later: tuple[tuple[int, str], ...] = ()
    number: int = 0

    @property
    def can_teach(self) -> bool:
        """Whether two classes or more have a drawing."""
        return len({label for label, _ in self.taught}) > 1

    @property
    def tests(self) -> tuple[tuple[int, str], ...]:
        """The drawings that are tested; of one's own, those of classes that have two or more."""
        return self.later or tuple(drawing for drawing, turn in zip(self.taught, self.turns) if turn >= 0)

    @property
    def turns(self) -> list[int]:
        """In which round each drawing that is taught is left out and tested; -1 for a class's only one, in none."""
        labels = [label for label, _ in self.taught]
        before = [labels[:place].count(label) for place, label in enumerate(labels)]
        return [k % ROUNDS if labels.count(label) > 1 else -1 for label, k in zip(labels, before)]


@cache
def signs_lesson(each: int, number: int) -> Lesson:
    """The course's five signs, ``each`` drawings of every one (at most 10) from draw ``number``, and 20 later ones."""
    return Lesson(tuple(SIGNS), _written(MOST, each, number), _written(LATER, LATER, LATER_SEED), number)


def own_lesson(names: str, drawings: Sequence[Sequence[Any]]) -> Lesson:
    """The reader's own: names with a comma between two, drawings ``[label, text]``; those without a name are left out.

    Raises ``ValueError`` for fewer than two names, more than five, and a name that stands twice.
    """
    found = tuple(name.strip() for name in names.split(",") if name.strip())
    if not 2 <= len(found) <= len(SIGNS) or len(set(found)) < len(found):
        raise ValueError(f"class names: got {names!r}, expected two to five different names with commas between them")
    return Lesson(found, tuple((label, text) for label, text in drawings if label < len(found)))


def images(drawings: Sequence[tuple[int, str]]) -> Images:
    """What the networks see of drawings (label, text): (N, 1, 32, 32), paper 0 and ink 1."""
    if not drawings:
        return np.zeros((0, 1, SIDE, SIDE), np.float32)
    return np.stack([_image(text) for _, text in drawings])


@lru_cache(maxsize=1024)
def _image(text: str) -> Images:
    return image_of(*strokes_from_text(text))


@cache
def backbone_classes() -> str:
    """The letters that the backbone was trained on, from its card."""
    return zoo.card(BACKBONE).recipe.characters


@lru_cache(maxsize=256)  # an export asks for 96
def held_out_shares(lesson: Lesson, way: str, augment: bool, swapped: bool) -> Shares:
    """The probabilities (N, C) that a way of learning gives to the classes of ``lesson.tests``.

    With ``swapped``, the bug, drawings are inverted before they are tested: paper 1 and ink 0.
    """
    shown = images(lesson.tests)
    shown = 1 - shown if swapped else shown
    if lesson.later:
        return teach(lesson, way, augment).answer(shown)
    answers = np.zeros((len(lesson.tests), len(lesson.names)))
    turns = np.array([turn for turn in lesson.turns if turn >= 0])
    for held in np.unique(turns):
        rest = tuple(drawing for drawing, turn in zip(lesson.taught, lesson.turns) if turn != held)
        answers[turns == held] = teach(Lesson(lesson.names, rest), way, augment).answer(shown[turns == held])
    return answers


@dataclass(frozen=True)
class Taught:
    """What a lesson leads to: ``answer`` gives images their probabilities (N, C), ``probe`` is the head if any."""

    answer: Callable[[Images], Shares]
    seconds: float
    probe: LinearProbe | None = None


@lru_cache(maxsize=16)
def teach(lesson: Lesson, way: str, augment: bool) -> Taught:
    """Learn from ``lesson.taught`` in one of :data:`WAYS`.

    Raises ``ValueError`` when fewer than two classes have a drawing.
    """
    X, y = images(lesson.taught), np.array([label for label, _ in lesson.taught])
    start = time.perf_counter()
    if way == "scratch":
        from dlcourse.widgets.teach_by_drawing_scratch import train_scratch

        answer = train_scratch(X, y, len(lesson.names), augment, lesson.number)
        return Taught(answer, time.perf_counter() - start)
    if augment:
        change = augmentation(lesson.number)
        X, y = np.concatenate([X, *[change(X) for _ in range(COPIES)]]), np.tile(y, COPIES + 1)
    seen = _features if way == "borrowed" else _pixels
    probe = LinearProbe(len(lesson.names)).fit(seen(X), y)
    return Taught(lambda shown: probe.probabilities(seen(shown)), time.perf_counter() - start, probe)


def _features(X: Images) -> NDArray[np.float32]:
    return features(_backbone(), X) if len(X) else np.zeros((0, 64), np.float32)


def _pixels(X: Images) -> Images:
    return X.reshape(len(X), SIDE * SIDE)


@cache
def _backbone() -> Any:
    return zoo.load(BACKBONE, dl)


def _written(made: int, each: int, seed: int) -> tuple[tuple[int, str], ...]:
    """The first ``each`` of ``made`` drawings of every sign, so that more drawings are the same and some others."""
    signs = enumerate(sketch_signs(made, seed))
    return tuple((label, text_of(strokes, pen)) for label, sign in signs for strokes, pen in sign[:each])
