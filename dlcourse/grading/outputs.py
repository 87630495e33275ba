"""Keep of a cell's outputs what a notebook may hold and a page can show: they come from a process nobody trusts."""

from __future__ import annotations

from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["clean_outputs"]

_SHOWN = ("text/plain", "text/latex", "image/png", "image/jpeg")
"""Nothing that can hold a script: nbgrader's pages show HTML, Markdown and SVG as they are."""

_MOST = 200
"""Outputs of one cell that are kept."""


def clean_outputs(cell: NotebookNode) -> None:
    """Rebuild the outputs of a code cell from text alone, in place; drop what is neither text nor a picture."""
    cell.outputs = [clean for output in cell.outputs[:_MOST] if (clean := _clean(output)) is not None]
    count = cell.get("execution_count")
    cell.execution_count = count if type(count) is int and count >= 0 else None


def _clean(output: Any) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _new("stream", name=name, text=_text(output.get("text")))
    if kind == "error":
        trace = output.get("traceback")
        lines = [_text(line) for line in trace] if isinstance(trace, list) else []
        return _new("error", ename=_text(output.get("ename")), evalue=_text(output.get("evalue")), traceback=lines)
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    shown = {name: _text(data[name]) for name in _SHOWN if name in data}
    return _new("display_data", data=shown) if shown else None


def _text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _new(kind: str, **fields: Any) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_output(kind, **fields)
    return made
