"""Torch's own learning-rate schedules, and those that torch does not have, as proper schedulers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

__all__ = [
    "LRScheduler",
    "LambdaLR",
    "ConstantLR",
    "LinearLR",
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "InverseTimeLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "ChainedScheduler",
    "LinearMomentum",
    "preview",
]


class InverseTimeLR(LRScheduler):
    """η₀ / (1 + ε t), with ``decay`` the ε: fast at first, then ever slower (Robbins & Monro, 1951).

    Raises ``ValueError`` for a negative decay.
    """

    def __init__(self, optimizer: Optimizer, decay: float, last_epoch: int = -1) -> None:
        if not decay >= 0:
            raise ValueError(f"InverseTimeLR: decay must be at least 0, got {decay!r}")
        self.decay = decay
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | torch.Tensor]:
        """The next rates, from those that stand in the groups, so that the schedule can be chained."""
        t = self.last_epoch
        factor = 1.0 if t == 0 else (1 + self.decay * (t - 1)) / (1 + self.decay * t)
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[float | torch.Tensor]:
        return [base_lr / (1 + self.decay * self.last_epoch) for base_lr in self.base_lrs]


class LinearMomentum(LRScheduler):
    """Anneal the momentum in a straight line from ``start`` to ``end`` over ``total_iters`` steps.

    Early gradients point anywhere, so little of them should be kept; 0.5 to 0.9 over the first epochs is the
    usual choice (Hinton, 2012, practical guide). In optimizers with ``betas`` this is β₁.
    Raises ``ValueError`` for values outside [0, 1) and for an optimizer without momentum.
    """

    def __init__(
        self, optimizer: Optimizer, start: float = 0.5, end: float = 0.9, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        for name, value in (("start", start), ("end", end)):
            if not 0 <= value < 1:
                raise ValueError(f"LinearMomentum: {name} must be in [0, 1), got {value!r}")
        if isinstance(total_iters, bool) or not isinstance(total_iters, int) or total_iters < 1:
            raise ValueError(f"LinearMomentum: total_iters must be a whole number of at least 1, got {total_iters!r}")
        if not {"momentum", "betas"} & set(optimizer.param_groups[0]):
            raise ValueError(f"LinearMomentum: optimizer must have momentum or betas, got {type(optimizer).__name__}")
        self.start, self.end, self.total_iters = start, end, total_iters
        super().__init__(optimizer, last_epoch)

    def momentum(self, t: int) -> float:
        """The momentum of step t, from 0."""
        return self.start + (self.end - self.start) * min(t, self.total_iters) / self.total_iters

    def get_lr(self) -> list[float | torch.Tensor]:
        """Write the momentum of this step, as torch's OneCycleLR does here, and leave the rates as they are."""
        value = self.momentum(self.last_epoch)
        for group in self.optimizer.param_groups:
            if "betas" in group:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value
        return [group["lr"] for group in self.optimizer.param_groups]


def preview(
    make: Callable[..., Any],
    steps: int,
    lr: float = 0.1,
    key: Literal["lr", "momentum"] = "lr",
    metrics: Sequence[float] | None = None,
    **options: Any,
) -> list[float]:
    """List what the updates 1 to ``steps`` would use: ``preview(StepLR, 100, lr=0.1, step_size=30)``.

    ``make`` is a schedule, or a function of an optimizer that returns one, called with ``options``. ``key`` says
    what is listed. ``metrics``, one number for each step, is what a schedule that watches a measurement would see.
    Raises ``ValueError`` when there are fewer metrics than steps.
    """
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)
    schedule = make(optimizer, **options)
    if metrics is not None and len(metrics) < steps:
        raise ValueError(f"preview: metrics has {len(metrics)} numbers, expected one for each of {steps} steps")
    values = []
    for t in range(steps):
        values.append(float(optimizer.param_groups[0][key]))
        optimizer.step()
        if metrics is None:
            schedule.step()
        else:
            schedule.step(metrics[t])
    return values
