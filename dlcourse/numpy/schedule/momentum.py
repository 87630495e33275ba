"""A schedule on the momentum, and how to reach the momentum of any optimizer."""

from __future__ import annotations

from typing import Any

from dlcourse.numpy.optim import Optimizer
from dlcourse.numpy.schedule.base import check_optimizer, positive_int

__all__ = ["LinearMomentum", "set_momentum", "takes_momentum"]


class LinearMomentum:
    """Anneal the momentum in a straight line from ``start`` to ``end`` over ``total_iters`` steps.

    Early gradients point anywhere, so little of them should be kept; 0.5 to 0.9 over the first epochs is the
    usual choice (Hinton, 2012, practical guide). In optimizers with ``betas`` this is β₁.
    Raises ``ValueError`` for values outside [0, 1) and for an optimizer without momentum.
    """

    def __init__(self, optimizer: Optimizer, start: float = 0.5, end: float = 0.9, total_iters: int = 5) -> None:
        check_optimizer(self, optimizer)
        for name, value in (("start", start), ("end", end)):
            if not 0 <= value < 1:
                raise ValueError(f"LinearMomentum: {name} must be in [0, 1), got {value!r}")
        if not takes_momentum(optimizer):
            raise ValueError(f"LinearMomentum: optimizer must have momentum or betas, got {type(optimizer).__name__}")
        self.optimizer, self.start, self.end = optimizer, start, end
        self.total_iters = positive_int(self, "total_iters", total_iters)
        self.last_epoch = -1
        self.step()

    def momentum(self, t: int) -> float:
        """The momentum of step t, from 0."""
        return self.start + (self.end - self.start) * min(t, self.total_iters) / self.total_iters

    def step(self) -> None:
        """Go to the next step and write its momentum into every group."""
        self.last_epoch += 1
        for group in self.optimizer.param_groups:
            set_momentum(group, self.momentum(self.last_epoch))

    def state_dict(self) -> dict[str, Any]:
        """The position of the schedule."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from the position ``state_dict``."""
        self.last_epoch = int(state_dict["last_epoch"])


def takes_momentum(optimizer: Optimizer) -> bool:
    """Whether the groups have a momentum, or betas, whose first is one."""
    return "momentum" in optimizer.param_groups[0] or "betas" in optimizer.param_groups[0]


def set_momentum(group: dict[str, Any], value: float) -> None:
    """Write the momentum, or β₁, of one group."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value
