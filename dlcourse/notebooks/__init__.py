"""Tools for the course's notebooks: execute and tidy them, compare outputs, check the rules, hand them out."""

from dlcourse import light_jsonschema  # noqa: F401  # before nbformat is imported
from dlcourse.notebooks.cells import NotebookError
from dlcourse.notebooks.linting import Problem, lint
from dlcourse.notebooks.refreshing import Refreshed, refresh

__all__ = ["NotebookError", "Problem", "Refreshed", "lint", "refresh"]
