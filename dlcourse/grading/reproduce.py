"""Compute one stored score again, for an appeal: same file, same inputs, and this time the numbers are shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dlcourse.checks.render import verdict_message
from dlcourse.checks.verdict import Verdict
from dlcourse.grading.collect import Submission
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.intake import read_bytes
from dlcourse.grading.outcome import Outcome, QuestionScore
from dlcourse.grading.sandbox import Containment, Limits
from dlcourse.grading.store import Store
from dlcourse.grading.work import Job, content_hash, grade_job

__all__ = ["Replay", "reproduce"]


@dataclass(frozen=True)
class Replay:
    """A stored score and the same score computed anew.

    Attributes:
        stored: what is in the results.
        now: what came out this time, with got and expected numbers in its verdict.
        changes: what is no longer as it was (question, libraries, file), in sentences; empty when nothing changed.
    """

    student: str
    stored: QuestionScore
    now: QuestionScore
    changes: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both scores agree."""
        return (self.stored.points, self.stored.status) == (self.now.points, self.now.status)

    def __str__(self) -> str:
        outcome = "the same score" if self.same else f"another score than the stored {self.stored.points:g}"
        lines = [f"{self.student}, {self.now.question}, inputs drawn with seed {self.now.seed}: {outcome}"]
        lines += self.changes
        if self.now.verdict:
            fields = {name: value for name, value in self.now.verdict.items() if name != "passed"}
            lines.append(str(verdict_message(Verdict(**fields), live=False)))
        else:
            lines.append(self.now.reason)
        return "\n".join(lines)


def reproduce(
    out: Path,
    student: str,
    question: str,
    limits: Limits | None = None,
    containment: Containment = "bubblewrap",
) -> Replay:
    """Grade a recorded submission again and compare one question.

    Args:
        out: the grading folder.
        student: folder name of the student.
        question: id of the question, ``"01.linear"``.
        limits: what the submission may use.
        containment: what holds the submission back.

    Raises:
        FileNotFoundError: nothing is stored for this student and question.
        SandboxMissingError: bubblewrap is not installed.
    """
    store = Store(out)
    outcome, stored = _stored(store, student, question)
    path = out / "submitted" / student / outcome.assignment / f"{outcome.assignment}.ipynb"
    content = read_bytes(path)
    exercise = Exercise.load(out / "source" / outcome.assignment)
    submission = Submission(student, outcome.assignment, content)
    again = grade_job(Job(submission, exercise, store.secret(), limits or Limits(), containment, reveal=True))
    now = next(score for score in again.scores if score.question == question)
    return Replay(student, stored, now, tuple(_changes(outcome, stored, again, now, content)))


def _stored(store: Store, student: str, question: str) -> tuple[Outcome, QuestionScore]:
    for path in sorted(store.results.glob(f"{student}/*.json")):
        outcome = store.load(student, path.stem)
        for score in outcome.scores if outcome else []:
            if outcome is not None and score.question == question:
                return outcome, score
    raise FileNotFoundError(f"grade: no score of {question} for {student} is stored in {store.root}")


def _changes(outcome: Outcome, stored: QuestionScore, again: Outcome, now: QuestionScore, content: bytes) -> list[str]:
    changes = []
    if outcome.content != content_hash(content):
        changes.append("The submitted file is not the one that was graded.")
    if stored.version != now.version:
        changes.append(f"The question has changed: version {stored.version} was graded, {now.version} is here.")
    changes += [
        f"{library} was {version}, now it is {again.versions.get(library, 'not installed')}."
        for library, version in outcome.versions.items()
        if again.versions.get(library) != version
    ]
    return changes
