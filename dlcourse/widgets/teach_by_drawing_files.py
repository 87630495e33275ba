"""The drawings of the teach-by-drawing explorer as files: .npz for Python, .json from the page's button."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcourse.widgets.teach_by_drawing_run import images

__all__ = ["read_drawings", "write_drawings"]


def write_drawings(path: Path, names: Sequence[str], drawings: Sequence[tuple[int, str]]) -> Path:
    """Write drawings (label, text) and the ``names`` of their classes, in one step: a half-written file never stands.

    A .npz file holds X (N, 1, 32, 32), y (N,), names and texts, and no pickle; a .json file names and drawings.
    Raises ``ValueError`` for another ending and for no drawings.
    """
    if path.suffix not in (".npz", ".json"):
        raise ValueError(f"save: path is {str(path)!r}, expected a name that ends in .npz or .json")
    if not drawings:
        raise ValueError("save: there is no drawing yet, expected one or more")
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            if path.suffix == ".json":
                content = {"names": list(names), "drawings": [list(drawing) for drawing in drawings]}
                file.write(json.dumps(content, ensure_ascii=False).encode())
            else:
                y, texts = np.array([label for label, _ in drawings]), np.array([text for _, text in drawings])
                np.savez(file, X=images(drawings), y=y, names=np.array(names), texts=texts)
        Path(beside).chmod(0o644)  # mkstemp's file is its owner's alone
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def read_drawings(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Names and drawings ``[label, text]`` of a file that :func:`write_drawings` or the page wrote.

    Raises ``ValueError`` for a file that holds none, ``FileNotFoundError`` where there is no file.
    """
    try:
        if path.suffix == ".json":
            content = json.loads(path.read_text("utf-8"))
            return [str(name) for name in content["names"]], [list(drawing) for drawing in content["drawings"]]
        with np.load(path, allow_pickle=False) as stored:
            labels, texts = stored["y"].tolist(), stored["texts"].tolist()
            return stored["names"].tolist(), [list(drawing) for drawing in zip(labels, texts, strict=True)]
    except (KeyError, TypeError, UnicodeDecodeError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"load: {str(path)!r} holds no drawings, expected a file that save wrote ({error})") from None
