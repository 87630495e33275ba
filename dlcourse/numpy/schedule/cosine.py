"""Half a cosine from the base rate down, once or with restarts (Loshchilov & Hutter, 2017)."""

from __future__ import annotations

from math import cos, pi
from typing import ClassVar

from dlcourse.numpy.optim import Optimizer
from dlcourse.numpy.schedule.base import LRScheduler, positive_int

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    """η_min + (η₀ - η_min) (1 + cos(π t / T)) / 2, with ``T_max`` the T.

    It reaches ``eta_min`` at t = T and goes up again after that, on the same cosine.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = positive_int(self, "T_max", T_max), eta_min
        self.floor = eta_min
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        return self.eta_min + (base_lr - self.eta_min) * (1 + cos(pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """The same cosine, starting again from η₀ after ``T_0`` steps, each time ``T_mult`` times longer.

    Each restart ends one snapshot of a snapshot ensemble (Huang et al., 2017).
    """

    chainable: ClassVar[bool] = False

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        self.T_0, self.T_mult = positive_int(self, "T_0", T_0), positive_int(self, "T_mult", T_mult)
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        length = self.T_0
        while t >= length:
            t, length = t - length, length * self.T_mult
        return self.eta_min + (base_lr - self.eta_min) * (1 + cos(pi * t / length)) / 2
