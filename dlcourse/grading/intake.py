"""Find and read submissions that nobody has looked at: every problem becomes a sentence, never an exception.

Files are opened without following symbolic links and without waiting on pipes, and are read up to a limit.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["Submission", "UnreadableError", "read_bytes", "read_notebook", "skipped_names", "submissions"]

NOTEBOOK_SIZE = 20 << 20
CELLS = 2000
_SIDE_FILES = ("timestamp.txt", "submission_secret.txt")
_STUDENT = re.compile(r"[\w][\w .@+-]{0,99}")


class UnreadableError(Exception):
    """A submission cannot be read. The message is a sentence for the student."""


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one exercise.

    Attributes:
        content: the notebook's bytes; empty when there is a problem.
        problem: why it cannot be graded, as a sentence; empty when it can.
        side: small files of nbgrader's exchange that belong to it, by name.
    """

    student: str
    assignment: str
    content: bytes
    problem: str
    side: dict[str, bytes]


def submissions(folder: Path, assignment: str) -> Iterator[Submission]:
    """Yield a submission for every ``STUDENT/ASSIGNMENT/`` of a folder, sorted by student.

    Students without the assignment's folder have not handed it in and are left out.

    Raises:
        FileNotFoundError: `folder` is not a folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"grade: {folder} is not a folder of submissions")
    for home in sorted(folder.iterdir(), key=lambda path: path.name):
        if home.name.startswith(".") or not (home.is_dir() or home.is_symlink()):
            continue
        place = home / assignment
        handed_in = home.is_symlink() or place.is_symlink() or place.is_dir()
        if handed_in and _STUDENT.fullmatch(home.name):
            yield _submission(home, place, assignment)


def skipped_names(folder: Path) -> list[str]:
    """Return the entries whose names cannot be student ids (nbgrader keeps them in paths and patterns)."""
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and not _STUDENT.fullmatch(entry.name)
    )


def _submission(home: Path, place: Path, assignment: str) -> Submission:
    content, problem, side = b"", "", {}
    try:
        if home.is_symlink() or place.is_symlink():
            raise UnreadableError("The submission is a symbolic link, not a folder. Hand in the files themselves.")
        content = _find_notebook(place, assignment)
        for name in _SIDE_FILES:
            if (place / name).exists():
                side[name] = read_bytes(place / name, limit=200)
    except UnreadableError as error:
        problem = str(error)
    return Submission(home.name, assignment, content, problem, side)


def _find_notebook(place: Path, assignment: str) -> bytes:
    path = place / f"{assignment}.ipynb"
    if not os.path.lexists(path):
        others = sorted(entry.name for entry in place.iterdir() if entry.suffix == ".ipynb")
        found = f"; found {', '.join(others[:3])}" if others else ""
        raise UnreadableError(f"There is no {assignment}.ipynb in the submission{found}.")
    return read_bytes(path)


def read_bytes(path: Path, limit: int = NOTEBOOK_SIZE) -> bytes:
    """Read a regular file.

    Raises:
        UnreadableError: it is a link, a pipe, a device, a folder, not permitted, or larger than `limit`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        what = "a symbolic link" if path.is_symlink() else "not readable"
        raise UnreadableError(f"{path.name} is {what}. Hand in the file itself.") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(f"{path.name} is not a file.")
        if status.st_size > limit:
            raise UnreadableError(f"{path.name} is larger than {_size(limit)}. Clear its outputs and hand it in again.")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(handle)


def _size(limit: int) -> str:
    return f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit} bytes"


def read_notebook(content: bytes, name: str) -> NotebookNode:
    """Parse a notebook of any nbformat version into version 4; keep only what grading needs.

    Outputs are dropped. Cells keep type, source, and nbgrader's id.

    Raises:
        UnreadableError: it is not a notebook.
    """
    if not content.strip():
        raise UnreadableError(f"{name} is empty.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"{name} is not UTF-8 text, so it is not a notebook that Jupyter wrote.") from None
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
            raise UnreadableError(f"{name} is not a notebook: it has no nbformat number.")
        if not 2 <= document["nbformat"] <= 4:
            raise UnreadableError(
                f"{name} has notebook format {document['nbformat']}, expected 4. Save it with Jupyter."
            )
        if document["nbformat"] < 4:
            document = nbformat.convert(nbformat.from_dict(document), 4)
        cells = document.get("cells")
        if not isinstance(cells, list):
            raise UnreadableError(f"{name} is not a notebook: it has no list of cells.")
    except UnreadableError:
        raise
    except (ValueError, RecursionError):
        raise UnreadableError(f"{name} is not a notebook: it is not valid JSON (was the upload cut off?).") from None
    except Exception as error:  # nbformat's converters assume a well-formed document
        raise UnreadableError(f"{name} has an old notebook format that is damaged ({type(error).__name__}).") from None
    if len(cells) > CELLS:
        raise UnreadableError(f"{name} has {len(cells)} cells, more than {CELLS}.")
    notebook: NotebookNode = nbformat.v4.new_notebook()
    notebook.cells = [clean for cell in cells if (clean := _clean(cell)) is not None]
    return notebook


def _clean(cell: object) -> NotebookNode | None:
    """Return a new cell with type, source and grade id; None for something that is no cell."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    source = source.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be written anywhere
    kind = cell.get("cell_type")
    make: Any = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    clean: NotebookNode = make(source)
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    if isinstance(name, str) and name:
        clean.metadata["nbgrader"] = {"grade_id": name}
    return clean
