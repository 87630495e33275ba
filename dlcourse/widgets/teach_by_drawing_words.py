"""The teach-by-drawing explorer in words: who names how many right, what is confused, and what the backbone knew."""

from __future__ import annotations

from typing import Any

from dlcourse.diagnostics import confusion_matrix
from dlcourse.widgets.teach_by_drawing_run import ROUNDS, WAYS, Lesson, backbone_classes

__all__ = ["describe", "knew"]


def describe(lesson: Lesson, result: dict[str, Any], way: str, augment: bool, swapped: bool, is_own: bool) -> str:
    """One line for the score, one for the other ways, one for the commonest error, one for what the backbone knew."""
    if not lesson.can_teach:
        return f"{_to_begin(lesson)}\n{knew(lesson)}"
    bug = ["Bug: the drawings are inverted before they are tested, paper 1 and ink 0. No error tells you."]
    lines = [_score(lesson, result, way, augment, is_own), *(bug if swapped else []), _others(result, way)]
    lines += [_on_the_pad(result), _confused(lesson, result), knew(lesson)]
    return "\n".join(filter(None, lines))


def knew(lesson: Lesson) -> str:
    """Whether a class is among the letters that the backbone was trained on: then nothing new is taught."""
    letters = backbone_classes()
    known = [name for name in lesson.names if name in letters]
    if not known:
        return (
            f"None of {', '.join(lesson.names)} is among the {len(letters)} letters that the backbone was trained on."
        )
    verb, count = "is" if len(known) == 1 else "are", len(letters)
    return f"{' and '.join(known)} {verb} among the {count} letters of the backbone's training: that is no new class."


def _score(lesson: Lesson, result: dict[str, Any], way: str, augment: bool, is_own: bool) -> str:
    taught = f"{len(lesson.taught)} drawings{' and changed copies of them' if augment else ''}"
    right, count = result["scores"][list(WAYS).index(way)], len(lesson.tests)
    if not count:
        return f"{_named(way)} learned from {taught}; a second drawing of a class gives one to test on"
    if is_own:
        return f"{_named(way)} names {right} of your {count} drawings right, each left out in one of {ROUNDS} rounds"
    return f"{_named(way)} names {right} of {count} later drawings right; it learned from {taught}"


def _others(result: dict[str, Any], way: str) -> str:
    """The other ways' scores, where they were computed."""
    scores = dict(zip(WAYS, result["scores"]))
    said = [f"{WAYS[other]} {right}" for other, right in scores.items() if other != way and right is not None]
    return f"The same drawings, other ways: {', '.join(said)}." if said else ""


def _confused(lesson: Lesson, result: dict[str, Any]) -> str:
    if not lesson.tests:
        return ""
    truth = [label for label, _ in lesson.tests]
    worst = confusion_matrix(truth, result["answers"], lesson.names).most_confused(1)
    if not worst:
        return "Nothing is confused."
    true, called, count = worst[0]
    return f"Most often confused: {true} called {called}, {count} time{'s' * (count > 1)}."


def _on_the_pad(result: dict[str, Any]) -> str:
    if result["pad"] is None:
        return ""
    said = sorted(zip(result["pad"]["shares"], result["names"]), reverse=True)
    return f"The drawing on the pad: {', '.join(f'{name} {share} %' for share, name in said[:2])}."


def _to_begin(lesson: Lesson) -> str:
    begun = sorted({lesson.names[label] for label, _ in lesson.taught})
    if not begun:
        return "Draw on the pad, then press the name of its class; two classes with a drawing each are enough to begin"
    return f"Only {begun[0]} has a drawing: draw one of another class"


def _named(way: str) -> str:
    return f"The {WAYS[way]}"
