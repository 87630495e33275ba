"""Keep generated data sets in the user's cache folder, written atomically and checked on reading."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cache_dir", "cached_arrays"]

Arrays = dict[str, NDArray[Any]]

# What NumPy raises for a file that is empty, cut off, altered or no archive at all.
_DAMAGE = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def cache_dir() -> Path:
    """Where data are kept: the ``DLCOURSE_CACHE`` folder, or the operating system's cache folder."""
    chosen = os.environ.get("DLCOURSE_CACHE")
    if chosen:
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("dlcourse"))


def cached_arrays(name: str, recipe: Mapping[str, Any], make: Callable[[], Arrays]) -> Arrays:
    """The arrays that ``make()`` returns, from the cache when the same ``recipe`` was made before.

    ``recipe`` is everything the arrays depend on; its hash is part of the file's name. The file
    holds a hash of the arrays. A damaged file is named in a warning and left as it is, and the
    arrays are made anew; so are they, with a warning, when the folder cannot be written.
    """
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    path = cache_dir() / f"{name}-{key}.npz"
    if path.exists():
        try:
            return _read(path)
        except _DAMAGE as error:
            warnings.warn(
                f"{path} is damaged ({error}); it is left as it is and the data are made anew. "
                f"Delete it to repair the cache.",
                stacklevel=3,
            )
            return make()
    arrays = make()
    try:
        _write(path, arrays)
    except OSError as error:
        warnings.warn(f"cannot keep {name} in {path.parent} ({error}); the next call makes it again", stacklevel=3)
    return arrays


def _read(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    digest = str(arrays.pop("sha256", ""))
    if digest != _digest(arrays):
        raise ValueError("its content does not match its hash")
    return arrays


def _write(path: Path, arrays: Arrays) -> None:
    """Write to a temporary file beside ``path`` and rename it, so that no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, sha256=np.array(_digest(arrays)), **arrays)
        os.replace(temporary, path)  # noqa: PTH105 - both paths are plain strings here
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()
