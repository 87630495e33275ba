"""Which classes are taken for which."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Confusion", "confusion_matrix"]


@dataclass(frozen=True, eq=False)
class Confusion:
    """``counts[i, j]`` examples of class i were called class j; rows are the truth."""

    counts: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def recall(self) -> NDArray[np.float64]:
        """For each class, the share of its examples that were found; NaN for a class without examples."""
        return _ratio(np.diag(self.counts), self.counts.sum(1))

    @property
    def precision(self) -> NDArray[np.float64]:
        """For each class, the share of right answers among those that named it; NaN if none did."""
        return _ratio(np.diag(self.counts), self.counts.sum(0))

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall: the metric to look at when classes are imbalanced."""
        return float(np.nanmean(self.recall))

    def most_confused(self, count: int = 3) -> list[tuple[str, str, int]]:
        """The most frequent mistakes as (truth, answer, how often)."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        pairs = [divmod(int(place), len(self.classes)) for place in order]
        return [(self.classes[i], self.classes[j], int(wrong[i, j])) for i, j in pairs if wrong[i, j]]

    def __str__(self) -> str:
        header = ["", *self.classes]
        rows = [[name, *map(str, row)] for name, row in zip(self.classes, self.counts, strict=True)]
        width = max(len(cell) for row in [header, *rows] for cell in row)
        return "\n".join(" ".join(cell.rjust(width) for cell in row) for row in [header, *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        names = [html.escape(name) for name in self.classes]
        head = "".join(f'<th scope="col">{name}</th>' for name in names)
        body = "".join(
            f'<tr><th scope="row">{name}</th>{"".join(f"<td>{count}</td>" for count in row)}</tr>'
            for name, row in zip(names, self.counts, strict=True)
        )
        caption = "<caption>Rows: truth, columns: answer</caption>"
        return f"<table>{caption}<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


def confusion_matrix(y: ArrayLike, predicted: ArrayLike, classes: Sequence[str] | None = None) -> Confusion:
    """Count truths ``y`` against answers ``predicted``, both class numbers (N,).

    ``classes`` are the names, by default the numbers. Raises ``ValueError`` for lengths that
    differ, no examples, or numbers without a name.
    """
    truth, answer = np.asarray(y), np.asarray(predicted)
    if truth.ndim != 1 or truth.shape != answer.shape or truth.size == 0:
        raise ValueError(
            f"confusion_matrix: y has shape {truth.shape} and predicted {answer.shape}, expected (N,) for both, N ≥ 1"
        )
    highest = int(max(truth.max(), answer.max()))
    names = tuple(map(str, range(highest + 1))) if classes is None else tuple(classes)
    if min(truth.min(), answer.min()) < 0 or highest >= len(names):
        raise ValueError(
            f"confusion_matrix: class numbers run from {min(truth.min(), answer.min())} to {highest}, "
            f"expected 0 to {len(names) - 1}"
        )
    size = len(names)
    counts = np.bincount(truth.astype(np.int64) * size + answer.astype(np.int64), minlength=size * size)
    return Confusion(counts.reshape(size, size), names)


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
