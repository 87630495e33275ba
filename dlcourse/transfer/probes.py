"""What can be read off fixed features: a linear classifier, and the nearest neighbour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.standardize import Standardizer

__all__ = ["linear_probe", "nearest_neighbour"]

Array = NDArray[Any]


def linear_probe(F: Array, y: Array, F_test: Array, strength: float = 1.0) -> NDArray[np.int64]:
    """Answers of softmax regression that was trained on features ``F`` (N, D) and labels ``y``, for ``F_test``.

    Features are standardised with the training set's statistics; ``strength`` is that of the L2 penalty.
    """
    from sklearn.linear_model import LogisticRegression

    scaler = Standardizer().fit(F)
    classifier = LogisticRegression(C=1 / strength, max_iter=2000).fit(scaler.transform(F), y)
    answers: NDArray[np.int64] = classifier.predict(scaler.transform(F_test))
    return answers


def nearest_neighbour(F: Array, y: Array, F_test: Array) -> NDArray[np.int64]:
    """The label of the nearest training example, in Euclidean distance: nothing is learned."""
    F, F_test = F.reshape(len(F), -1).astype(np.float64), F_test.reshape(len(F_test), -1).astype(np.float64)
    squares = (F**2).sum(axis=1) - 2 * F_test @ F.T  # + ‖F_test‖², the same for all candidates
    nearest: NDArray[np.int64] = y[squares.argmin(axis=1)]
    return nearest
