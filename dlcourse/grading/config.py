"""nbgrader's configuration of a grading folder. Everything that differs from stock nbgrader is in `configure`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets.config import Config

__all__ = ["ACTIVE_FILES", "configure", "course_config", "write_config"]

ACTIVE_FILES = ("*.htm*", "*.xht*", "*.shtml", "*.svg*", "*.xml", "*.xsl*")
"""Files that a browser would run. None is taken from a student: formgrader hands out what lies beside a notebook."""

_FILE = """\
# nbgrader reads this file when it is started in this folder (nbgrader formgrader, export, release_feedback).
# Lines that you add below the call are kept.
from pathlib import Path

from dlcourse.grading.config import configure

c = get_config()  # noqa: F821
configure(c, Path(__file__).resolve().parent)
"""


def configure(config: Any, root: Path) -> None:
    """Set up an nbgrader configuration for the grading folder `root`.

    The kernel runs in the sandbox, and the sandbox's outcome is recorded by nbgrader's own `SaveAutoGrades`.
    """
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "dlcourse"
    config.CourseDirectory.source_directory = "source"
    config.CourseDirectory.release_directory = "release"
    config.CourseDirectory.submitted_directory = "submitted"
    config.CourseDirectory.autograded_directory = "autograded"
    config.CourseDirectory.feedback_directory = "feedback"
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", *ACTIVE_FILES]
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    config.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.LockCells",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
    ]
    config.Autograde.exporter_class = "dlcourse.grading.execute.TolerantExporter"
    config.Autograde.sanitize_preprocessors = ["dlcourse.grading.execute.ReleasedNotebook"]
    config.Autograde.autograde_preprocessors = [
        "dlcourse.grading.execute.SandboxExecute",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
        "dlcourse.grading.harmless.HarmlessText",
    ]
    config.GenerateFeedback.exporter_class = "dlcourse.grading.exchange.FeedbackPage"
    config.ExportPlugin.to = "nbgrader-export.csv"  # its default name is that of our own table
    for ours in (config.ReleasedNotebook, config.SandboxExecute, config.HarmlessText, config.FeedbackPage):
        ours.root = str(root)


def course_config(root: Path) -> Config:
    """Return the configuration as an object, for nbgrader's classes."""
    config = Config()
    configure(config, root)
    return config


def write_config(root: Path) -> None:
    """Write ``nbgrader_config.py``, so that nbgrader's own commands work in `root`. An existing file is kept."""
    path = root / "nbgrader_config.py"
    if not path.exists():
        path.write_text(_FILE, "utf-8")
