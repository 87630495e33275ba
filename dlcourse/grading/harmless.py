"""Keep what a student wrote from running in the marker's browser.

Formgrader shows a submission on a page of the instructor's own Jupyter server, where a script could give points or
start a kernel. nbgrader renders Markdown with the HTML and the ``javascript:`` links that are in it, so both become
text before nbgrader writes the notebook that formgrader opens. Outputs hold no HTML by then (see `outputs`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

__all__ = ["HarmlessText", "harmless"]

_ACTIVE = re.compile(r"<(?=[A-Za-z/!?])|\](?=[(:])")
"""What begins a tag, a comment or a declaration in HTML, and what makes a link or its definition in Markdown."""


def harmless(notebook: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` in which only text of the `released` exercise can hold HTML or links.

    A space takes their meaning away, in prose, in code and in a formula alike; an escape would show in code.
    """
    given = {cell.source for cell in released.cells if cell.cell_type == "markdown"}
    safe: NotebookNode = nbformat.from_dict(notebook)
    for cell in safe.cells:
        if cell.cell_type == "markdown" and cell.source not in given:
            cell.source = _ACTIVE.sub(r"\g<0> ", cell.source)
    return safe


class HarmlessText(NbGraderPreprocessor):  # type: ignore[misc]
    """The last step of autograding: nbgrader has compared and recorded the text as the student wrote it."""

    root = Unicode(help="the grading folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook that a person opens."""
        name = resources["nbgrader"]["assignment"]
        released = nbformat.read(Path(self.root, "source", name, f"{name}.ipynb"), as_version=4)
        return harmless(nb, released), resources
