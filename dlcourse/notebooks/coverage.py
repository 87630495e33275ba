"""Write lectures/COVERAGE.md: every topic with its cells, its names in both twins, and its questions.

The rows are in lectures/coverage.toml. Where a topic is shown is read from the tags ``covers:NN.name``
of the lectures' cells, so the table cannot promise what no cell shows.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from dlcourse.checks.bank import all_questions
from dlcourse.checks.quiz import quiz_ids
from dlcourse.notebooks.cells import tags
from dlcourse.notebooks.files import replace_file

__all__ = ["CoverageError", "Lecture", "Row", "coverage_text", "read_rows", "write_coverage"]

_HEADER = """\
# What the course covers

One row for each topic: the cells in which it is shown running, what computes it in NumPy and in PyTorch, and the
questions that ask for it. Names begin with `dlcourse.`; a name under both twins takes the same arguments and is tested
to give the same numbers. This page is written by `dlcourse refresh` from `coverage.toml` and the lectures' cell tags.
"""


class CoverageError(ValueError):
    """A row names a tag, a function or a question that does not exist. The message says which."""


@dataclass(frozen=True)
class Row:
    """One topic, as ``coverage.toml`` gives it."""

    topic: str
    covers: tuple[str, ...]
    names: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lecture:
    """A lecture's title, its rows, and the ids of its cells by tag."""

    number: str
    title: str
    file: str
    rows: tuple[Row, ...]
    cells: Mapping[str, tuple[str, ...]]

    @property
    def further(self) -> list[str]:
        """Tags that no row names: what the lecture shows beyond the topics."""
        named = {tag for row in self.rows for tag in row.covers}
        return [tag for tag in self.cells if tag not in named]


def write_coverage(folder: Path) -> bool:
    """Write ``COVERAGE.md`` beside ``coverage.toml``, where there is one; return whether it changed."""
    if not (folder / "coverage.toml").is_file():
        return False
    return replace_file(folder / "COVERAGE.md", coverage_text(read_rows(folder)).encode())


def read_rows(folder: Path) -> list[Lecture]:
    """The lectures of ``coverage.toml`` with their cells. Raises ``CoverageError`` for a lecture that is missing."""
    table = tomllib.loads((folder / "coverage.toml").read_text(encoding="utf-8"))
    return [_lecture(folder, entry) for entry in table["lecture"]]


def _lecture(folder: Path, entry: Mapping[str, Any]) -> Lecture:
    found = sorted(folder.glob(f"{entry['number']}_*.ipynb"))
    if len(found) != 1:
        raise CoverageError(f"coverage.toml: {len(found)} lectures {entry['number']}_*, expected one")
    cells: dict[str, tuple[str, ...]] = {}
    notebook = nbformat.read(found[0], as_version=4)
    for cell in notebook.cells:
        for tag in tags(cell):
            if tag.startswith("covers:"):
                name = tag.partition(".")[2]
                cells[name] = (*cells.get(name, ()), cell.id)
    rows = tuple(Row(**{key: _frozen(value) for key, value in row.items()}) for row in entry["row"])
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    return Lecture(entry["number"], title, found[0].name, rows, cells)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def coverage_text(lectures: Sequence[Lecture]) -> str:
    """The page in Markdown. Raises ``CoverageError`` listing every row that promises what is not there."""
    problems = [problem for lecture in lectures for problem in _problems(lecture)]
    if problems:
        raise CoverageError("coverage.toml: " + "; ".join(problems))
    return "\n".join([_HEADER, *(_section(lecture) for lecture in lectures)])


def _section(lecture: Lecture) -> str:
    lines = [
        f"## [{lecture.title}]({lecture.file})",
        "",
        "| topic | cells | NumPy | PyTorch | questions |",
        "|---|---|---|---|---|",
    ]
    for row in lecture.rows:
        cells = dict.fromkeys(cell for tag in row.covers for cell in lecture.cells[tag])
        shared = [f"`{name}`" for name in row.library]
        columns = (
            row.topic,
            ", ".join(f"`{cell}`" for cell in cells),
            ", ".join([*(f"`numpy.{name}`" for name in row.names), *shared]),
            ", ".join([*(f"`torch.{name}`" for name in row.names), *shared]),
            ", ".join(row.questions),
        )
        lines.append("| " + " | ".join(columns) + " |")
    if lecture.further:
        shown = ", ".join(f"{tag.replace('-', ' ')} (`{lecture.cells[tag][0]}`)" for tag in lecture.further)
        lines += ["", f"Also shown: {shown}."]
    return "\n".join([*lines, ""])


def _problems(lecture: Lecture) -> Iterator[str]:
    questions = {question.id for question in all_questions(lecture.number)} | set(quiz_ids(lecture.number))
    for row in lecture.rows:
        where = f"lecture {lecture.number}, {row.topic!r}"
        yield from (f"{where}: no cell is tagged {tag}" for tag in row.covers if tag not in lecture.cells)
        yield from (f"{where}: there is no question {name}" for name in row.questions if name not in questions)
        names = [f"{twin}.{name}" for name in row.names for twin in ("numpy", "torch")]
        yield from (f"{where}: there is no dlcourse.{name}" for name in [*names, *row.library] if not _exists(name))


def _exists(name: str) -> bool:
    module, _, attribute = f"dlcourse.{name}".rpartition(".")
    return hasattr(importlib.import_module(module), attribute)
