"""CIFAR-10: 32×32 colour images, from the binary version (the Python version is a pickle, which may run code)."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.cache import cache_dir
from dlcourse.data.dataset import Dataset
from dlcourse.data.download import fetch, verify

__all__ = ["load_cifar10"]

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
ARCHIVE = "cifar-10-binary.tar.gz"
ARCHIVE_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
FOLDER = "cifar-10-batches-bin"
TRAIN = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
}
TEST = {"test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue plane


def load_cifar10(train: bool = True, folder: str | Path | None = None) -> Dataset:
    """CIFAR-10's training (50,000) or test images (10,000), X (N, 3, 32, 32) in [0, 1] (Krizhevsky, 2009).

    With ``folder`` the binary version is read from there: its archive or its unpacked files.
    Without it the archive (162 MiB) is downloaded once into the cache folder. Raises
    ``FileNotFoundError``, ``ConnectionError`` and ``ValueError`` as
    :func:`~dlcourse.data.load_mnist` does.
    """
    files = TRAIN if train else TEST
    if folder is None:
        parts = _from_archive(fetch(URL, ARCHIVE_SHA256, cache_dir() / "cifar10"), files)
    else:
        parts = _from_folder(Path(folder), files)
    records = np.concatenate(parts)
    X = records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / np.float32(255)
    description = "Photographs of ten kinds of things, 50,000 for training and 10,000 for testing."
    return Dataset("cifar10", X, records[:, 0].astype(np.int64), CLASSES, description)


def _from_folder(folder: Path, files: dict[str, str]) -> list[NDArray[np.uint8]]:
    for place in (folder, folder / FOLDER):
        if all((place / name).is_file() for name in files):
            return [_read_file(place / name, sha256) for name, sha256 in files.items()]
    if (folder / ARCHIVE).is_file():
        verify(folder / ARCHIVE, ARCHIVE_SHA256)
        return _from_archive(folder / ARCHIVE, files)
    hint = ""
    if (folder / "cifar-10-batches-py").exists() or (folder / "cifar-10-python.tar.gz").exists():
        hint = "; the Python version there is a pickle, which could run any code: get the binary version instead"
    raise FileNotFoundError(
        f"{folder}: holds neither {ARCHIVE} nor {', '.join(files)} (also looked in {FOLDER}/){hint}"
    )


def _read_file(path: Path, sha256: str) -> NDArray[np.uint8]:
    verify(path, sha256)
    return _records(path.read_bytes(), str(path))


def _from_archive(path: Path, files: dict[str, str]) -> list[NDArray[np.uint8]]:
    """Read the members without unpacking; the archive's hash was checked before."""
    parts = []
    with tarfile.open(path) as archive:
        for name in files:
            member = archive.extractfile(f"{FOLDER}/{name}")
            if member is None:
                raise ValueError(f"{path}: {FOLDER}/{name} is not a file")
            parts.append(_records(member.read(), f"{path}:{name}"))
    return parts


def _records(content: bytes, name: str) -> NDArray[np.uint8]:
    if not content or len(content) % _RECORD:
        raise ValueError(f"{name}: has {len(content)} bytes, expected a multiple of {_RECORD}, the size of one image")
    return np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
