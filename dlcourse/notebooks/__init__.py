"""Tools for the course's notebooks: execute and tidy them, compare outputs, check the rules, hand them out."""

from dlcourse.notebooks.cells import NotebookError
from dlcourse.notebooks.refreshing import Refreshed, refresh

__all__ = ["NotebookError", "Refreshed", "refresh"]
