"""An exercise as the grader knows it: the released notebook, and the questions that its check cells name.

Everything comes from the course: ids, points and the expressions that are checked. A submission's copy of them is
never looked at.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from dlcourse.checks.question import Question

__all__ = ["CheckCell", "Exercise", "grade_id"]

Find = Callable[[str], Question]


@dataclass(frozen=True)
class CheckCell:
    """A cell ``check("01.linear", Linear)``: its grade id, its question, and the expression to check."""

    grade_id: str
    question: Question
    target: str

    def __reduce__(self) -> tuple[Any, ...]:
        """Send a question to another process by its name and version: its functions stay where they are."""
        return _arrived, (self.grade_id, self.question.id, self.question.version, self.target)


@dataclass(frozen=True)
class Exercise:
    """A released exercise.

    Attributes:
        name: folder and file name, ``01_backprop``.
        notebook: the released notebook, with the points of the questions' definitions.
        checks: its check cells in order.
        files: other files of the exercise, which the notebook may read: name -> path.
        handed_out: by grade id, nbgrader's metadata as it stands in the released file.
        fingerprint: hash of notebook, questions and files.
    """

    name: str
    notebook: NotebookNode
    checks: tuple[CheckCell, ...]
    files: dict[str, Path]
    fingerprint: str
    handed_out: dict[str, dict[str, Any]]

    @classmethod
    def load(cls, folder: Path, find: Find | None = None) -> Exercise:
        """Read ``folder/NAME.ipynb``, where NAME is the folder's name.

        Args:
            folder: a folder of ``exercises/``.
            find: returns the question of an id; the course's bank when left out.

        Raises:
            FileNotFoundError: there is no such notebook.
            ValueError: a graded cell has no check, or a check cell cannot be read.
        """
        path = folder / f"{folder.name}.ipynb"
        if not path.is_file():
            raise FileNotFoundError(f"exercise {folder.name}: {path} does not exist; run `dlcourse release`")
        notebook = nbformat.read(path, as_version=4)
        checks = tuple(_checks(notebook, find or _bank(), path))
        handed_out = {name: dict(_metadata(cell)) for cell in notebook.cells if (name := grade_id(cell))}
        for check in checks:
            _metadata(_cell(notebook, check.grade_id))["points"] = check.question.points
        for cell in notebook.cells:
            if grade_id(cell):
                _metadata(cell)["checksum"] = compute_checksum(cell)  # by it nbgrader knows an untouched answer
        files = {file.name: file.resolve() for file in sorted(folder.iterdir()) if _is_data(file)}
        return cls(folder.name, notebook, checks, files, _fingerprint(notebook, checks, files), handed_out)

    def check(self, grade_id: str) -> CheckCell | None:
        """Return the check cell of a grade id, or None."""
        return next((check for check in self.checks if check.grade_id == grade_id), None)


def grade_id(cell: NotebookNode) -> str | None:
    """Return a cell's nbgrader id, whatever a submission has made of its metadata."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return name if isinstance(name, str) and name else None


def _arrived(grade_id: str, question: str, version: str, target: str) -> CheckCell:
    found = _bank()(question)
    if found.version != version:
        raise ValueError(f"{question}: this machine has version {found.version}, expected {version}")
    return CheckCell(grade_id, found, target)


def _bank() -> Find:
    from dlcourse.checks.bank import load

    return load


def _metadata(cell: NotebookNode) -> dict[str, Any]:
    metadata: dict[str, Any] = cell.metadata.nbgrader
    return metadata


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    found: NotebookNode = next(cell for cell in notebook.cells if grade_id(cell) == name)
    return found


def _checks(notebook: NotebookNode, find: Find, path: Path) -> list[CheckCell]:
    checks = []
    for cell in notebook.cells:
        name = grade_id(cell)
        metadata = cell.metadata.get("nbgrader", {})
        if name is None or not metadata.get("grade") or metadata.get("solution"):
            continue  # solution cells that carry points are marked by a person
        question, target = _check_call(cell.source, f"{path.name}, cell {name}")
        checks.append(CheckCell(name, find(question), target))
    return checks


def _check_call(source: str, where: str) -> tuple[str, str]:
    """Return question id and target expression of a cell's one ``check(...)``."""
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check"
    ]
    if len(calls) != 1 or len(calls[0].args) != 2:
        raise ValueError(f'{where}: a graded cell needs one call check("NN.name", object), found {len(calls)}')
    question, target = calls[0].args
    if not isinstance(question, ast.Constant) or not isinstance(question.value, str):
        raise ValueError(f"{where}: the first argument of check must be a question id in quotes")
    return question.value, ast.unparse(target)


def _is_data(file: Path) -> bool:
    return file.is_file() and file.suffix not in {".ipynb", ".toml", ".db"} and not file.name.startswith(".")


def _fingerprint(notebook: NotebookNode, checks: tuple[CheckCell, ...], files: dict[str, Path]) -> str:
    digest = hashlib.sha256(nbformat.writes(notebook).encode())
    for check in checks:
        digest.update(f"{check.question.id} {check.question.version}".encode())
    for name, path in files.items():
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
