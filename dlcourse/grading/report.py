"""Tables and pages from stored outcomes and the gradebook: ``grades.csv``, ``feedback/``, ``class-report.html``."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dlcourse.grading.class_report import class_report_page
from dlcourse.grading.exchange import SideFiles
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.feedback import feedback_page
from dlcourse.grading.lms import canvas_table, moodle_table
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.record import CellGrade, Recorder
from dlcourse.grading.store import Store

__all__ = ["GradeReport", "Row", "build_report"]

_WORDS = {
    "stopped": "stopped (a limit, or the process ended)",
    "unreadable": "unreadable",
    "failed": "not graded, because the grader failed on them",
}


@dataclass(frozen=True)
class Row:
    """One line of the grades.

    Attributes:
        points: by question id, or by grade id for cells that a person marks; None while that is pending.
        score: the sum of the points given so far.
        out_of: the most that can be reached.
        status: ``graded``, ``stopped``, ``unreadable``, ``failed`` or ``unsafe``; ``, marking pending`` and
            ``, grader error`` may follow.
        problem: why the run did not end as it should; empty when it did.
        reason: what cost points, in sentences for the student; empty when nothing did.
        causes: what the grader itself failed with, if it did.
    """

    student: str
    assignment: str
    score: float
    out_of: float
    points: dict[str, float | None]
    status: str
    problem: str
    reason: str
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class GradeReport:
    """What a run has written.

    Attributes:
        skipped: folders whose names cannot be student ids; nothing in them was graded.
    """

    root: Path
    rows: tuple[Row, ...]
    grades_csv: Path
    feedback: tuple[Path, ...]
    class_report: Path
    skipped: tuple[str, ...]
    unsafe: bool

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the last lines that the command prints."""
        counts = Counter(row.status.split(",")[0] for row in self.rows)
        odd = [f"{counts[status]} {words}" for status, words in _WORDS.items() if counts[status]]
        pending = sum("pending" in row.status for row in self.rows)
        lines = [f" {', '.join(odd)}: see the report"] if odd else []
        lines += _failures(self.rows)
        if pending:
            lines.append(f" {pending} with answers in words that you have to mark")
        if self.skipped:
            lines.append(f" not graded, because the folder's name cannot be a student id: {', '.join(self.skipped)}")
        if self.unsafe:
            lines.append(" Graded WITHOUT A SANDBOX, as you asked: check that nothing on this machine has changed.")
        lines.append(f"Wrote grades.csv, feedback/ ({len(self.feedback)}), class-report.html to {self.root}")
        lines.append("next: open class-report.html, then `jupyter lab` in that folder (menu Nbgrader, Formgrader)")
        return lines


def build_report(
    root: Path,
    exercises: Sequence[Exercise],
    recorder: Recorder,
    store: Store,
    skipped: Sequence[str],
    *,
    unsafe: bool,
) -> GradeReport:
    """Write all tables and pages from what is stored."""
    rows: list[Row] = []
    pages: list[Path] = []
    stored: list[tuple[Exercise, list[Outcome]]] = []
    for exercise in exercises:
        outcomes = [each for each in store.all(exercise.name) if recorder.is_recorded(each.student, exercise.name)]
        stored.append((exercise, outcomes))
        side_files = SideFiles(root, exercise.name)
        for outcome in outcomes:
            grades = recorder.grades(outcome.student, exercise.name)
            rows.append(_row(exercise, outcome, grades))
            page = feedback_page(exercise, outcome, grades)
            pages.append(_write_feedback(root, outcome, page, side_files.of(outcome.student)))
    _write_lms_tables(
        root, exercises, rows, {outcome.student: outcome.account for _, each in stored for outcome in each}
    )
    table = _write_csv(root / "grades.csv", rows)
    summary = _write(root / "class-report.html", class_report_page(stored, rows, unsafe=unsafe))
    return GradeReport(root, tuple(rows), table, tuple(pages), summary, tuple(skipped), unsafe)


