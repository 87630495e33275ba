"""Losses as layers. The formulas are in ``dlcourse/numpy/functional/loss.py``."""

from __future__ import annotations

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.module import Module

__all__ = ["CrossEntropyLoss", "MSELoss"]


class CrossEntropyLoss(Module):
    """Softmax and cross-entropy in one; it wants logits, so the network ends without a softmax."""

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Logits (N, C) and class numbers (N,) to the cost."""
        return F.cross_entropy(input, target, reduction=self.reduction)


class MSELoss(Module):
    """Mean squared error."""

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Outputs and targets of one shape to the cost."""
        return F.mse_loss(input, target, reduction=self.reduction)
