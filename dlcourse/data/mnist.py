"""MNIST and Fashion-MNIST: 28×28 grey images, read from a folder you have or downloaded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.cache import cache_dir
from dlcourse.data.dataset import Dataset
from dlcourse.data.download import fetch, verify
from dlcourse.data.idx import read_idx

__all__ = ["load_fashion_mnist", "load_mnist"]


@dataclass(frozen=True)
class IdxFile:
    """A file's name, the hash of its gzipped form, and the hash of its unpacked form where published."""

    name: str
    gz_sha256: str
    sha256: str | None = None


@dataclass(frozen=True)
class IdxSource:
    """Where a data set of the MNIST family lives."""

    name: str
    url: str
    classes: tuple[str, ...]
    description: str
    train: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]


MNIST = IdxSource(
    name="mnist",
    url="https://ossci-datasets.s3.amazonaws.com/mnist/",
    classes=tuple(str(digit) for digit in range(10)),
    description="Handwritten digits, 60,000 for training and 10,000 for testing (LeCun, Cortes & Burges, 1998).",
    train=(
        IdxFile(
            "train-images-idx3-ubyte",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    test=(
        IdxFile(
            "t10k-images-idx3-ubyte",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
)

FASHION_MNIST = IdxSource(
    name="fashion-mnist",
    url="https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    classes=(
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    description="Articles of clothing, 60,000 for training and 10,000 for testing (Xiao, Rasul & Vollgraf, 2017).",
    train=(
        IdxFile("train-images-idx3-ubyte", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        IdxFile("train-labels-idx1-ubyte", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ),
    test=(
        IdxFile("t10k-images-idx3-ubyte", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        IdxFile("t10k-labels-idx1-ubyte", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)


def load_mnist(train: bool = True, folder: str | Path | None = None) -> Dataset:
    """MNIST's training (60,000) or test images (10,000), X (N, 1, 28, 28) in [0, 1].

    With ``folder`` the four files are read from there, gzipped or unpacked, also from the
    ``MNIST/raw`` folder that torchvision makes; nothing is downloaded. Without it they are
    downloaded once into the cache folder. Raises ``FileNotFoundError`` when a file is missing
    from ``folder``, ``ConnectionError`` without a network, and ``ValueError``, naming the file
    and leaving it as it is, when one is truncated, altered or another one.
    """
    return load_idx_source(MNIST, train, folder)


def load_fashion_mnist(train: bool = True, folder: str | Path | None = None) -> Dataset:
    """Fashion-MNIST's training or test images; as :func:`load_mnist`, but files must be gzipped."""
    return load_idx_source(FASHION_MNIST, train, folder)


def load_idx_source(source: IdxSource, train: bool, folder: str | Path | None) -> Dataset:
    """Read the images and the labels of ``source`` after checking their hashes."""
    files = source.train if train else source.test
    paths = [_find(file, Path(folder)) if folder is not None else _download(file, source) for file in files]
    images, labels = read_idx(paths[0]), read_idx(paths[1])
    X: NDArray[np.float32] = images[:, None].astype(np.float32) / np.float32(255)
    return Dataset(source.name, X, labels.astype(np.int64), source.classes, source.description)


def _download(file: IdxFile, source: IdxSource) -> Path:
    return fetch(f"{source.url}{file.name}.gz", file.gz_sha256, cache_dir() / source.name)


def _find(file: IdxFile, folder: Path) -> Path:
    """The gzipped or unpacked ``file`` below ``folder``, with its hash checked."""
    places = [folder, folder / "raw", folder / "MNIST" / "raw", folder / "FashionMNIST" / "raw"]
    for place in places:
        if (place / f"{file.name}.gz").is_file():
            verify(place / f"{file.name}.gz", file.gz_sha256)
            return place / f"{file.name}.gz"
        if (place / file.name).is_file() and file.sha256:
            verify(place / file.name, file.sha256)
            return place / file.name
    wanted = f"{file.name}.gz" + (f" or {file.name}" if file.sha256 else "")
    raise FileNotFoundError(f"{folder}: holds no {wanted}, neither itself nor in raw/, MNIST/raw/ or FashionMNIST/raw/")
