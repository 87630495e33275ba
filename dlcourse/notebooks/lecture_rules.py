"""Rules for a lecture as a whole: its sections, its headings, its references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbformat import NotebookNode

from dlcourse.notebooks.bibliography import Entry, citations, fill_references
from dlcourse.notebooks.cells import EXPLORER, slide_type
from dlcourse.notebooks.normalise import normalise

__all__ = ["lecture_problems", "section_problems"]

MAX_MEGABYTES = 1.5

_SECTIONS = {
    "question": "the question that the lecture answers",
    "recap": "a recap",
    "self-test": "the five questions to check oneself",
    "references": "the references",
}
"""Cells that every lecture has, by the beginning of their id."""

_HEADING = re.compile(r"^#{1,4} +\S", re.MULTILINE)
_PREDICTION = re.compile(r"^\w*prediction\w* *=", re.MULTILINE)


def lecture_problems(notebook: NotebookNode, path: Path, entries: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    """Yield (cell id, problem) for what is wrong with a notebook as a whole; an empty id means the file."""
    megabytes = path.stat().st_size / 1e6
    if megabytes > MAX_MEGABYTES:
        yield "", f"is {megabytes:.1f} MB, at most {MAX_MEGABYTES} MB travel well"
    if normalise(notebook) != notebook:
        yield "", "is not in normal form; run: dlcourse refresh"
    yield from _heading_problems(notebook)
    yield from _reference_problems(notebook, entries)


def _heading_problems(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    cells = [cell for cell in notebook.cells if slide_type(cell) not in ("skip", "notes")]
    for cell in cells:
        starts = slide_type(cell) in ("slide", "subslide")
        if starts and not (cell.cell_type == "markdown" and _HEADING.search(cell.source)):
            yield cell.id, "starts a slide without a heading"
    if cells and slide_type(cells[0]) != "slide":
        yield cells[0].id, f"comes first, so its slide type must be slide, not {slide_type(cells[0])}"


def _reference_problems(notebook: NotebookNode, entries: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    for cell_id, key, text in citations(notebook):
        if key not in entries:
            yield cell_id, f"cites {key}, which references.bib does not have"
        elif entries[key].families[0] not in text and entries[key].fields["year"] not in text:
            yield cell_id, f"cites {key} as {text!r}, expected something like {entries[key].label!r}"
    filled = normalise(notebook)
    fill_references(filled, entries)
    for cell, expected in zip(notebook.cells, filled.cells, strict=True):
        if cell.id == "references" and cell.source != expected.source:
            yield cell.id, "does not list what the lecture cites; run: dlcourse refresh"


def section_problems(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the sections of a full lecture that are missing (lecture 00 is a tour and has sections of its own)."""
    ids = [cell.id for cell in notebook.cells if slide_type(cell) != "notes"]
    for start, meaning in _SECTIONS.items():
        if not any(cell_id == start or cell_id.startswith(f"{start}-") for cell_id in ids):
            yield "", f"has no cell with the id {start}: {meaning}"
    if not any(cell.cell_type == "code" and _PREDICTION.search(cell.source) for cell in notebook.cells):
        yield "", "has no cell with a line `prediction = ...`"
    kinds = {kind for cell in notebook.cells for output in cell.get("outputs", []) for kind in output.get("data", {})}
    if EXPLORER not in kinds:
        yield "", "shows no explorer"
