"""Losses: how wrong the outputs are, as one number to go down."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.functional.activation import _shifted
from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["cross_entropy", "mse_loss"]


class CrossEntropy(Operation):
    """Softmax and negative log-likelihood in one: ℓ_n = -log p_n[y_n], with p = softmax(z).

        dz = (p - onehot(y)) · dℓ

    logits z: (N, C), class numbers y: (N,).
    """

    def forward(self, logits: Array, target: Array) -> Any:
        self.target, self.rows = target, np.arange(len(target))
        shifted = _shifted(logits, axis=1)
        self.exp = np.exp(shifted)
        self.total = self.exp.sum(axis=1, keepdims=True)
        return np.log(self.total[:, 0]) - shifted[self.rows, target]

    def backward(self, grad: Array) -> Any:
        dz = self.exp / self.total
        dz[self.rows, self.target] -= 1
        dz *= grad[:, np.newaxis]
        return dz


class SquaredError(Operation):
    """(input - target)², with derivative 2(input - target), and the opposite for the target."""

    def forward(self, a: Array, b: Array) -> Any:
        self.difference = a - b
        return self.difference**2

    def backward(self, grad: Array) -> tuple[Array, Array]:
        da = 2 * grad * self.difference
        return da, -da


def reduce(losses: Tensor, reduction: str, function: str) -> Tensor:
    """Turn the losses of the examples into the cost: their "mean", their "sum", or "none" to keep them."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"{function}: reduction is {reduction!r}, expected 'mean', 'sum' or 'none'")


def cross_entropy(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy of softmax(input) for input (N, C) and class numbers target (N,)."""
    y = target.data if isinstance(target, Tensor) else np.asarray(target)
    if input.ndim != 2:
        raise ValueError(f"cross_entropy: input has shape {input.shape}, expected (N, C)")
    n, classes = input.shape
    if y.shape != (n,):
        raise ValueError(f"cross_entropy: target has shape {y.shape}, expected ({n},) because input is {input.shape}")
    if y.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: target is {y.dtype}, expected integers: class numbers from 0 to {classes - 1}")
    if n and not (y.min() >= 0 and y.max() < classes):
        raise ValueError(f"cross_entropy: target holds {y.min()} to {y.max()}, expected 0 to {classes - 1}")
    return reduce(CrossEntropy.apply(input, target=y), reduction, "cross_entropy")


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean of the squared differences over all entries of input and target, which have one shape."""
    if input.shape != target.shape:
        raise ValueError(f"mse_loss: target has shape {target.shape}, expected {input.shape}, the shape of input")
    return reduce(SquaredError.apply(input, target), reduction, "mse_loss")
