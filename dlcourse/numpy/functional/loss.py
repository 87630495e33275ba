"""Losses of outputs against targets: how wrong a network is, as one number that should go down.

Each operation computes the losses ℓ_n of the examples and turns them into the cost at once:
"mean" divides by how many there are, "sum" does not, "none" keeps them apart.
"""

from __future__ import annotations

from typing import Any

from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["mse_loss"]


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
        if input.shape != target.shape:
            raise ValueError(f"mse_loss: target has shape {target.shape}, expected {input.shape}, the shape of input")
        if input.dtype != target.dtype:
            raise TypeError(f"mse_loss: target is {target.dtype} and input is {input.dtype}, expected the same dtype")
        self.difference = input - target
        return self.reduce(self.difference**2, reduction)

    def backward(self, grad: Array) -> Any:
        d_input = 2 * self.spread(grad) * self.difference
        return d_input, -d_input if self.needs[1] else None


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Squared differences of input and target, which have one shape; "mean" is over all entries.

    Raises ``ValueError`` for different shapes: (N, 1) against (N,) would broadcast to (N, N).
    """
    return MSELoss.apply(input, target, reduction=reduction)
