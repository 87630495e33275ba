"""Record outcomes in nbgrader's gradebook, with nbgrader's own converters."""

from __future__ import annotations

import contextlib
import glob
import logging
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from dlcourse.grading.collect import Submission
from dlcourse.grading.config import course_config, write_config
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.gradebook import create_gradebook, gradebook_url
from dlcourse.grading.harmless import harmless
from dlcourse.grading.outcome import Outcome

__all__ = ["CellGrade", "Recorder"]

_log = logging.getLogger(__name__)


warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\..*")


class _Errors(logging.Handler):
    """Keeps the last error that nbgrader logged: its exceptions say only "see the log"."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.cause = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        if text.startswith("Traceback"):
            self.cause = text.splitlines()[-1]


_LOG = logging.getLogger("dlcourse.grading.nbgrader")
_LOG.propagate = False  # nbgrader logs every step as it works; what matters is in our report
_ERRORS = _Errors()
_LOG.addHandler(_ERRORS)


@dataclass(frozen=True)
class CellGrade:
    """What the gradebook holds for one graded cell.

    Attributes:
        points: the points that count; None while a person has to mark it.
        out_of: the most that it can have.
        comment: the marker's comment; empty when there is none.
        by_hand: whether a person gave the points.
    """

    points: float | None
    out_of: float
    comment: str
    by_hand: bool


class Recorder:
    """The nbgrader course in a grading folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_config(root)
        create_gradebook(root)
        self._config = course_config(root)
        self._url = self._config.CourseDirectory.db_url = gradebook_url(root)
        self._opened = Gradebook(self._url, self._config.CourseDirectory.course_id)
        self._opened.db.remove()

    def register(self, exercise: Exercise) -> None:
        """Put an exercise, with its points, into the gradebook.

        Raises:
            ValueError: cells were added or removed since the first submissions were graded.
        """
        folder = self.root / "source" / exercise.name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{exercise.name}.ipynb"
        text = nbformat.writes(exercise.notebook)
        if path.exists() and path.read_text("utf-8") == text and self._registered(exercise.name):
            return
        path.write_text(text, "utf-8")
        for name, file in exercise.files.items():
            shutil.copyfile(file, folder / name)
        try:
            GenerateAssignment(**self._options(exercise.name, "."), force=True).start()
        except NbGraderException as error:
            path.unlink()
            if "there are submissions associated" in _ERRORS.cause:
                raise ValueError(
                    f"grade: exercise {exercise.name} has other graded cells than the submissions that are already in "
                    f"{self.root / 'gradebook.db'}; grade into a new folder"
                ) from None
            raise RuntimeError(f"grade: nbgrader did not accept exercise {exercise.name}: {_ERRORS.cause}") from error

    def receive(self, submission: Submission) -> None:
        """Keep the submitted file where nbgrader looks for it. A file that lies there already is left alone."""
        folder = self.root / "submitted" / submission.student / submission.assignment
        folder.mkdir(parents=True, exist_ok=True)
        files = {f"{submission.assignment}.ipynb": submission.content, **submission.side}
        for name, content in files.items():
            path = folder / name
            if path.is_symlink() or not path.exists() or path.read_bytes() != content:
                draft = folder / f".{name}.tmp"
                draft.write_bytes(content)
                draft.replace(path)

    def record(self, submission: Submission, outcome: Outcome) -> None:
        """Record a stored outcome, by nbgrader's own converter wherever there is a file that it can take."""
        if submission.problem:
            return self._record_directly(outcome)
        self.receive(submission)
        try:
            Autograde(**self._options(outcome.assignment, glob.escape(outcome.student)), force=True).start()
        except NbGraderException:  # the batch goes on; nbgrader's own words are in the log
            _log.error("nbgrader did not record %s of %s: %s", outcome.assignment, outcome.student, _ERRORS.cause)
            return self._record_directly(outcome)
        recorded = self._automatic(outcome)
        if any(recorded.get(score.grade_id) != score.points for score in outcome.scores):
            _log.error("nbgrader recorded %s for %s, expected other points", recorded, outcome.student)
            return self._record_directly(outcome)
        return None

    def _automatic(self, outcome: Outcome) -> dict[str, float | None]:
        with self._gradebook() as gradebook:
            notebook = gradebook.find_submission_notebook(outcome.assignment, outcome.assignment, outcome.student)
            return {grade.name: grade.auto_score for grade in notebook.grades}

    def _record_directly(self, outcome: Outcome) -> None:
        """Write the points into the gradebook as nbgrader does for a notebook that is missing."""
        points = {score.grade_id: score.points for score in outcome.scores}
        with self._gradebook() as gradebook:
            gradebook.update_or_create_student(outcome.student)
            gradebook.update_or_create_submission(outcome.assignment, outcome.student)
            notebook = gradebook.find_submission_notebook(outcome.assignment, outcome.assignment, outcome.student)
            for grade in notebook.grades:
                grade.auto_score = points.get(grade.name, 0.0)
                grade.needs_manual_grade = grade.manual_score is not None
            gradebook.db.commit()
        path = self._autograded(outcome.student, outcome.assignment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        released = nbformat.read(self.root / "source" / outcome.assignment / path.name, as_version=4)
        path.write_text(nbformat.writes(harmless(nbformat.from_dict(outcome.notebook), released)), "utf-8")

    def is_recorded(self, student: str, assignment: str) -> bool:
        """Return whether nbgrader has recorded a submission to the end."""
        if not self._autograded(student, assignment).exists():
            return False
        with self._gradebook() as gradebook:
            try:
                gradebook.find_submission_notebook(assignment, assignment, student)
            except MissingEntry:
                return False
            return True

    def _autograded(self, student: str, assignment: str) -> Path:
        return self.root / "autograded" / student / assignment / f"{assignment}.ipynb"

    def grades(self, student: str, assignment: str) -> dict[str, CellGrade]:
        """Return the grades of a submission by grade id, as the gradebook has them now, in the notebook's order."""
        with self._gradebook() as gradebook:
            notebook = gradebook.find_submission_notebook(assignment, assignment, student)
            order = [cell.name for cell in gradebook.find_notebook(assignment, assignment).source_cells]
            comments = {comment.name: comment.comment or "" for comment in notebook.comments}
            grades = {grade.name: grade for grade in notebook.grades}
            return {name: _cell_grade(grades[name], comments.get(name, "")) for name in order if name in grades}

    def _registered(self, assignment: str) -> bool:
        with self._gradebook() as gradebook:
            return any(known.name == assignment and known.notebooks for known in gradebook.assignments)

    @contextlib.contextmanager
    def _gradebook(self) -> Iterator[Gradebook]:
        """Yield the gradebook, opened once; nothing of it is held, or remembered, between two uses."""
        try:
            yield self._opened
        finally:
            self._opened.db.remove()

    def _options(self, assignment: str, student: str) -> dict[str, object]:
        course = CourseDirectory(config=self._config, log=_LOG)
        course.assignment_id, course.student_id = assignment, student
        return {"coursedir": course, "config": self._config, "log": _LOG}


def _cell_grade(grade: Any, comment: str) -> CellGrade:
    by_hand = grade.manual_score is not None
    pending = not by_hand and grade.auto_score is None
    return CellGrade(None if pending else float(grade.score), float(grade.max_score), comment, by_hand)
