"""The names that learning management systems give to downloaded submissions, and the tables that they take back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Account", "account", "canvas_table", "moodle_table"]

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)")
_CANVAS = re.compile(r"(?P<name>[^_\W]+)(?:_LATE)?_(?P<id>\d+)_\d+_(?P<file>.+)")
_RESUBMITTED = re.compile(r"-\d+(?=\.\w+$)")
_UNUSUAL = re.compile(r"[^\w .@+-]")


@dataclass(frozen=True)
class Account:
    """Whose file it is.

    Attributes:
        student: the id under which the submission is graded.
        system: ``"canvas"``, ``"moodle"``, or ``""`` for a plain folder.
        id: the number by which the system knows the student (Moodle: the participant).
        name: the student's name as the system writes it.
    """

    student: str
    system: str = ""
    id: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.system}:{self.id}:{self.name}" if self.system else ""


def account(name: str) -> tuple[Account, str]:
    """Read the name of a downloaded file or folder.

    Returns:
        The account, and the file's own name; empty when `name` is that of a folder. For a name of no known system the
        student is the name itself.
    """
    for system, pattern in (("moodle", _MOODLE), ("canvas", _CANVAS)):
        match = pattern.fullmatch(name)
        if match:
            student = _UNUSUAL.sub("-", f"{match['name']}_{match['id']}")
            return Account(student, system, match["id"], match["name"]), _RESUBMITTED.sub("", match["file"])
    return Account(name), ""


def canvas_table(exercise: str, scores: Iterable[tuple[str, float]]) -> str:
    """Return the CSV that Canvas's gradebook imports.

    Args:
        exercise: column name; Canvas makes a new assignment when it has none of that name.
        scores: account as text (see `Account.__str__`) and score.
    """
    rows = [(name, number, "", "", "", f"{score:g}") for number, name, score in _of("canvas", scores)]
    return _csv([("Student", "ID", "SIS User ID", "SIS Login ID", "Section", exercise), *rows])


def moodle_table(scores: Iterable[tuple[str, float]]) -> str:
    """Return the CSV that Moodle's offline grading worksheet takes back."""
    rows = [(f"Participant {number}", name, f"{score:g}") for number, name, score in _of("moodle", scores)]
    return _csv([("Identifier", "Full name", "Grade"), *rows])


def _of(system: str, scores: Iterable[tuple[str, float]]) -> list[tuple[str, str, float]]:
    found = []
    for text, score in scores:
        kind, _, rest = text.partition(":")
        number, _, name = rest.partition(":")
        if kind == system:
            found.append((number, name, score))
    return found


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
