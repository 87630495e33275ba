"""The course's side of nbgrader's exchange: exercises on their way out, and feedback on its way back."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from traitlets import Unicode, default

from dlcourse.grading.exercise import Exercise
from dlcourse.grading.feedback import feedback_page
from dlcourse.grading.record import Recorder
from dlcourse.grading.store import Store

__all__ = ["FeedbackPage", "SideFiles", "offer"]


def offer(exercise: Path, root: Path) -> Path:
    """Put an exercise into a grading folder, where ``nbgrader release_assignment`` finds it; return its place there.

    Args:
        exercise: a folder of ``exercises/``.
        root: the grading folder; made when it is not there.

    Raises:
        FileNotFoundError: there is no such exercise.
        ValueError: its cells do not fit the submissions that are in the gradebook already.
    """
    loaded = Exercise.load(exercise)
    Recorder(root.resolve()).register(loaded)
    return root / "release" / loaded.name


class SideFiles:
    """The two files without which ``nbgrader release_feedback`` stops at a page, and leaves out all that follow.

    ``submission_secret.txt`` came with the submission: a page's name in the exchange is made from it, so that only
    the student's own nbgrader finds it. A submission that came by another way has none; it gets one that nobody
    knows.
    """

    def __init__(self, root: Path, assignment: str) -> None:
        self._root, self._assignment = root, assignment
        self._key = Store(root).secret()
        self._used = any(root.glob(f"submitted/*/{assignment}/submission_secret.txt"))

    def of(self, student: str) -> dict[str, bytes]:
        """Return contents by file name; nothing when nobody used the exchange for this exercise."""
        if not self._used:
            return {}
        folder = self._root / "submitted" / student / self._assignment
        unknown = hmac.new(self._key, f"feedback\0{student}\0{self._assignment}".encode(), hashlib.sha256).hexdigest()
        made = {"timestamp.txt": b"", "submission_secret.txt": unknown.encode()}
        return {name: (folder / name).read_bytes() if (folder / name).is_file() else made[name] for name in made}


class FeedbackPage(Exporter):
    """Makes of ``nbgrader generate_feedback``, and of formgrader's button, the page that the grader writes."""

    root = Unicode(help="the grading folder").tag(config=True)

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **_: Any) -> Any:
        """Return the page and the resources of a graded submission, with the marks that a person has given.

        Raises:
            FileNotFoundError: the submission was not graded here.
        """
        known, root = dict(resources or {}), Path(self.root)
        student, assignment = known["nbgrader"]["student"], known["nbgrader"]["assignment"]
        outcome = Store(root).load(student, assignment)
        if outcome is None:
            raise FileNotFoundError(f"feedback: {root / 'results'} has no outcome for {filename}")
        exercise = Exercise.load(root / "source" / assignment)
        page = feedback_page(exercise, outcome, Recorder(root).grades(student, assignment))
        there = root / "feedback" / student / assignment  # nbgrader has copied there what came with the submission
        missing = {
            name: content
            for name, content in SideFiles(root, assignment).of(student).items()
            if not (there / name).exists()
        }
        return page, known | {"output_extension": self.file_extension, "outputs": missing}
