"""Turn the cells of a lecture into what its slides show."""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Callable
from html import escape
from typing import Any

from nbformat import NotebookNode

from dlcourse.notebooks.cells import EXPLORER, NOTES_LABEL, NotebookError, slide_type, tags
from dlcourse.slides.assets import theme

__all__ = ["minutes_of", "prepare", "title_of"]

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
    """Return a copy for export: without ``skip`` cells, and explorers in frames of their own.

    Raises NotebookError, naming ``name`` and the cell, if nothing is left or an explorer cannot be exported.
    """
    result = copy.deepcopy(notebook)
    result.cells = [cell for cell in result.cells if slide_type(cell) != "skip"]
    if not any(slide_type(cell) in ("slide", "subslide") for cell in result.cells):
        raise NotebookError(f"{name}: no cell has the slide type slide, so there is nothing to present")
    first = result.cells[0]
    if first.cell_type == "markdown" and first.source.startswith("# "):
        first.metadata["dlcourse_title"] = True
    for cell in result.cells:
        if cell.cell_type == "code":
            _prepare_code(cell, f"{name}, cell {cell.id}")
        elif slide_type(cell) == "notes":
            cell.source = cell.source.removeprefix(NOTES_LABEL)  # the speaker view is read by nobody else
    return result


def _prepare_code(cell: NotebookNode, where: str) -> None:
    cell.source = re.sub(r"\n{3,}", "\n\n", cell.source)  # a page has no room for two empty lines
    explores = any(EXPLORER in output.get("data", {}) for output in cell.outputs)
    # The call that opens an explorer is for the notebook; on the slide the explorer gets the room.
    if explores or "hide-input" in tags(cell):
        cell.source = ""
    for number, output in enumerate(cell.outputs):
        data = output.get("data", {})
        if EXPLORER in data:
            _embed_explorer(output, f"explorer-{cell.id}-{number}", where)
        elif "text/html" in data:
            data["text/html"] = _without_sections(data["text/html"])


def _without_sections(html: str) -> str:
    """Turn <section> into <div>: reveal.js would take it for a slide."""
    return re.sub(r"<(/?)section\b", r"<\1div", html)


def _embed_explorer(output: NotebookNode, uid: str, where: str) -> None:
    """Replace an explorer's recipe by the HTML that works without a kernel."""
    picture = output.data.get("image/png", "")
    alt = output.metadata.get("image/png", {}).get("alt", "")
    try:
        html = _static_html()(output.data.pop(EXPLORER), picture, alt, uid)
    except (ValueError, TypeError, LookupError, AttributeError, ImportError) as error:
        raise NotebookError(f"{where}: the explorer cannot be exported ({error})") from error
    output.data["text/html"] = _framed(html, alt)


def _framed(explorer: str, alt: str) -> str:
    """Put an explorer into a frame of its own: its styles and keys and those of the slides do not meet."""
    style, script = theme("explorer.css"), theme("explorer.js")
    page = (
        f'<!DOCTYPE html><html lang="en" data-dlc-theme="light"><head><meta charset="utf-8"></head>'
        f"<body>{explorer}<style>{style}</style><script>{script}</script></body></html>"
    )
    return f'<iframe class="explorer" title="{escape(alt)}" srcdoc="{escape(page)}"></iframe>'


def _static_html() -> StaticHtml:
    # The widgets and their numerics are loaded only for lectures that have explorers.
    module = importlib.import_module("dlcourse.widgets.export")
    function: StaticHtml = module.static_html
    return function
