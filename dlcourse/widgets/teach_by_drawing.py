"""The teach-by-drawing explorer: a few drawings, a head on a borrowed network, and the same drawings without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from matplotlib.figure import Figure

from dlcourse.data.signs import SIGNS
from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Text, Toggle
from dlcourse.widgets.drawings import Drawings
from dlcourse.widgets.explorer import Explorer, InputError, Question
from dlcourse.widgets.page_network import packed_body, packed_head
from dlcourse.widgets.teach_by_drawing_code import code_for
from dlcourse.widgets.teach_by_drawing_figure import draw as draw_figure
from dlcourse.widgets.teach_by_drawing_files import read_drawings, write_drawings
from dlcourse.widgets.teach_by_drawing_run import (
    BACKBONE,
    WAYS,
    Lesson,
    Shares,
    held_out_shares,
    images,
    own_lesson,
    signs_lesson,
    teach,
)
from dlcourse.widgets.teach_by_drawing_scratch import DRAWS, EACH, stored_shares
from dlcourse.widgets.teach_by_drawing_words import describe

__all__ = ["TeachByDrawing"]

_OWN = "own"


class TeachByDrawing(Explorer):
    """Teach a head on a borrowed network by a few drawings, test it, and compare it with learning from scratch.

    Keywords: ``source`` ("signs", drawn by a program, or "own"), ``way`` ("borrowed", "pixels", "scratch"), ``each``
    ("1", "2", "5", "10" drawings of each sign), ``draw`` ("1", "2", "3"), ``augment``, ``swapped`` (the bug: inverted
    before the test), ``names`` of your own classes with commas between, ``drawings`` and ``pad``, lists of
    ``[label, text]``. :meth:`save` exports what was taught, :meth:`load` goes on with it.
    """

    title = "Teach by drawing"
    drawing = FOLDER / "teach_by_drawing.js"
    predicts = True
    controls = (
        Choice("source", label="Examples", values={"signs": "five signs", _OWN: "your own"}, export="off"),
        Choice("way", label="Learn with", values=WAYS),
        Menu("each", label="Drawings of each", values=tuple(map(str, EACH)), start="5"),
        Choice("draw", label="Draw", values={str(n): "ABC"[n - 1] for n in DRAWS}),
        Toggle("augment", label="augment"),
        Toggle("swapped", label="bug: inverted for the test"),
        Text("names", label="Class names", start=", ".join(SIGNS), limit=80),
        Drawings("drawings", label="Your drawings", classes=len(SIGNS)),
        Drawings("pad", label="Pad", limit=1),
    )

    def compute(self, source: str, way: str, augment: bool, swapped: bool, pad: Any, **values: Any) -> dict[str, Any]:
        """What is taught, the tests with their probabilities in whole per cent, and how many every way names right.

        A network from scratch trains for seconds, so its score on the reader's own is computed when it is asked for.
        """
        lesson, is_own = _lesson(source, **values), source == _OWN
        ways = [other for other in WAYS if lesson.can_teach and (other in (way, "borrowed", "pixels") or not is_own)]
        found = {other: _shares(lesson, other, augment, swapped) for other in ways}
        truth = np.array([label for label, _ in lesson.tests], int)
        scores = {other: int((shares.argmax(axis=1) == truth).sum()) for other, shares in found.items()}
        shares = found.get(way, np.zeros((0, len(lesson.names))))
        answers = shares.argmax(axis=1)
        counts = np.zeros((len(lesson.names), len(lesson.names)), int)
        np.add.at(counts, (truth[: len(answers)], answers), 1)
        can_answer = lesson.can_teach and (is_own or way != "scratch" or bool(pad))
        return {
            "label": self.heading(source, way, augment=augment, swapped=swapped, **values),
            "own": is_own,
            "swapped": swapped,
            "names": list(lesson.names),
            "taught": [list(drawing) for drawing in lesson.taught],
            "mine": values["drawings"],
            "drawn": pad[0][1] if pad else "",
            "tests": [list(drawing) for drawing in lesson.tests] if lesson.can_teach else [],
            "answers": answers.tolist(),
            "shares": _percent(shares),
            "counts": counts.tolist(),
            "start": _largest_error(counts),
            "ways": list(WAYS.values()),
            "way": list(WAYS).index(way),
            "scores": [scores.get(other) for other in WAYS],
            "head": _head(lesson, augment) if way == "borrowed" and not is_own else None,
            "pad": _answer(lesson, pad, way, augment, swapped) if pad and can_answer else None,
            "milliseconds": round(1000 * teach(lesson, way, augment).seconds, 1) if is_own and can_answer else None,
            "_lesson": lesson,
        }

    def _spec(self, start: dict[str, Any]) -> dict[str, Any]:
        return {**super()._spec(start), "network": packed_body(BACKBONE)}

    def describe(self, result: dict[str, Any], source: str, way: str, augment: bool, swapped: bool, **_: Any) -> str:
        """How many are right, by the other ways too; the commonest error; whether the backbone knew a class."""
        return describe(result["_lesson"], result, way, augment, swapped, source == _OWN)

    def heading(self, source: str, way: str, each: str, draw: str, augment: bool, swapped: bool, **_: Any) -> str:
        """What learned from what."""
        drawings = "your drawings" if source == _OWN else f"{each} drawing{'s' * (each != '1')} of each of five signs"
        which = "" if source == _OWN else f", draw {'ABC'[int(draw) - 1]}"
        changes = f"{', augmented' * augment}{', tested on inverted drawings' * swapped}"
        return f"A {WAYS[way]}, taught by {drawings}{which}{changes}"

    def question(self, result: dict[str, Any], way: str, **_: Any) -> Question | None:
        """How many tests are named right."""
        right, count = result["scores"][list(WAYS).index(way)], len(result["tests"])
        if not count:
            return None
        room = max(1, round(0.06 * count))
        text = f"How many of {count} unseen drawings does the {WAYS[way]} name right? Within {room} counts as right."
        return Question(text, f"{right} of {count}", right - room, right + room)

    def code(self, source: str, way: str, augment: bool, swapped: bool, **values: Any) -> str:
        """The same lesson as a cell of plain steps."""
        try:
            return code_for(_lesson(source, **values), way, augment, swapped, source == _OWN)
        except InputError:
            return ""

    def figure(self, result: dict[str, Any], **_: Any) -> Figure:
        """What is taught, who names how many right, and the confusion matrix."""
        return draw_figure(result)

    def save(self, path: str | Path) -> Path:
        """Write the drawings that are taught to a .npz file (X, y, names, texts) or a .json file; returns its path.

        Raises ``ValueError`` for another ending and when there is no drawing.
        """
        lesson = _lesson(**self.values)
        return write_drawings(Path(path), lesson.names, lesson.taught)

    @classmethod
    def load(cls, path: str | Path, **values: Any) -> Self:
        """An explorer of one's own drawings from a file that :meth:`save` or the page's button wrote.

        Raises ``ValueError`` for a file that is none.
        """
        names, drawings = read_drawings(Path(path))
        return cls(source=_OWN, names=", ".join(names), drawings=drawings, **values)


def _lesson(source: str, each: str, draw: str, names: str, drawings: Any, **_: Any) -> Lesson:
    if source != _OWN:
        return signs_lesson(int(each), int(draw))
    try:
        return own_lesson(names, drawings)
    except ValueError as error:
        raise InputError(str(error), "names", 0, len(names)) from None


def _shares(lesson: Lesson, way: str, augment: bool, swapped: bool) -> Shares:
    if way == "scratch" and lesson.later:
        return stored_shares(lesson, augment, swapped)
    return held_out_shares(lesson, way, augment, swapped)


def _head(lesson: Lesson, augment: bool) -> dict[str, Any] | None:
    """The head for the network in an exported page, where a new drawing can be tried without a kernel."""
    probe = teach(lesson, "borrowed", augment).probe
    return packed_head(probe) if probe else None


def _answer(lesson: Lesson, pad: Any, way: str, augment: bool, swapped: bool) -> dict[str, Any]:
    shown = images([(0, text) for _, text in pad])
    shares = teach(lesson, way, augment).answer(1 - shown if swapped else shown)
    return {"shares": _percent(shares)[0]}


def _percent(shares: Shares) -> list[list[int]]:
    rounded: list[list[int]] = np.rint(100 * shares).astype(int).tolist()
    return rounded


def _largest_error(counts: Any) -> list[int]:
    wrong = counts - np.diag(np.diag(counts))
    row, column = np.unravel_index(wrong.argmax(), wrong.shape) if wrong.any() else (0, 0)
    return [int(row), int(column)]
