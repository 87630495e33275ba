"""Rules that each cell of a lecture keeps by itself."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from nbformat import NotebookNode

from dlcourse.notebooks.cells import EXPLORER, NOTES_LABEL, SLIDE_TYPES, slide_type, tags

__all__ = ["cell_problems"]

MAX_WORDS = 95
MAX_WORDS_NOTES = 160
MAX_CODE_LINES = 15
MAX_CODE_COLUMNS = 79

_TAGS = {"claim", "hide-input", "loose", "nbval-ignore-output", "raises-exception"}
_COVERS = re.compile(r"covers:\d\d\.[a-z0-9]+(-[a-z0-9]+)*")
_ABSOLUTE = re.compile(r"(?<![\w./:])/(?:home|root|Users|work|tmp|usr|opt|var|mnt|private)/|\b[A-Z]:\\\w")
_EMPTY_WORDS = re.compile(r"\b(simply|obviously|just)\b", re.IGNORECASE)
_MARKDOWN_PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(")
_HTML_PICTURE = re.compile(r"<img\b(?P<attributes>[^>]*)>")
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.DOTALL)
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


def cell_problems(cell: NotebookNode) -> Iterator[str]:
    """Yield what is wrong with one cell."""
    yield from _slide_type_problems(cell)
    yield from _tag_problems(cell)
    if _ABSOLUTE.search(cell.source):
        yield "has an absolute path in it"
    if cell.cell_type == "markdown":
        yield from _text_problems(cell)
    elif cell.cell_type == "code":
        yield from _code_problems(cell)
        for output in cell.outputs:
            yield from _output_problems(cell, output)
    else:
        yield f"is a {cell.cell_type} cell, expected text or code"


def _slide_type_problems(cell: NotebookNode) -> Iterator[str]:
    if slide_type(cell) not in SLIDE_TYPES:
        yield f"has the slide type {slide_type(cell)!r}, expected one of {', '.join(SLIDE_TYPES)}"


def _tag_problems(cell: NotebookNode) -> Iterator[str]:
    for tag in tags(cell):
        if tag not in _TAGS and not _COVERS.fullmatch(tag):
            yield f"has the unknown tag {tag!r}; known are {', '.join(sorted(_TAGS))} and covers:NN.name"
    if "claim" in tags(cell):
        if slide_type(cell) != "skip":
            yield "is a claim, so its slide type must be skip"
        if "assert" not in cell.source:
            yield "is tagged claim but asserts nothing"


def _text_problems(cell: NotebookNode) -> Iterator[str]:
    if slide_type(cell) == "notes" and not cell.source.startswith(NOTES_LABEL):
        yield f"has notes that do not begin with {NOTES_LABEL.strip()!r}"
    limit = MAX_WORDS_NOTES if slide_type(cell) == "notes" else MAX_WORDS
    words = _count_words(cell.source)
    if words > limit and cell.id != "references":
        yield f"has {words} words, at most {limit} are good to read on a slide"
    match = _EMPTY_WORDS.search(_FORMULA.sub("", cell.source))
    if match:
        yield f"says {match[0]!r}, which belittles what is hard for a reader"
    for picture in _MARKDOWN_PICTURE.finditer(cell.source):
        if not picture["alt"].strip():
            yield "has a picture without alternative text"
    for picture in _HTML_PICTURE.finditer(cell.source):
        if not re.search(r"\balt=(\"[^\"]+\"|'[^']+')", picture["attributes"]):
            yield "has an <img> without alternative text"


def _count_words(source: str) -> int:
    """Count the words of a text; a formula counts as one, the addresses of links and table rules as none."""
    text = _FORMULA.sub(" formula ", source)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def _code_problems(cell: NotebookNode) -> Iterator[str]:
    if not cell.source.strip():
        yield "is empty"
        return
    if cell.execution_count is None:
        yield "was never executed; run: dlcourse refresh"
    on_slide = slide_type(cell) not in ("skip", "notes") and "hide-input" not in tags(cell)
    lines = cell.source.splitlines()
    if on_slide and len(lines) > MAX_CODE_LINES:
        yield f"has {len(lines)} lines of code, a slide holds {MAX_CODE_LINES}"
    if on_slide and max(map(len, lines)) > MAX_CODE_COLUMNS:
        yield f"has a line of {max(map(len, lines))} characters, a slide holds {MAX_CODE_COLUMNS}"
    if _calls_input(cell.source):
        yield "calls input(), which stops a notebook that runs by itself; write: prediction = ..."


def _calls_input(source: str) -> bool:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about crooked escapes in strings: for the author's own run
            tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return "input(" in source
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input"
        for node in ast.walk(tree)
    )


def _output_problems(cell: NotebookNode, output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error" and "raises-exception" not in tags(cell):
        yield f"stores the error {output.ename}: {output.evalue}"
    if output.output_type == "stream":
        if output.name == "stderr":
            yield f"stores a message on stderr: {output.text.strip().splitlines()[0]!r}"
        if _ABSOLUTE.search(output.text):
            yield "prints an absolute path"
    data = output.get("data", {})
    for kind in (kind for kind in _PICTURES if kind in data):
        if not output.metadata.get(kind, {}).get("alt", "").strip():
            yield 'shows a picture without alternative text; use plots.show(figure, alt="…")'
    if EXPLORER in data and not ("image/png" in data and str(data.get("text/plain", "")).strip()):
        yield "has an explorer without a picture and a sentence"
    if _ABSOLUTE.search(str(data.get("text/plain", ""))):
        yield "shows an absolute path"
