"""Losses as layers. The formulas are in ``dlcourse/numpy/functional``."""

from __future__ import annotations

from collections.abc import Sequence

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.module import Module

__all__ = ["BCEWithLogitsLoss", "CrossEntropyLoss", "DistillationLoss", "MSELoss", "MultiTaskLoss"]


class CrossEntropyLoss(Module):
    """Softmax and cross-entropy in one; it wants logits, so the network ends without a softmax."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("weight", None if weight is None else weight.data)
        self.ignore_index, self.reduction, self.label_smoothing = ignore_index, reduction, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Logits (N, C) and class numbers (N,) or probabilities (N, C) to the cost."""
        return F.cross_entropy(
            input,
            target,
            None if self.weight is None else Tensor(self.weight),
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCEWithLogitsLoss(Module):
    """Sigmoid and binary cross-entropy in one; it wants logits."""

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("weight", None if weight is None else weight.data)
        self.register_buffer("pos_weight", None if pos_weight is None else pos_weight.data)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Logits and targets of one shape to the cost."""
        weight, pos_weight = (None if w is None else Tensor(w) for w in (self.weight, self.pos_weight))
        return F.binary_cross_entropy_with_logits(
            input, target, weight, reduction=self.reduction, pos_weight=pos_weight
        )


class MSELoss(Module):
    """Mean squared error."""

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Outputs and targets of one shape to the cost."""
        return F.mse_loss(input, target, reduction=self.reduction)


class DistillationLoss(Module):
    """A student learns a teacher's softened probabilities."""

    def __init__(self, temperature: float = 2.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Two sets of logits (N, C) to the cost."""
        return F.distillation_loss(student, teacher, self.temperature)

    def extra_repr(self) -> str:
        """The temperature."""
        return f"temperature={self.temperature}"


class MultiTaskLoss(Module):
    """A weighted sum of losses; without weights, those that bring the first losses it sees to 1 each."""

    def __init__(self, weights: Sequence[float] | None = None) -> None:
        super().__init__()
        self.weights = None if weights is None else list(weights)

    def forward(self, *losses: Tensor) -> Tensor:
        """Losses, each a single number, to their weighted sum."""
        if self.weights is None:
            self.weights = F.balancing_weights(losses)
        return F.multi_task_loss(losses, self.weights)

    def extra_repr(self) -> str:
        """The weights."""
        return f"weights={self.weights}"
