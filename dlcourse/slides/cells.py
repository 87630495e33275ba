"""Turn the cells of a lecture into what its slides show."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode

from dlcourse.notebooks.cells import NotebookError, slide_type

__all__ = ["EXPLORER", "minutes_of", "prepare", "title_of"]

EXPLORER = "application/vnd.dlcourse.explorer+json"
"""MIME type of an explorer's recipe, from which its offline version is made."""

StaticHtml = Callable[[dict[str, Any], str, str, str], str]


def title_of(notebook: NotebookNode) -> str:
    """Return the first heading of the first level, or an empty string."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return str(line[2:]).strip()
    return ""


def minutes_of(notebook: NotebookNode) -> int:
    """Return how long the lecture takes at three minutes a slide, the pace that the speaker view shows."""
    return 3 * sum(slide_type(cell) in ("slide", "subslide") for cell in notebook.cells)


def prepare(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return a copy for export: without ``skip`` cells, and explorers as self-contained HTML.

    Raises NotebookError, naming ``name`` and the cell, if nothing is left or an explorer cannot be exported.
    """
    result = copy.deepcopy(notebook)
    result.cells = [cell for cell in result.cells if slide_type(cell) != "skip"]
    if not any(slide_type(cell) in ("slide", "subslide") for cell in result.cells):
        raise NotebookError(f"{name}: no cell has the slide type slide, so there is nothing to present")
    for cell in result.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            cell.metadata["dlcourse_title"] = True
        for number, output in enumerate(cell.get("outputs", [])):
            if EXPLORER in output.get("data", {}):
                _embed_explorer(output, f"explorer-{cell.id}-{number}", f"{name}, cell {cell.id}")
    return result


def _embed_explorer(output: NotebookNode, uid: str, where: str) -> None:
    """Replace an explorer's recipe by the HTML that works without a kernel."""
    picture = output.data.get("image/png", "")
    alt = output.metadata.get("image/png", {}).get("alt", "")
    try:
        html = _static_html()(output.data.pop(EXPLORER), picture, alt, uid)
    except (ValueError, TypeError, LookupError, AttributeError, ImportError) as error:
        raise NotebookError(f"{where}: the explorer cannot be exported ({error})") from error
    output.data["text/html"] = f'<div class="explorer" data-prevent-swipe>{html}</div>'


def _static_html() -> StaticHtml:
    # The widgets and their numerics are loaded only for lectures that have explorers.
    module = importlib.import_module("dlcourse.widgets.export")
    function: StaticHtml = module.static_html
    return function
