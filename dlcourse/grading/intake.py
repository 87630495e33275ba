"""Read files that nobody has looked at: every problem becomes a sentence.

Files are opened without following symbolic links and without waiting on pipes, and are read up to a limit. Zip files
are never unpacked: nothing is written, so nothing can land in a wrong place.
"""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["UnreadableError", "open_zip", "read_bytes", "read_notebook", "read_zip_member", "zip_members"]

NOTEBOOK_SIZE = 20 << 20
CELLS = 2000
ZIP_ENTRIES = 20_000


class UnreadableError(Exception):
    """A submission cannot be read. The message is a sentence for the student."""


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


def zip_members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Return the files of a zip, without hidden ones and those that macOS adds.

    Raises:
        UnreadableError: it holds more than 20,000 files.
    """
    if len(archive.infolist()) > ZIP_ENTRIES:
        raise UnreadableError(f"{name} holds more than {ZIP_ENTRIES} files.")
    return [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(entry.filename).parts)
    ]


def open_zip(content: bytes | Path, name: str) -> zipfile.ZipFile:
    """Open a zip file.

    Raises:
        UnreadableError: it is none.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise UnreadableError(f"{name} is not a zip file, or it is damaged.") from None


def read_zip_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int = NOTEBOOK_SIZE) -> bytes:
    """Read one file of a zip, and stop at the limit whatever the zip says about its size.

    Raises:
        UnreadableError: it is encrypted, damaged, packed in an unknown way, or larger than `limit`.
    """
    name = PurePosixPath(entry.filename).name
    try:
        with archive.open(entry) as file:
            content = file.read(limit + 1)
    except (RuntimeError, NotImplementedError):
        raise UnreadableError(f"{name} in the zip file has a password or is packed in an unusual way.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        raise UnreadableError(f"{name} in the zip file is damaged.") from None
    if len(content) > limit:
        raise UnreadableError(f"{name} is larger than {_size(limit)}. Clear its outputs and hand it in again.")
    return content


def _size(limit: int) -> str:
    return f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit} bytes"


def read_notebook(content: bytes, name: str) -> NotebookNode:
    """Parse a notebook of any nbformat version into version 4; keep only what grading needs.

    Outputs are dropped. Cells keep type, source, and nbgrader's id, points and flags.

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


_PLAIN = ("points", "grade", "solution", "locked")


def _clean(cell: object) -> NotebookNode | None:
    """Return a new cell with type, source, grade id, points and flags; None for something that is no cell."""
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
    if isinstance(nbgrader, dict) and isinstance(name, str) and name:
        plain = {key: nbgrader[key] for key in _PLAIN if isinstance(nbgrader.get(key), bool | int | float)}
        clean.metadata["nbgrader"] = {"grade_id": name, **plain}  # to be compared with what was handed out, no more
    return clean
