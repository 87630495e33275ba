"""What can be read off fixed features: a linear classifier, and the nearest neighbour."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.standardize import Standardizer

__all__ = ["LinearProbe", "linear_probe", "nearest_neighbour"]

Array = NDArray[Any]


class LinearProbe:
    """Softmax regression on features, standardised with the training set's statistics: the head of a fixed body.

    ``classes`` is how many there are; a class without an example is never answered. ``strength`` is that of the L2
    penalty. :meth:`fit` raises ``ValueError`` for examples of fewer than two classes.
    """

    def __init__(self, classes: int, strength: float = 1.0) -> None:
        self.classes, self.strength = classes, strength

    def fit(self, F: Array, y: Array) -> Self:
        """Learn from features ``F`` (N, D) and labels ``y`` (N,)."""
        from sklearn.linear_model import LogisticRegression

        if len(np.unique(y)) < 2:
            raise ValueError(f"LinearProbe.fit: y has {len(np.unique(y))} classes, expected examples of two or more")
        self.scaler = Standardizer().fit(F)
        self.classifier = LogisticRegression(C=1 / self.strength, max_iter=2000).fit(self.scaler.transform(F), y)
        return self

    def probabilities(self, F: Array) -> NDArray[np.float64]:
        """The probability of every class, (N, classes), for features ``F`` (N, D)."""
        shares = np.zeros((len(F), self.classes))
        shares[:, self.classifier.classes_] = self.classifier.predict_proba(self.scaler.transform(F))
        return shares


def linear_probe(F: Array, y: Array, F_test: Array, strength: float = 1.0) -> NDArray[np.int64]:
    """Answers of a :class:`LinearProbe` that was trained on features ``F`` (N, D) and labels ``y``, for ``F_test``."""
    probe = LinearProbe(int(y.max()) + 1, strength).fit(F, y)
    answers: NDArray[np.int64] = probe.probabilities(F_test).argmax(axis=1)
    return answers


def nearest_neighbour(F: Array, y: Array, F_test: Array) -> NDArray[np.int64]:
    """The label of the nearest training example, in Euclidean distance: nothing is learned."""
    F, F_test = F.reshape(len(F), -1).astype(np.float64), F_test.reshape(len(F_test), -1).astype(np.float64)
    squares = (F**2).sum(axis=1) - 2 * F_test @ F.T  # + ‖F_test‖², the same for all candidates
    nearest: NDArray[np.int64] = y[squares.argmin(axis=1)]
    return nearest
