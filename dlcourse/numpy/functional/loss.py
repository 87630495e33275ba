"""Losses of outputs against targets: how wrong a network is, as one number that should go down.

Each operation computes the losses ℓ_n of the examples and turns them into the cost at once:
"mean" divides by how many there are, "sum" does not, "none" keeps them apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["binary_cross_entropy_with_logits", "mse_loss"]


class Loss(Operation):
    """The base of the losses: what "mean", "sum" and "none" do on the way forward and back."""

    divisor: float = 1

    def reduce(self, losses: Array, reduction: str, count: float | None = None) -> Any:
        """The cost of these losses; for "mean", their sum over ``count`` (how many there are, if not given)."""
        if reduction == "none":
            return losses
        if reduction == "mean":
            self.divisor = losses.size if count is None else count
        elif reduction != "sum":
            raise ValueError(f"{type(self).__name__}: reduction is {reduction!r}, expected 'mean', 'sum' or 'none'")
        return losses.sum() / self.divisor

    def spread(self, grad: Array) -> Array:
        """The gradient of each loss: the cost's, over the divisor (or its own, for "none")."""
        return grad / self.divisor


class MSELoss(Loss):
    """ℓ = (input - target)², with derivative 2(input - target), and the opposite for the target."""

    def forward(self, input: Array, target: Array, reduction: str) -> Any:
        require_floating("mse_loss", input)
        if input.shape != target.shape:
            raise ValueError(f"mse_loss: target has shape {target.shape}, expected {input.shape}, the shape of input")
        if input.dtype != target.dtype:
            raise TypeError(f"mse_loss: target is {target.dtype} and input is {input.dtype}, expected the same dtype")
        self.difference = input - target
        return self.reduce(self.difference**2, reduction)

    def backward(self, grad: Array) -> Any:
        d_input = 2 * self.spread(grad) * self.difference
        return d_input, -d_input if self.needs[1] else None


class BCEWithLogits(Loss):
    """ℓ = -[w₊ y log σ(z) + (1 - y) log(1 - σ(z))], times ``weight``; w₊ is ``pos_weight``.

        dz = (1 - y + w₊ y) σ(z) - w₊ y        dy = w₊ softplus(-z) - softplus(z)

    With softplus(z) = log(1 + e^z), -log σ(z) is softplus(-z): no logarithm of a rounded 0.
    """

    def forward(self, z: Array, y: Array, reduction: str, weight: Array, pos_weight: Array) -> Any:
        self.z, self.y, self.weight, self.pos_weight = z, y, weight, pos_weight
        losses = pos_weight * y * _softplus(-z) + (1 - y) * _softplus(z)
        return self.reduce(weight * losses, reduction)

    def backward(self, grad: Array) -> Any:
        dl = self.spread(grad) * self.weight
        wy = self.pos_weight * self.y
        sigmoid = np.exp(-_softplus(-self.z))
        dz = dl * ((1 - self.y + wy) * sigmoid - wy)
        dy = dl * (self.pos_weight * _softplus(-self.z) - _softplus(self.z)) if self.needs[1] else None
        return dz, dy


def _softplus(z: Array) -> Array:
    """log(1 + e^z), in a form in which e^z cannot overflow."""
    softplus: Array = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    return softplus


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Squared differences of input and target, which have one shape; "mean" is over all entries.

    Raises ``ValueError`` for different shapes: (N, 1) against (N,) would broadcast to (N, N).
    """
    return MSELoss.apply(input, target, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of sigmoid(input) with targets from 0 to 1, for each entry on its own.

    ``weight`` multiplies each loss and ``pos_weight`` its positive part; both broadcast against the
    input. Raises ``ValueError`` for shapes that do not fit, ``TypeError`` for different dtypes.
    """
    name = "binary_cross_entropy_with_logits"
    require_floating(name, input)
    if target.shape != input.shape:
        raise ValueError(f"{name}: target has shape {target.shape}, expected {input.shape}, the shape of input")
    if target.dtype != input.dtype:
        raise TypeError(f"{name}: target is {target.dtype} and input is {input.dtype}, expected the same dtype")
    factors = {}
    for option, value in (("weight", weight), ("pos_weight", pos_weight)):
        factors[option] = np.ones(1, input.dtype) if value is None else value.data
        try:
            fits = np.broadcast_shapes(factors[option].shape, input.shape) == (input.shape or (1,))
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(
                f"{name}: {option} has shape {factors[option].shape}, expected one that broadcasts to {input.shape}"
            )
    return BCEWithLogits.apply(input, target, reduction=reduction, **factors)
