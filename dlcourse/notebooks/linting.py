"""Check lectures against the rules of ARCHITECTURE.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dlcourse.notebooks.bibliography import Entry, bibliography_of, citations
from dlcourse.notebooks.cell_rules import cell_problems
from dlcourse.notebooks.cells import NotebookError, read
from dlcourse.notebooks.lecture_rules import lecture_problems, section_problems

__all__ = ["Problem", "lint"]


@dataclass(frozen=True)
class Problem:
    """A rule that a notebook breaks, and the cell that breaks it (empty: the notebook as a whole)."""

    notebook: str
    cell: str
    message: str

    def __str__(self) -> str:
        return f"{self.notebook}, cell {self.cell}: {self.message}" if self.cell else f"{self.notebook}: {self.message}"


def lint(paths: Iterable[Path | str]) -> list[Problem]:
    """Return what is wrong with the lectures, an empty list if nothing is.

    When ``paths`` holds every lecture of a folder, entries of ``references.bib`` that none of them
    cites are problems too. Whether slides fit their page only a browser knows: see
    ``dlcourse.slides.overflowing``.
    """
    lectures = [Path(path) for path in paths]
    problems = [problem for path in lectures for problem in _notebook_problems(path)]
    for folder in sorted({path.parent for path in lectures}):
        if set(folder.glob("[0-9]*.ipynb")) <= set(lectures):
            problems += _unused_entries(folder)
    return problems


def _notebook_problems(path: Path) -> Iterator[Problem]:
    try:
        notebook = read(path)
        entries = bibliography_of(path)
    except (NotebookError, ValueError) as error:
        for line in str(error).splitlines():
            yield Problem(path.name, "", line.removeprefix(f"{path.name}: "))
        return
    for cell in notebook.cells:
        for message in cell_problems(cell):
            yield Problem(path.name, cell.id, message)
    found = list(lecture_problems(notebook, path, entries))
    if not path.name.startswith("00"):
        found += section_problems(notebook)
    for cell_id, message in found:
        yield Problem(path.name, cell_id, message)


def _unused_entries(folder: Path) -> list[Problem]:
    entries: dict[str, Entry] = {}
    cited: set[str] = set()
    for path in folder.glob("[0-9]*.ipynb"):
        try:
            entries = bibliography_of(path)
            cited |= {key for _, key, _ in citations(read(path))}
        except ValueError:
            return []  # reported with the notebook
    return [Problem("references.bib", "", f"{key} is cited by no lecture") for key in sorted(set(entries) - cited)]
