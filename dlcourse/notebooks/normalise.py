"""Remove from a notebook everything that differs between two runs of the same code."""

from __future__ import annotations

import copy
from typing import Any

import nbformat
from nbformat import NotebookNode

from dlcourse.notebooks.cells import tags
from dlcourse.notebooks.compare import IGNORED_KINDS, difference, tolerance_for

__all__ = ["keep_agreeing_outputs", "normalise"]

_KEPT_CELL_METADATA = ("nbgrader", "slideshow", "tags")
_NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return a copy with execution counts 1, 2, 3, …, without widget state, times and other people's metadata.

    Counts stay, rather than being emptied, because nbval takes a cell without one for a cell that
    was never run and does not compare it. Ids, tags, slide types and nbgrader's marks are kept.
    """
    result = copy.deepcopy(notebook)
    result.metadata = nbformat.from_dict(copy.deepcopy(_NOTEBOOK_METADATA))
    result.nbformat, result.nbformat_minor = 4, 5
    count = 0
    for cell in result.cells:
        cell.metadata = _kept(cell.metadata)
        cell.source = cell.source.rstrip()
        if cell.cell_type == "code":
            if cell.source:
                count += 1
            _normalise_code(cell, count if cell.source else None)
    return result


def _kept(metadata: NotebookNode) -> NotebookNode:
    kept = {key: metadata[key] for key in _KEPT_CELL_METADATA if metadata.get(key)}
    if "tags" in kept:
        kept["tags"] = sorted(kept["tags"])
    if "hide-input" in kept.get("tags", ()) or metadata.get("slideshow", {}).get("slide_type") == "notes":
        kept["jupyter"] = {"source_hidden": True}  # JupyterLab folds plotting code and the lecturer's notes
    result: NotebookNode = nbformat.from_dict(kept)
    return result


def _normalise_code(cell: NotebookNode, count: int | None) -> None:
    cell.execution_count = count
    cell.outputs = [output for output in map(_normalise_output, _joined_streams(cell.outputs)) if output is not None]
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = count


def _joined_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what one stream printed between two displays; how often it was flushed is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        previous = joined[-1] if joined else None
        if (
            previous is not None
            and output.output_type == previous.output_type == "stream"
            and output.name == previous.name
        ):
            previous.text += output.text
        else:
            joined.append(output)
    return joined


def _normalise_output(output: NotebookNode) -> NotebookNode | None:
    """Drop widget views and what is left empty; keep what an output says about its pictures."""
    if "data" not in output:
        return output
    for kind in IGNORED_KINDS:
        output.data.pop(kind, None)
    if "image/png" in output.data:
        output.data["image/png"] = "".join(output.data["image/png"].split()) + "\n"
    about: dict[str, Any] = {kind: value for kind, value in output.metadata.items() if kind in output.data and value}
    output.metadata = nbformat.from_dict(about)
    return output if output.data else None


def keep_agreeing_outputs(stored: NotebookNode, computed: NotebookNode) -> list[str]:
    """Put the stored outputs back wherever the computed ones agree; return the ids of the cells that changed.

    Both notebooks are normalised. Without this, every machine would rewrite every notebook in its
    last digits. Cells are matched by id; a cell with other settings for its outputs counts as new.
    """
    old_cells = {cell.id: cell for cell in stored.cells if cell.cell_type == "code"}
    changed = []
    for cell in computed.cells:
        if cell.cell_type != "code":
            continue
        old = old_cells.get(cell.id)
        if old is not None and _agree(old, cell):
            cell.outputs = old.outputs
        else:
            changed.append(cell.id)
    return changed


def _agree(old: NotebookNode, new: NotebookNode) -> bool:
    return difference(old.outputs, new.outputs, tolerance_for(tags(new))) is None and _about(old) == _about(new)


def _about(cell: NotebookNode) -> list[Any]:
    """What the outputs say about themselves (alternative texts), apart from their numbers."""
    return [sorted(output.get("metadata", {})) for output in cell.outputs]
