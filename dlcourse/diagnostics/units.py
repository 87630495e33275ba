"""Are the units alive? Dead and saturated activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["dead_units", "saturation_share"]


def dead_units(activations: ArrayLike) -> NDArray[np.bool_]:
    """Which units of a ReLU layer are 0 for every example, so that they get no gradient from any.

    ``activations`` are outputs (N, units) or maps (N, channels, H, W); the answer has one entry
    for each unit or channel: ``.sum()`` counts the dead ones, ``.mean()`` is their share. A unit
    that is 0 on this batch may wake up on others: use a few hundred examples.
    Raises ``ValueError`` for an empty batch or fewer than two axes.
    """
    values = _batch(activations, "dead_units")
    others = tuple(axis for axis in range(values.ndim) if axis != 1)
    dead: NDArray[np.bool_] = (values == 0).all(axis=others)
    return dead


def saturation_share(activations: ArrayLike, low: float, high: float, margin: float = 0.05) -> float:
    """The share of activations so close to the ends of their range that their gradient is nearly 0.

    The range is 0 to 1 for a sigmoid and -1 to 1 for tanh; ``margin`` is a share of it. At 5 % from
    the end a sigmoid's slope is 0.0475, a fifth of its largest. Raises ``ValueError`` for values
    outside the range.
    """
    values = _batch(activations, "saturation_share")
    if values.min() < low - 1e-6 or values.max() > high + 1e-6:
        raise ValueError(
            f"saturation_share: activations run from {values.min():.3g} to {values.max():.3g}, "
            f"expected {low} to {high}; give the range of this activation"
        )
    edge = margin * (high - low)
    return float(np.mean((values <= low + edge) | (values >= high - edge)))


def _batch(activations: ArrayLike, who: str) -> NDArray[Any]:
    values: NDArray[Any] = np.asarray(activations)
    if values.ndim < 2 or values.size == 0:
        raise ValueError(
            f"{who}: activations has shape {values.shape}, expected (N, units, …) with at least one example"
        )
    return values
