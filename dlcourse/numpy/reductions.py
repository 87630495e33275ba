"""Many numbers to few: sum, mean, maximum along an axis, and the matrix product.

Backward goes from few numbers to many: every input of a sum gets the gradient of the sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.arithmetic import unbroadcast
from dlcourse.numpy.graph import Array, Operation

__all__ = ["MatMul", "Max", "Mean", "Sum"]

Axis = int | tuple[int, ...] | None


def _restore_axes(array: Any, axis: Axis, keepdims: bool) -> Any:
    """Give a reduced array back its axes of length 1, so that it broadcasts against the input."""
    return array if axis is None or keepdims else np.expand_dims(array, axis)


class Sum(Operation):
    """Σ a over ``axis``; each summand gets the gradient of the sum."""

    def forward(self, a: Array, axis: Axis = None, keepdims: bool = False) -> Any:
        self.shape, self.axis, self.keepdims = a.shape, axis, keepdims
        return a.sum(axis=axis, keepdims=keepdims)

    def backward(self, grad: Array) -> Any:
        return np.broadcast_to(_restore_axes(grad, self.axis, self.keepdims), self.shape)


class Mean(Operation):
    """The mean over ``axis``: a sum divided by the number n of summands, and so is its gradient.

    The mean of no numbers is NaN, with NumPy's warning.
    """

    def forward(self, a: Array, axis: Axis = None, keepdims: bool = False) -> Any:
        self.shape, self.axis, self.keepdims = a.shape, axis, keepdims
        out = np.asarray(a.mean(axis=axis, keepdims=keepdims))
        self.n = a.size // max(out.size, 1)
        return out

    def backward(self, grad: Array) -> Any:
        restored = _restore_axes(grad, self.axis, self.keepdims)
        return np.broadcast_to(restored / max(self.n, 1), self.shape)


class Max(Operation):
    """The largest value over ``axis`` (or of all), as torch's ``amax``: equal maxima share the gradient evenly."""

    def forward(self, a: Array, axis: Axis = None, keepdims: bool = False) -> Any:
        self.axis, self.keepdims = axis, keepdims
        out = a.max(axis=axis, keepdims=keepdims)
        self.winners = a == _restore_axes(out, axis, keepdims)
        return out

    def backward(self, grad: Array) -> Any:
        winners = self.winners.astype(grad.dtype)
        share = winners / winners.sum(axis=self.axis, keepdims=True)
        return share * _restore_axes(grad, self.axis, self.keepdims)


class MatMul(Operation):
    """A @ B for matrices, stacks of matrices and vectors, as in NumPy and torch.

        dA = dC @ Bᵀ        dB = Aᵀ @ dC        A: (..., N, D)   B: (..., D, M)   C: (..., N, M)

    A vector takes part as a matrix with one row (on the left) or one column (on the right).
    """

    def forward(self, a: Array, b: Array) -> Any:
        if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
            raise ValueError(
                f"matmul: left has shape {a.shape} and right {b.shape}; expected (..., N, D) and (..., D, M) "
                f"with the same D"
            )
        if a.dtype != b.dtype:
            raise TypeError(f"matmul: left is {a.dtype} and right is {b.dtype}, expected the same dtype")
        self.a, self.b = a, b
        return a @ b

    def backward(self, grad: Array) -> tuple[Array | None, Array | None]:
        a = self.a[np.newaxis, :] if self.a.ndim == 1 else self.a
        b = self.b[:, np.newaxis] if self.b.ndim == 1 else self.b
        if self.a.ndim == 1 and self.b.ndim == 1:
            grad = grad.reshape(1, 1)
        elif self.a.ndim == 1:
            grad = grad[..., np.newaxis, :]
        elif self.b.ndim == 1:
            grad = grad[..., np.newaxis]
        da = unbroadcast(grad @ b.swapaxes(-1, -2), a.shape).reshape(self.a.shape) if self.needs[0] else None
        db = unbroadcast(a.swapaxes(-1, -2) @ grad, b.shape).reshape(self.b.shape) if self.needs[1] else None
        return da, db
