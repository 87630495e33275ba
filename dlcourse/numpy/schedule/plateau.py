"""A schedule that watches a measurement instead of counting steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, Literal, SupportsFloat

from dlcourse.numpy.optim import Optimizer
from dlcourse.numpy.schedule.base import check_optimizer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau:
    """Multiply the rate by ``factor`` when the measurement has not improved for more than ``patience`` steps.

    ``step(metrics)`` wants the validation cost (``mode="min"``) or accuracy (``"max"``). Better means: by more than
    ``threshold``, as a share of the best (``"rel"``) or as a difference (``"abs"``). After a reduction ``cooldown``
    steps do not count. The rate stays at or above ``min_lr``, one number or one for each group, and changes of
    less than ``eps`` are not made. Raises ``ValueError`` for a value out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer(self, optimizer)
        if not 0 <= factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be in [0, 1), got {factor!r}")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        groups = len(optimizer.param_groups)
        self.min_lrs = list(min_lr) if isinstance(min_lr, Sequence) else [min_lr] * groups
        if len(self.min_lrs) != groups:
            raise ValueError(
                f"ReduceLROnPlateau: min_lr has {len(self.min_lrs)} values, expected {groups}, one a group"
            )
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown, self.eps = threshold, threshold_mode, cooldown, eps
        self.best = inf if mode == "min" else -inf
        self.bad_steps, self.cooldown_left, self.last_epoch = 0, 0, 0

    def step(self, metrics: SupportsFloat) -> None:
        """Look at the newest measurement and reduce the rate if it is time."""
        current = float(metrics)
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.bad_steps = current, 0
        else:
            self.bad_steps += 1
        if self.cooldown_left > 0:
            self.cooldown_left, self.bad_steps = self.cooldown_left - 1, 0
        if self.bad_steps > self.patience:
            self._reduce()
            self.cooldown_left, self.bad_steps = self.cooldown, 0

    def _is_better(self, current: float) -> bool:
        margin = -self.threshold if self.mode == "min" else self.threshold
        bound = self.best * (1 + margin) if self.threshold_mode == "rel" else self.best + margin
        return current < bound if self.mode == "min" else current > bound

    def _reduce(self) -> None:
        for group, min_lr in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            reduced = max(group["lr"] * self.factor, min_lr)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced

    def get_last_lr(self) -> list[float]:
        """The rates that the next update will use, one for each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The best measurement so far and the counters."""
        return {name: getattr(self, name) for name in ("best", "bad_steps", "cooldown_left", "last_epoch")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from the counters in ``state_dict``."""
        self.best = float(state_dict["best"])
        self.bad_steps, self.cooldown_left = int(state_dict["bad_steps"]), int(state_dict["cooldown_left"])
        self.last_epoch = int(state_dict["last_epoch"])
