"""Is a network right as often as it says? Reliability bins and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Reliability", "expected_calibration_error", "reliability"]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Answers grouped by confidence, the probability of the answer given.

    For each of B bins: its ``edges`` (B + 1,), how many answers fall in (``counts``), their mean
    ``confidence`` and their ``accuracy``; NaN for an empty bin.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def expected_error(self) -> float:
        """Σ (share of answers in the bin) · |accuracy - confidence| (Naeini, Cooper & Hauskrecht, 2015)."""
        used = self.counts > 0
        gaps = np.abs(self.accuracy - self.confidence)[used]
        return float(gaps @ self.counts[used] / self.counts.sum())

    @property
    def overconfidence(self) -> float:
        """Mean confidence minus accuracy over all answers: positive when the network promises too much."""
        used = self.counts > 0
        return float((self.confidence - self.accuracy)[used] @ self.counts[used] / self.counts.sum())


def reliability(probabilities: ArrayLike, y: ArrayLike, bins: int = 15) -> Reliability:
    """Bin the answers of ``probabilities`` (N, C) to labels ``y`` (N,) by confidence, in equal widths.

    Raises ``ValueError`` when the shapes do not fit, rows do not add up to 1 (logits: apply the
    softmax first) or ``bins`` is below 1.
    """
    P, labels = np.asarray(probabilities, dtype=np.float64), np.asarray(y)
    if P.ndim != 2 or labels.shape != P.shape[:1] or len(P) == 0:
        raise ValueError(
            f"reliability: probabilities has shape {P.shape} and y {labels.shape}, expected (N, C) and (N,)"
        )
    if (P < 0).any() or not np.allclose(P.sum(1), 1, atol=1e-3):
        raise ValueError("reliability: rows do not add up to 1, expected probabilities; apply softmax to logits first")
    if bins < 1:
        raise ValueError(f"reliability: bins is {bins}, expected 1 or more")
    confidence, right = P.max(1), P.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(place, confidence, bins) / counts
        accuracy = np.bincount(place, right, bins) / counts
    return Reliability(np.linspace(0, 1, bins + 1), counts, mean_confidence, accuracy)


def expected_calibration_error(probabilities: ArrayLike, y: ArrayLike, bins: int = 15) -> float:
    """The mean gap between confidence and accuracy, weighted by bin; 0 for a network that knows how sure it is.

    It depends on ``bins``: compare numbers of equal bins only. Raises as :func:`reliability`.
    """
    return reliability(probabilities, y, bins).expected_error
