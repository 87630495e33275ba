"""Training, validation and test sets that keep the share of every class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlcourse.data.dataset import Dataset

__all__ = ["stratified_indices", "stratified_kfold", "stratified_split"]

Indices = NDArray[np.int64]


def stratified_split(data: Dataset, parts: Sequence[float] = (0.6, 0.2, 0.2), seed: int = 0) -> tuple[Dataset, ...]:
    """Split ``data`` at random so that each part has the classes in the same proportions.

    ``parts`` are shares that add up to 1, or whole numbers of examples that add up to
    ``len(data)``: ``train, validation, test = stratified_split(digits, (0.6, 0.2, 0.2))``.
    Raises ``ValueError`` as :func:`stratified_indices` does.
    """
    return tuple(data.subset(indices) for indices in stratified_indices(data.y, parts, seed))


def stratified_indices(y: ArrayLike, parts: Sequence[float], seed: int = 0) -> list[Indices]:
    """Positions for each part of a stratified split of the labels ``y`` (N,).

    Every example is in exactly one part. Raises ``ValueError`` when the parts do not add up
    or a class has too few examples to appear in every part.
    """
    labels = _labels(y, "stratified_split")
    sizes = _sizes(parts, len(labels))
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < len(sizes):
        rare = classes[counts.argmin()]
        raise ValueError(
            f"stratified_split: class {rare} has {counts.min()} example(s), expected at least {len(sizes)}, "
            f"one for each part"
        )
    if min(sizes) < len(classes):
        raise ValueError(
            f"stratified_split: a part of {min(sizes)} example(s) cannot hold all {len(classes)} classes; "
            f"make it larger"
        )
    return _split(labels, sizes, seed)


def stratified_kfold(y: ArrayLike, folds: int = 5, seed: int = 0) -> Iterator[tuple[Indices, Indices]]:
    """Yield ``folds`` pairs (training positions, validation positions) for cross-validation.

    Each example is in exactly one validation part, and each part has the classes of ``y`` (N,)
    in the same proportions. Raises ``ValueError`` when a class has fewer than ``folds`` examples.
    """
    labels = _labels(y, "stratified_kfold")
    classes, counts = np.unique(labels, return_counts=True)
    if not 2 <= folds <= counts.min():
        raise ValueError(
            f"stratified_kfold: folds is {folds}, expected 2 to {counts.min()}, "
            f"because class {classes[counts.argmin()]} has {counts.min()} example(s)"
        )
    return _kfold(labels, folds, seed)


def _kfold(labels: NDArray[np.int64], folds: int, seed: int) -> Iterator[tuple[Indices, Indices]]:
    from sklearn.model_selection import StratifiedKFold

    yield from StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels)


def _split(labels: NDArray[np.int64], sizes: list[int], seed: int) -> list[Indices]:
    """Cut off one part after the other with scikit-learn's stratified split."""
    from sklearn.model_selection import train_test_split

    rest = np.arange(len(labels))
    parts = []
    for step, size in enumerate(sizes[:-1]):
        part, rest = train_test_split(rest, train_size=size, stratify=labels[rest], random_state=seed + step)
        parts.append(part)
    return [*parts, rest]


def _sizes(parts: Sequence[float], total: int) -> list[int]:
    if len(parts) < 2 or min(parts) <= 0:
        raise ValueError(f"stratified_split: parts is {tuple(parts)}, expected two or more positive shares or counts")
    if all(isinstance(part, (int, np.integer)) for part in parts):
        if sum(parts) != total:
            raise ValueError(
                f"stratified_split: parts add up to {sum(parts)}, expected {total}, the number of examples"
            )
        return [int(part) for part in parts]
    if not np.isclose(sum(parts), 1):
        raise ValueError(f"stratified_split: parts add up to {sum(parts):.4g}, expected 1 for shares")
    edges = np.rint(np.cumsum([0, *parts]) * total).astype(int)
    return [int(size) for size in np.diff(edges)]


def _labels(y: ArrayLike, who: str) -> NDArray[np.int64]:
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(f"{who}: y has shape {labels.shape} and dtype {labels.dtype}, expected whole numbers (N,)")
    return labels.astype(np.int64)
