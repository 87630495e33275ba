"""The IDX file format of the MNIST family (LeCun, Cortes & Burges): a header and raw bytes, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_idx"]

_UNSIGNED_BYTE = 8


def read_idx(path: str | Path) -> NDArray[np.uint8]:
    """The array of unsigned bytes in an IDX file, of the shape that its header names.

        0 0 8 d        two zero bytes, the type (8: unsigned byte), the number of dimensions d
        d × 4 bytes    the sizes, big-endian
        the rest       the values, last dimension fastest

    Raises ``ValueError``, naming the file, when it is not IDX, truncated or too long.
    """
    path = Path(path)
    content = _content(path)
    if content[:3] != bytes([0, 0, _UNSIGNED_BYTE]) or len(content) < 4 or content[3] == 0:
        raise ValueError(
            f"{path}: not an IDX file of unsigned bytes; it starts with {content[:4].hex(' ') or 'nothing'}"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise ValueError(f"{path}: has {len(content)} bytes, expected a header of {header}")
    shape = tuple(np.frombuffer(content[4:header], ">u4").astype(int).tolist())
    expected = header + int(np.prod(shape, dtype=np.int64))
    if len(content) != expected:
        raise ValueError(f"{path}: has {len(content)} bytes, expected {expected} for an array of shape {shape}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return file.read()
    except (EOFError, OSError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path}: not a complete gzip file ({error})") from error
