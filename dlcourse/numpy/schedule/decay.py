"""Schedules that multiply the base rate by a factor of the step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from dlcourse.numpy.optim import Optimizer
from dlcourse.numpy.schedule.base import LRScheduler, positive_int

__all__ = ["ConstantLR", "ExponentialLR", "InverseTimeLR", "LambdaLR", "LinearLR", "MultiStepLR", "StepLR"]


class LambdaLR(LRScheduler):
    """Any factor: η₀ f(t), with ``lr_lambda`` the function f, or a list of functions, one for each group."""

    chainable: ClassVar[bool] = False

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None:
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise ValueError(
                f"LambdaLR: lr_lambda has {len(self.lr_lambdas)} functions, expected {groups}, one a group"
            )
        super().__init__(optimizer)

    def rates(self, t: int) -> list[float]:
        """The rates of step t, one for each group."""
        return [base_lr * f(t) for f, base_lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class ConstantLR(LRScheduler):
    """η₀ times ``factor`` for the first ``total_iters`` steps, then η₀; ``factor=1`` is the constant rate.

    Raises ``ValueError`` unless the factor is in [0, 1].
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor must be in [0, 1], got {factor!r}")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        return base_lr * self.factor if t < self.total_iters else base_lr


class LinearLR(LRScheduler):
    """A straight line from η₀ ``start_factor`` to η₀ ``end_factor`` over ``total_iters`` steps: a warm-up.

    The first update already moves: start_factor must be in (0, 1], end_factor in [0, 1]; else ``ValueError``.
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must be in (0, 1], got {start_factor!r}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be in [0, 1], got {end_factor!r}")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = positive_int(self, "total_iters", total_iters)
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        done = min(t, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * done)


class StepLR(LRScheduler):
    """A staircase, η₀ γ^⌊t / s⌋: multiply by ``gamma`` after every ``step_size`` steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = positive_int(self, "step_size", step_size), gamma
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        return base_lr * self.gamma ** (t // self.step_size)


class MultiStepLR(LRScheduler):
    """A staircase with chosen stairs: multiply by ``gamma`` at each of the steps in ``milestones``."""

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        return base_lr * self.gamma ** bisect_right(self.milestones, t)


class ExponentialLR(LRScheduler):
    """η₀ γᵗ. The form η₀ e^(-εt) that you may also meet is ``gamma=math.exp(-epsilon)``."""

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        return base_lr * self.gamma**t


class InverseTimeLR(LRScheduler):
    """η₀ / (1 + ε t), with ``decay`` the ε: fast at first, then ever slower (Robbins & Monro, 1951).

    Raises ``ValueError`` for a negative decay.
    """

    def __init__(self, optimizer: Optimizer, decay: float) -> None:
        if not decay >= 0:
            raise ValueError(f"InverseTimeLR: decay must be at least 0, got {decay!r}")
        self.decay = decay
        super().__init__(optimizer)

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t."""
        return base_lr / (1 + self.decay * t)
