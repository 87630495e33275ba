"""Functions in which every output depends on several inputs: softmax, its logarithm, and maxout."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["log_softmax", "maxout", "softmax"]


class Softmax(Operation):
    """p_i = e^{z_i} / Σ_j e^{z_j} along one axis: positive, summing to 1.

        dz = p · (dp - Σ_j dp_j p_j)

    Every output depends on every input of its row, hence the sum. Subtracting the largest z of the
    row changes nothing in the formula and keeps e^z from overflowing.
    """

    def forward(self, z: Array, axis: int) -> Any:
        self.axis = axis
        exp = np.exp(_shifted(z, axis))
        self.p = exp / exp.sum(axis=axis, keepdims=True)
        return self.p

    def backward(self, grad: Array) -> Any:
        return self.p * (grad - (grad * self.p).sum(axis=self.axis, keepdims=True))


class LogSoftmax(Operation):
    """log p = z - log Σ_j e^{z_j} along one axis, without ever forming a p that may be 0.

    dz = d(log p) - p · Σ_j d(log p_j)
    """

    def forward(self, z: Array, axis: int) -> Any:
        self.axis = axis
        shifted = _shifted(z, axis)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        return self.log_p

    def backward(self, grad: Array) -> Any:
        return grad - np.exp(self.log_p) * grad.sum(axis=self.axis, keepdims=True)


def _shifted(z: Array, axis: int) -> Array:
    """Subtract the largest value of each row (the initial -inf is for rows without entries)."""
    shifted: Array = z - z.max(axis=axis, keepdims=True, initial=-np.inf)
    return shifted


def softmax(input: Tensor, dim: int) -> Tensor:
    """Probabilities along ``dim``; safe for inputs of ±1000."""
    require_floating("softmax", input)
    return Softmax.apply(input, axis=dim)


def log_softmax(input: Tensor, dim: int) -> Tensor:
    """The logarithm of ``softmax``, computed so that no probability rounds to 0 on the way."""
    require_floating("log_softmax", input)
    return LogSoftmax.apply(input, axis=dim)


def maxout(input: Tensor, pieces: int, dim: int = -1) -> Tensor:
    """The largest of every ``pieces`` neighbours along ``dim``, which becomes that much shorter.

    After a linear layer, a unit is the maximum of ``pieces`` linear functions: it learns its own
    convex activation (Goodfellow et al., 2013). Neighbours that are equal share the gradient.
    Raises ``ValueError`` if the length is not a multiple of ``pieces``.
    """
    length = input.shape[dim]
    if pieces < 1 or length % pieces:
        raise ValueError(f"maxout: pieces is {pieces}, expected a divisor of {length}, the length of axis {dim}")
    axis = dim % input.ndim
    grouped = input.reshape(*input.shape[:axis], length // pieces, pieces, *input.shape[axis + 1 :])
    return grouped.amax(axis + 1)
