"""Zero mean and unit variance, with statistics from the training set only."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Standardizer"]


class Standardizer:
    """Learn mean and standard deviation from training data, then apply them to any data.

        z = (x - mean) / scale        mean, scale: statistics of the *training* set

    ``axis`` is averaged over: 0 gives one mean for each feature of (N, D), ``(0, 2, 3)`` one for
    each channel of images (N, C, H, W). A feature that is constant in the training set has
    scale 1, so it becomes 0 there instead of dividing by zero. The standard deviation is the
    biased one (divide by N). Outputs keep the dtype of their input.
    Raises ``ValueError`` when ``axis`` leaves out axis 0.
    """

    def __init__(self, axis: int | tuple[int, ...] = 0) -> None:
        axes = axis if isinstance(axis, tuple) else (axis,)
        if 0 not in axes:
            raise ValueError(f"Standardizer: axis is {axis}, expected it to contain 0, the axis of the examples")
        self.axis = axis
        self.mean: NDArray[np.float64] | None = None
        self.scale: NDArray[np.float64] | None = None

    def fit(self, X: NDArray[Any]) -> Self:
        """Take mean and scale from ``X``, the training set. Raises ``ValueError`` for no examples or a NaN."""
        if X.shape[0] == 0:
            raise ValueError(f"Standardizer.fit: X has shape {X.shape}, expected at least one example")
        values = X.astype(np.float64)
        mean = values.mean(self.axis, keepdims=True)
        deviation = np.sqrt(((values - mean) ** 2).mean(self.axis, keepdims=True))
        if not np.isfinite(deviation).all():
            raise ValueError("Standardizer.fit: X contains NaN or infinite values, expected finite numbers")
        # A constant feature has a deviation of zero or, after rounding, of a few units in the last place.
        constant = deviation <= 8 * np.finfo(np.float64).eps * np.abs(mean)
        self.mean, self.scale = mean[0], np.where(constant, 1.0, deviation)[0]
        return self

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """Standardise ``X`` with the training set's statistics."""
        mean, scale = self._fitted(X, "transform")
        return ((X - mean) / scale).astype(_float_dtype(X), copy=False)

    def fit_transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """``fit(X).transform(X)``, for the training set."""
        return self.fit(X).transform(X)

    def inverse_transform(self, Z: NDArray[Any]) -> NDArray[Any]:
        """Undo :meth:`transform`."""
        mean, scale = self._fitted(Z, "inverse_transform")
        return (Z * scale + mean).astype(_float_dtype(Z), copy=False)

    def _fitted(self, X: NDArray[Any], who: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.mean is None or self.scale is None:
            raise RuntimeError(f"Standardizer.{who}: no statistics yet; call fit(X_train) first")
        fits = X.ndim == self.mean.ndim + 1 and all(
            expected in (1, got) for expected, got in zip(self.mean.shape, X.shape[1:], strict=True)
        )
        if not fits:
            raise ValueError(
                f"Standardizer.{who}: X has shape {X.shape}, expected (N, …) to fit statistics of shape "
                f"{self.mean.shape}"
            )
        return self.mean, self.scale


def _float_dtype(X: NDArray[Any]) -> np.dtype[Any]:
    return X.dtype if X.dtype.kind == "f" else np.dtype(np.float32)
