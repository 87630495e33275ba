"""What the course's tools agree on about a notebook: reading, cell ids, tags, slide types."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from dlcourse.notebooks.files import replace_file

__all__ = [
    "EXPLORER",
    "NOTES_LABEL",
    "SLIDE_TYPES",
    "NotebookError",
    "id_problem",
    "read",
    "slide_type",
    "tags",
    "write",
]

EXPLORER = "application/vnd.dlcourse.explorer+json"
"""MIME type of an explorer's recipe: which explorer, in which state."""

NOTES_LABEL = "*For the instructor.* "
"""How a cell with the lecturer's notes begins, so that a student who reads the notebook knows whom it addresses."""

SLIDE_TYPES = ("slide", "subslide", "fragment", "notes", "skip", "-")
"""Values of ``slideshow.slide_type`` that Jupyter knows; "-" continues the cell before."""

_RANDOM_ID = re.compile(r"[0-9a-f]{8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MEANINGFUL_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class NotebookError(ValueError):
    """A notebook that the course's tools cannot accept; the message names the notebook and the cell."""


def id_problem(cell_id: str | None) -> str | None:
    """Say what is wrong with a cell id, or return None for a meaningful one such as ``sigmoid-gate-backward``."""
    if not cell_id:
        return "has no id"
    if _RANDOM_ID.fullmatch(cell_id):
        return f"has the random id {cell_id!r}"
    if not _MEANINGFUL_ID.fullmatch(cell_id):
        return f"has the id {cell_id!r}, expected lower-case words joined by hyphens"
    return None


def read(path: Path) -> NotebookNode:
    """Read a notebook of format 4 whose cells all have meaningful ids of their own.

    Raises NotebookError if it is no notebook, or if an id is absent, random or used twice
    (nbformat would silently invent ids, and every refresh would then change the file).
    """
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NotebookError(f"{path.name}: not a notebook ({error})") from error
    if not isinstance(raw, dict) or raw.get("nbformat") != 4 or not isinstance(raw.get("cells"), list):
        raise NotebookError(f"{path.name}: not a notebook of format 4")
    _require_ids(path.name, raw["cells"])
    notebook: NotebookNode = nbformat.from_dict(raw)
    for cell in notebook.cells:
        _join_lines(cell)
    return notebook


def _require_ids(name: str, cells: list[dict[str, Any]]) -> None:
    problems: list[str] = []
    seen: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        problem = id_problem(cell.get("id"))
        if problem is None and cell["id"] in seen:
            problem = f"has the id {cell['id']!r}, which an earlier cell has too"
        if problem is not None:
            source = "".join(cell.get("source", "")).strip().splitlines() or ["(empty)"]
            problems.append(f"{name}: cell {number} ({source[0][:40]!r}) {problem}")
        seen.add(cell.get("id", ""))
    if problems:
        raise NotebookError("\n".join(problems))


def _join_lines(cell: NotebookNode) -> None:
    """Undo the splitting into lines that notebooks use on disk."""
    cell.source = "".join(cell.source)
    for output in cell.get("outputs", []):
        if "text" in output:
            output.text = "".join(output.text)
        for kind, value in output.get("data", {}).items():
            if isinstance(value, list) and not kind.endswith("json"):
                output.data[kind] = "".join(value)


def slide_type(cell: NotebookNode) -> str | None:
    """Return the cell's slide type, or None if it has none."""
    value = cell.metadata.get("slideshow", {}).get("slide_type")
    return value if isinstance(value, str) else None


def tags(cell: NotebookNode) -> list[str]:
    """Return the cell's tags."""
    return list(cell.metadata.get("tags", []))


def write(notebook: NotebookNode, path: Path) -> bool:
    """Validate and write a notebook in one step; return whether the file changed."""
    nbformat.validate(notebook)
    return replace_file(path, (nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n").encode("utf-8"))
