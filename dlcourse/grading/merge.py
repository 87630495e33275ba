"""Put a student's answers into the released notebook.

The released notebook decides which graded cells there are, in which order, with which text, points and metadata. From
the submission come the sources of the answer cells, and all the cells that the student added, in their places.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from dlcourse.grading.exercise import grade_id

__all__ = ["changed_metadata", "merge"]

MISSING = "# This cell was missing from the submission."


def merge(released: NotebookNode, submitted: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return the notebook to run and sentences on what had to be mended.

    A graded cell that the submission lacks is put back; a missing answer is put back empty, so that it does not
    overwrite an answer whose cell lost its id. Of a cell that is there twice, the last that is not the untouched stub
    is the answer, as when the notebook is run from top to bottom. Every other cell of the submission is kept without
    metadata, before the graded cell that it preceded.
    """
    originals = {name: cell for cell in released.cells if (name := grade_id(cell))}
    chosen = _choose(originals, submitted)
    before, trailing = _extras(originals, chosen, submitted)
    notes: list[str] = []
    notebook = nbformat.v4.new_notebook(metadata=copy.deepcopy(released.metadata))
    for name, original in originals.items():
        cell = copy.deepcopy(original)
        mine = chosen.get(name)
        answer = bool(original.metadata.nbgrader.get("solution"))
        if mine is None:
            notes.append(f"The cell {name} was missing and was put back.")
            if answer and cell.cell_type == "code":
                cell.source = MISSING
        elif answer:
            cell.source = mine.source
        elif mine.source.strip() != original.source.strip():
            notes.append(f"The cell {name} had been changed; the original was used.")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        notebook.cells += [*before.get(name, []), cell]
    notebook.cells += trailing
    return notebook, notes


def changed_metadata(handed_out: Mapping[str, Mapping[str, Any]], submitted: NotebookNode) -> list[str]:
    """Return sentences on points and settings of graded cells that the submission has otherwise than they were given.

    Points of 0 and settings that are not there are no change: a solution has the former before it is released.

    Args:
        handed_out: by grade id, nbgrader's metadata as it was given to the students.
        submitted: the submission.
    """
    points, settings = set(), set()
    for cell in submitted.cells:
        name = grade_id(cell)
        if name is None or name not in handed_out:
            continue
        given, found = handed_out[name], cell.metadata.nbgrader
        if given.get("grade") and found.get("points") and found["points"] != given.get("points"):
            points.add(name)
        if any(key in found and found[key] != given.get(key) for key in ("grade", "solution", "locked")):
            settings.add(name)
    return [
        f"The {what} of {_cells(len(names))} were changed; the course's own count."
        for what, names in (("points", points), ("nbgrader settings", settings))
        if names
    ]


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _choose(originals: dict[str, NotebookNode], submitted: NotebookNode) -> dict[str, NotebookNode]:
    """Return, by id, the submitted cell that counts."""
    chosen: dict[str, NotebookNode] = {}
    for cell in submitted.cells:
        name = grade_id(cell)
        if name in originals and (name not in chosen or cell.source.strip() != originals[name].source.strip()):
            chosen[name] = cell
    return chosen


def _extras(
    originals: dict[str, NotebookNode], chosen: dict[str, NotebookNode], submitted: NotebookNode
) -> tuple[dict[str, list[NotebookNode]], list[NotebookNode]]:
    """Return the student's other cells by the graded cell that follows them, and those that none follows."""
    counted = {id(cell): name for name, cell in chosen.items()}
    before: dict[str, list[NotebookNode]] = {}
    waiting: list[NotebookNode] = []
    for cell in submitted.cells:
        name = counted.get(id(cell))
        if name is not None:
            before[name], waiting = waiting, []
        elif not _is_locked_copy(cell, originals):
            plain = copy.deepcopy(cell)
            plain.metadata.pop("nbgrader", None)
            waiting.append(plain)
    return before, waiting


def _is_locked_copy(cell: NotebookNode, originals: dict[str, NotebookNode]) -> bool:
    """A second copy of a check cell: dropped, since the cell itself is there."""
    original = originals.get(grade_id(cell) or "")
    return original is not None and not original.metadata.nbgrader.get("solution")
