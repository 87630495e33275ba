"""Losses that torch does not have."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from dlcourse.torch import functional as F

__all__ = ["DistillationLoss", "MultiTaskLoss"]


class DistillationLoss(nn.Module):
    """A student learns a teacher's softened probabilities."""

    def __init__(self, temperature: float = 2.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        """Two sets of logits (N, C) to the cost."""
        return F.distillation_loss(student, teacher, self.temperature)

    def extra_repr(self) -> str:
        """The temperature."""
        return f"temperature={self.temperature}"


class MultiTaskLoss(nn.Module):
    """A weighted sum of losses; without weights, those that bring the first losses it sees to 1 each."""

    def __init__(self, weights: Sequence[float] | None = None) -> None:
        super().__init__()
        self.weights = None if weights is None else list(weights)

    def forward(self, *losses: torch.Tensor) -> torch.Tensor:
        """Losses, each a single number, to their weighted sum."""
        if self.weights is None:
            self.weights = F.balancing_weights(losses)
        return F.multi_task_loss(losses, self.weights)

    def extra_repr(self) -> str:
        """The weights."""
        return f"weights={self.weights}"
