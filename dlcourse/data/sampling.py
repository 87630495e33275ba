"""Which examples to show how often: imbalanced classes and hard examples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["class_weights", "example_weights", "hard_examples", "oversample", "undersample"]

Indices = NDArray[np.int64]


def class_weights(y: ArrayLike, classes: int | None = None) -> NDArray[np.float32]:
    """A weight for each class, (C,) in float32, that balances the loss: N / (C · n_c).

    The mean weight over the examples is 1, so the learning rate keeps its meaning.
    ``classes`` defaults to the largest label plus one.
    Raises ``ValueError`` when a class has no example.
    """
    labels = _labels(y, "class_weights")
    counts = np.bincount(labels, minlength=classes or 0)
    if (counts == 0).any():
        raise ValueError(f"class_weights: class {int(counts.argmin())} has no example, so no finite weight")
    return (len(labels) / (len(counts) * counts)).astype(np.float32)


def example_weights(y: ArrayLike) -> NDArray[np.float64]:
    """A probability for each example, (N,), under which every class is drawn equally often."""
    labels = _labels(y, "example_weights")
    _, positions, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1 / counts[positions]
    weights /= weights.sum()
    return weights


def oversample(y: ArrayLike, seed: int = 0) -> Indices:
    """Positions in which rare classes are repeated until all are as large as the largest.

    Every example appears at least once; the extra ones are drawn at random with replacement.
    Over-sample the training set only, after splitting: a copy in the validation set is a leak.
    """
    rng = np.random.default_rng(seed)
    groups = _groups(_labels(y, "oversample"))
    largest = max(len(group) for group in groups)
    parts = [np.concatenate([group, rng.choice(group, largest - len(group))]) for group in groups]
    return rng.permutation(np.concatenate(parts))


def undersample(y: ArrayLike, seed: int = 0) -> Indices:
    """Positions in which large classes are thinned until all are as small as the smallest."""
    rng = np.random.default_rng(seed)
    groups = _groups(_labels(y, "undersample"))
    smallest = min(len(group) for group in groups)
    return rng.permutation(np.concatenate([rng.choice(group, smallest, replace=False) for group in groups]))


def hard_examples(losses: ArrayLike, share: float = 0.5, outliers: float = 0.02) -> Indices:
    """Positions of the hardest ``share`` of the examples, hardest first.

    The ``outliers`` share with the very largest ``losses`` (N,) is left out: those are often
    mislabelled, and training hard on a wrong label does harm.
    Raises ``ValueError`` for shares that leave nothing or losses that are not finite.
    """
    values = np.asarray(losses, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"hard_examples: losses has shape {values.shape}, expected finite numbers (N,)")
    if not (outliers >= 0 and share > 0 and share + outliers <= 1):
        raise ValueError(
            f"hard_examples: share {share} and outliers {outliers} must be positive and add up to at most 1"
        )
    hardest_first = np.argsort(-values, kind="stable")
    skip, take = round(outliers * len(values)), max(1, round(share * len(values)))
    return hardest_first[skip : skip + take]


def _labels(y: ArrayLike, who: str) -> NDArray[np.int64]:
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(f"{who}: y has shape {labels.shape} and dtype {labels.dtype}, expected labels 0, 1, … (N,)")
    return labels.astype(np.int64)


def _groups(labels: NDArray[np.int64]) -> list[Indices]:
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]
