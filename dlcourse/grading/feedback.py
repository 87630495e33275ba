"""The feedback page of one submission: one HTML file that needs nothing else and can run nothing."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dlcourse.checks.render import verdict_message
from dlcourse.checks.verdict import Verdict
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.outcome import Outcome, QuestionScore
from dlcourse.grading.record import CellGrade

__all__ = ["environment", "feedback_page"]

_PICTURE = 2 << 20
_TEXT = 20_000
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")

_WORDS = {
    "right": "right",
    "wrong": "not yet right",
    "convention": "another convention",
    "stopped": "not reached",
    "error": "not scored",
}


@dataclass(frozen=True)
class _Line:
    """One row of the page's table of questions."""

    name: str
    title: str
    points: str
    word: str
    reason: str
    details: list[str]
    comment: str


@functools.cache
def environment() -> Environment:
    """Return the templates of this package; everything that is put into a page is escaped."""
    loaded = Environment(
        loader=PackageLoader("dlcourse.grading"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    loaded.filters["number"] = lambda value: f"{value:g}"
    return loaded


def feedback_page(exercise: Exercise, outcome: Outcome, grades: Mapping[str, CellGrade]) -> str:
    """Return the page.

    Args:
        exercise: the exercise.
        outcome: the submission's outcome.
        grades: what the gradebook holds, by grade id: a person may have changed points or written comments.
    """
    scores = {score.grade_id: score for score in outcome.scores}
    lines = [_line(exercise, name, grade, scores.get(name)) for name, grade in grades.items()]
    return (
        environment()
        .get_template("feedback.html.j2")
        .render(
            outcome=outcome,
            score=sum(grade.points or 0.0 for grade in grades.values()),  # those given so far
            out_of=sum(grade.out_of for grade in grades.values()),
            pending=any(grade.points is None for grade in grades.values()),
            lines=lines,
            cells=[_cell(cell) for cell in outcome.notebook.get("cells", [])],
        )
    )


def _line(exercise: Exercise, name: str, grade: CellGrade, score: QuestionScore | None) -> _Line:
    check = exercise.check(name)
    given = "to be marked" if grade.points is None else f"{grade.points:g} of {grade.out_of:g}"
    word = _WORDS[score.status] if score else ("waits for a person" if grade.points is None else "marked")
    if grade.by_hand and score:
        word += ", points changed by hand"
    return _Line(
        name=check.question.id if check else name,
        title=check.question.title if check else "answered in words",
        points=given,
        word=word,
        reason=score.reason if score else "",
        details=_details(score),
        comment=grade.comment,
    )


def _details(score: QuestionScore | None) -> list[str]:
    """Return what `check` would add to the reason, without hints and without numbers of unseen inputs."""
    if score is None or not score.verdict or score.status in {"right", "stopped"}:
        return []
    fields = {name: value for name, value in score.verdict.items() if name != "passed"}
    lines = [line.strip() for line in verdict_message(Verdict(**fields), live=False).lines]
    said = (fields["summary"], f"This is what you get when {fields['diagnosis']}.")
    return [line for line in lines if line and line not in said]


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cell as the template shows it: text is text, pictures are PNG, nothing else is shown."""
    grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
    return {
        "kind": cell["cell_type"],
        "name": grade_id,
        "source": _plain(cell["source"]),
        "texts": [text for output in cell.get("outputs", []) if (text := _text(output))],
        "pictures": [picture for output in cell.get("outputs", []) if (picture := _picture(output))],
    }


def _text(output: Mapping[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _plain(output.get("text", ""))
    if kind == "error":
        trace = output.get("traceback") or [f"{output.get('ename')}: {output.get('evalue')}"]
        return _plain("\n".join(map(str, trace)))
    data = output.get("data")
    if not isinstance(data, dict) or "image/png" in data:
        return ""
    return _plain(data.get("text/plain", ""))


def _plain(text: object) -> str:
    """Return text without control characters, cut to a readable length."""
    joined = "".join(map(str, text)) if isinstance(text, list) else str(text)
    clean = _ESCAPES.sub("", joined)
    return clean if len(clean) <= _TEXT else clean[:_TEXT] + f"\n... {len(clean) - _TEXT} more characters"


def _picture(output: Mapping[str, Any]) -> str:
    """Return the base64 of a PNG, or nothing when the bytes are not one."""
    data = output.get("data")
    encoded = data.get("image/png") if isinstance(data, dict) else None
    if not isinstance(encoded, str) or len(encoded) > _PICTURE:
        return ""
    try:
        content = base64.b64decode(encoded, validate=False)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(content).decode("ascii") if content.startswith(b"\x89PNG\r\n\x1a\n") else ""
