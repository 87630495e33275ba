"""The penalties behind the bias and variance explorer: two weights, their quadratic loss, and steps to the optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BEST",
    "H",
    "PENALTIES",
    "RATE",
    "START",
    "STEPS",
    "WINDOW",
    "Path",
    "ball",
    "contours",
    "loss",
    "penalty",
    "walk",
]

Array = NDArray[np.float64]

H = np.array([[1.0, 0.6], [0.6, 1.0]])
"""The curvature of the loss: two standardised inputs whose correlation is 0.6."""
BEST = np.array([1.5, 0.4])
"""The weights with the lowest loss, without a penalty."""
START = np.array([-0.5, 1.3])
RATE, STEPS = 0.3, 100
PENALTIES = {"L2": (0.0, 1.0), "L1": (1.0, 0.0), "elastic net": (1.0, 1.0)}
"""Name: shares of λ that go to the absolute values (λ₁) and to the squares (λ₂)."""

WINDOW = (-0.8, 3.2, -0.8, 1.6)
"""What is drawn of the first weight, then of the second."""
_AROUND = np.linspace(0, 2 * np.pi, 73)  # a multiple of 4 pieces, so that the corners are among the points


def loss(w: Array) -> Array:
    """½ (w − ŵ)ᵀ H (w − ŵ) for each row of ``w`` (..., 2)."""
    away = w - BEST
    value: Array = 0.5 * np.einsum("...i,ij,...j", away, H, away)
    return value


def penalty(w: Array, l1: float, l2: float) -> Array:
    """λ₁ Σ|w| + λ₂/2 Σw² for each row of ``w`` (..., 2)."""
    value: Array = l1 * np.abs(w).sum(axis=-1) + l2 / 2 * (w**2).sum(axis=-1)
    return value


@dataclass(frozen=True)
class Path:
    """The weights after every step (STEPS + 1, 2), and the penalty's strengths."""

    weights: Array
    l1: float
    l2: float

    @property
    def zeros(self) -> int:
        """How many of the two weights are exactly 0 at the end."""
        return int((self.weights[-1] == 0).sum())

    def zero_since(self, place: int, step: int) -> int | None:
        """The step since which weight ``place`` has been exactly 0, seen after ``step``; None if it is not."""
        if self.weights[step, place] != 0:
            return None
        other = np.flatnonzero(self.weights[: step + 1, place])
        return int(other[-1]) + 1 if other.size else 0


def walk(name: str, lam: float, bug: bool = False) -> Path:
    """Gradient steps on loss and L2, each followed by soft thresholding; ``bug`` adds L1's subgradient instead.

    Raises ``KeyError`` for a name that is not in ``PENALTIES``.
    """
    l1, l2 = (lam * share for share in PENALTIES[name])
    w, path = START, [START]
    for _ in range(STEPS):
        gradient = H @ (w - BEST) + l2 * w
        if bug:
            w = w - RATE * (gradient + l1 * np.sign(w))
        else:
            w = w - RATE * gradient
            w = np.sign(w) * np.maximum(np.abs(w) - RATE * l1, 0.0)
        path.append(w)
    return Path(np.stack(path), l1, l2)


def ball(path: Path) -> Array:
    """The outline (n, 2) of all weights whose penalty is that of the weights found.

    One point where that is 0, no point without a penalty.
    """
    if path.l1 == path.l2 == 0:
        return np.empty((0, 2))
    target = float(penalty(path.weights[-1], path.l1, path.l2))
    direction = np.stack([np.cos(_AROUND), np.sin(_AROUND)], axis=1)
    linear, square = path.l1 * np.abs(direction).sum(axis=1), path.l2 / 2
    # r solves square r² + linear r = target; this form of the root also holds where square is 0
    below = linear + np.sqrt(linear**2 + 4 * square * target)
    return direction * (2 * target / below)[:, None] if target else np.zeros((1, 2))


def contours(levels: tuple[float, ...]) -> Array:
    """Ellipses of equal loss (levels, n, 2)."""
    values, axes = np.linalg.eigh(H)
    circle = np.stack([np.cos(_AROUND), np.sin(_AROUND)], axis=1)
    unit = circle / np.sqrt(values) @ axes.T  # all weights whose loss is ½, with ŵ in the origin
    return np.asarray(BEST + np.sqrt(2 * np.asarray(levels))[:, None, None] * unit)