def _write_lms_tables(root: Path, exercises: Sequence[Exercise], rows: Sequence[Row], accounts: dict[str, str]) -> None:
    """Write a table that the LMS imports, for each exercise of which submissions came from one."""
    for exercise in exercises:
        scores = [(accounts[row.student], row.score) for row in rows if row.assignment == exercise.name]
        for system, table in (("canvas", canvas_table(exercise.name, scores)), ("moodle", moodle_table(scores))):
            if any(account.startswith(system) for account, _ in scores):
                _write(root / f"{system}-{exercise.name}.csv", table)


def _row(exercise: Exercise, outcome: Outcome, grades: dict[str, CellGrade]) -> Row:
    points: dict[str, float | None] = {}
    for grade_id, grade in grades.items():
        check = exercise.check(grade_id)
        points[check.question.id if check else grade_id] = grade.points
    broken = any(score.status == "error" for score in outcome.scores)
    pending = any(grade.points is None for grade in grades.values())
    return Row(
        student=outcome.student,
        assignment=exercise.name,
        score=sum(value for value in points.values() if value is not None),
        out_of=sum(grade.out_of for grade in grades.values()),
        points=points,
        status=", ".join(
            [outcome.status, *(["marking pending"] if pending else []), *(["grader error"] if broken else [])]
        ),
        problem=outcome.reason,
        reason=_reason(outcome),
        causes=tuple(
            filter(None, [outcome.cause, *(score.error for score in outcome.scores if score.status == "error")])
        ),
    )


def _failures(rows: Sequence[Row]) -> list[str]:
    """Return one line for each cause with which the grader failed, and whom it met."""
    students: dict[str, list[str]] = {}
    for row in rows:
        for cause in dict.fromkeys(row.causes):
            students.setdefault(cause, []).append(row.student)
    return [f" the grader failed on {', '.join(met)}: {cause}; please report it" for cause, met in students.items()]


def _reason(outcome: Outcome) -> str:
    if outcome.status in {"unreadable", "failed"}:
        return outcome.reason
    lost = _lost(outcome)
    sentences = [*([outcome.reason] if outcome.reason else []), *outcome.notes, *lost]
    return " ".join(text if text.endswith((".", "?", "!")) else f"{text}." for text in sentences)


def _lost(outcome: Outcome) -> list[str]:
    """Return the reasons of lost points; what stopped several questions alike is said once."""
    questions: dict[tuple[str, str], list[str]] = {}
    for score in outcome.scores:
        if score.points < score.out_of:
            own = "" if score.status in {"stopped", "error"} else score.question
            questions.setdefault((own, score.reason), []).append(score.question)
    return [f"{', '.join(names)}: {reason}" for (_, reason), names in questions.items()]


def _write_feedback(root: Path, outcome: Outcome, page: str, side_files: dict[str, bytes]) -> Path:
    """Write a page where nbgrader's ``release_feedback`` looks for it, which copies its permissions too."""
    path = root / "feedback" / outcome.student / outcome.assignment / f"{outcome.assignment}.html"
    _write(path, page).chmod(0o644)
    for name, content in side_files.items():
        path.with_name(name).unlink(missing_ok=True)
        path.with_name(name).write_bytes(content)
    return path


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(text, "utf-8")
    draft.replace(path)
    return path


def _write_csv(path: Path, rows: Sequence[Row]) -> Path:
    questions = list(dict.fromkeys(question for row in rows for question in row.points))
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "assignment", "score", "max", *questions, "status", "reason"])
        for row in rows:
            given = [_number(row.points.get(question)) for question in questions]
            cells = [
                row.student,
                row.assignment,
                _number(row.score),
                _number(row.out_of),
                *given,
                row.status,
                row.reason,
            ]
            writer.writerow(cells)
    draft.replace(path)
    return path


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
