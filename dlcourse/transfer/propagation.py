"""Labels for unlabelled points from the few that have one: along a graph of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["neighbour_graph", "propagate_labels"]

Array = NDArray[np.float64]


def propagate_labels(
    points: NDArray[Any], labels: NDArray[np.int64], classes: int, neighbours: int = 10, alpha: float = 0.99
) -> Array:
    """Shares (N, C) of each class at each point; each row sums to 1 (Zhou, Bousquet, Lal, Weston & Schölkopf, 2004).

        F = (I - α S)⁻¹ Y        S = D^(-1/2) W D^(-1/2)        W_ij = exp(-d_ij² / 2σ²) between neighbours, else 0

    ``points`` is (N, D); ``labels`` (N,) holds the class, or -1 where it is unknown. σ² is the mean squared distance
    to a neighbour. Y has a 1 for each known label. A point that no label reaches gets equal shares.
    Raises ``ValueError`` for other shapes or when no label is known.
    """
    n = len(points)
    if points.ndim != 2 or labels.shape != (n,) or not 1 <= neighbours < n:
        raise ValueError(
            f"propagate_labels: points has shape {points.shape}, labels {labels.shape} and neighbours is {neighbours}, "
            f"expected (N, D), (N,) and 1 to N - 1"
        )
    if (labels < 0).all() or labels.max() >= classes:
        raise ValueError(f"propagate_labels: labels must be -1 or 0 to {classes - 1}, and one at least known")
    S = neighbour_graph(points, neighbours)
    known = labels >= 0
    Y = np.zeros((n, classes))
    Y[known, labels[known]] = 1
    F = np.maximum(np.linalg.solve(np.eye(n) - alpha * S, Y), 0)
    total = F.sum(axis=1, keepdims=True)
    return np.where(total > 1e-12, F / np.maximum(total, 1e-300), 1 / classes)


def neighbour_graph(points: NDArray[Any], neighbours: int = 10) -> Array:
    """The matrix S (N, N) of :func:`propagate_labels` for points (N, D): who hands how much on to whom."""
    W = _neighbourhood(points.astype(np.float64), neighbours)
    root = np.sqrt(np.maximum(W.sum(axis=1), 1e-300))
    scaled: Array = W / root[:, None] / root[None, :]
    return scaled


def _neighbourhood(points: Array, neighbours: int) -> Array:
    """Symmetric weights (N, N): a pair counts when one of the two is among the nearest of the other."""
    squares = (points**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * points @ points.T, 0)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argpartition(distances, neighbours, axis=1)[:, :neighbours]
    rows = np.repeat(np.arange(len(points)), neighbours)
    near = distances[rows, nearest.ravel()]
    W = np.zeros_like(distances)
    W[rows, nearest.ravel()] = np.exp(-near / (2 * max(near.mean(), 1e-300)))
    symmetric: Array = np.maximum(W, W.T)
    return symmetric
