"""nbgrader's preprocessors for a graded notebook: the sandbox in place of nbgrader's own kernel.

nbgrader reads, records and writes as it always does. Only the notebook that it records is ours: the released one, with
the student's answers, executed in the sandbox and scored outside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from dlcourse.grading.collect import Submission
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.intake import UnreadableError, read_bytes
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.store import Store
from dlcourse.grading.work import Job, blank, content_hash, grade_job

__all__ = ["ReleasedNotebook", "SandboxExecute", "TolerantExporter"]

Resources = dict[str, Any]


class TolerantExporter(NotebookExporter):
    """Reads any file: what is not a notebook becomes an empty one, which the preprocessors replace anyway."""

    def from_filename(self, filename: str, resources: Resources | None = None, **options: Any) -> Any:
        """Convert a notebook file; return its text and the resources."""
        try:
            return super().from_filename(filename, resources, **options)
        except (ValueError, RecursionError, AttributeError, KeyError, TypeError, nbformat.ValidationError):
            convert: Any = super().from_notebook_node
            return convert(nbformat.v4.new_notebook(), resources, **options)


class ReleasedNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Replaces the submitted file by the released notebook: nothing of a submission's metadata is believed."""

    root = Unicode(help="the grading folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:  # noqa: ARG002
        """Return the released notebook, whatever `nb` is."""
        return blank(Exercise.load(Path(self.root, "source", resources["nbgrader"]["assignment"]))), resources


class SandboxExecute(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts the outcome of the sandbox in the notebook's place.

    An outcome of the same file is taken from the store, where the pool has put it; a file that nobody has graded yet
    (a click on *autograde* in formgrader) is graded here and now.
    """

    root = Unicode(help="the grading folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:  # noqa: ARG002
        """Return the executed and scored notebook, whatever `nb` is."""
        names = resources["nbgrader"]
        outcome = self._outcome(names["student"], names["assignment"])
        return nbformat.from_dict(outcome.notebook), resources

    def _outcome(self, student: str, assignment: str) -> Outcome:
        root = Path(self.root)
        store = Store(root)
        content, problem = b"", ""
        try:
            content = read_bytes(root / "submitted" / student / assignment / f"{assignment}.ipynb")
        except UnreadableError as error:
            problem = str(error)
        stored = store.load(student, assignment)
        if stored is not None and stored.content == content_hash(content):
            return stored
        submission = Submission(student, assignment, content, problem)
        outcome = grade_job(Job(submission, Exercise.load(root / "source" / assignment), store.secret()))
        store.save(outcome)
        return outcome
