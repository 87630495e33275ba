"""One cycle: up to a high rate, then far down, while the momentum does the opposite."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi
from typing import ClassVar, Literal

from dlcourse.numpy.optim import Optimizer
from dlcourse.numpy.schedule.base import LRScheduler, check_optimizer, positive_int
from dlcourse.numpy.schedule.momentum import set_momentum, takes_momentum

__all__ = ["OneCycleLR"]

PerGroup = float | Sequence[float]


class OneCycleLR(LRScheduler):
    """Super-convergence (Smith & Topin, 2018): one step() for each batch, ``total_steps`` in all.

    From max_lr / ``div_factor`` up to ``max_lr`` in the first ``pct_start`` of the steps, then down to that start
    divided by ``final_div_factor``. ``three_phase`` comes down as slowly as it went up and then falls on. The way
    between is a cosine or a line (``anneal_strategy``). With ``cycle_momentum`` the momentum (β₁ in Adam) goes from
    ``max_momentum`` to ``base_momentum`` and back.

    Give ``total_steps``, or ``epochs`` and ``steps_per_epoch``. Raises ``ValueError`` for a value out of range,
    for an optimizer without momentum when ``cycle_momentum``, and when stepped more often than ``total_steps``.
    """

    chainable: ClassVar[bool] = False

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: PerGroup,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: PerGroup = 0.85,
        max_momentum: PerGroup = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        check_optimizer(self, optimizer)
        self.total_steps = self._total_steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be in [0, 1], got {pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        if cycle_momentum and not takes_momentum(optimizer):
            raise ValueError(
                f"OneCycleLR: cycle_momentum=True needs an optimizer with momentum or betas, got "
                f"{type(optimizer).__name__}"
            )
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        groups = len(optimizer.param_groups)
        self.max_lrs = _per_group("max_lr", max_lr, groups)
        self.start_lrs = [lr / div_factor for lr in self.max_lrs]
        self.end_lrs = [lr / final_div_factor for lr in self.start_lrs]
        self.low_momenta = _per_group("base_momentum", base_momentum, groups)
        self.high_momenta = _per_group("max_momentum", max_momentum, groups)
        self.three_phase = three_phase
        self.up_end = pct_start * self.total_steps - 1
        self.down_end = 2 * pct_start * self.total_steps - 2 if three_phase else self.total_steps - 1
        for group, lr in zip(optimizer.param_groups, self.start_lrs, strict=True):
            group["initial_lr"] = lr
        super().__init__(optimizer)

    def rates(self, t: int) -> list[float]:
        """The rates of step t, one for each group."""
        if t > self.total_steps:
            raise ValueError(f"OneCycleLR: step {t} is beyond total_steps={self.total_steps}")
        return [
            self._cycle(t, start, high, start if self.three_phase else end, end)
            for start, high, end in zip(self.start_lrs, self.max_lrs, self.end_lrs, strict=True)
        ]

    def step(self) -> None:
        """Go to the next step; write its rates and momenta."""
        super().step()
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.low_momenta, self.high_momenta, strict=True):
                set_momentum(group, self._cycle(self.last_epoch, high, low, high, high))

    def _cycle(self, t: int, start: float, top: float, back: float, end: float) -> float:
        """From ``start`` to ``top`` at up_end, to ``back`` at down_end, to ``end`` at the last step."""
        if t <= self.up_end:
            return self._between(start, top, t / self.up_end if self.up_end else 0.0)
        last = self.total_steps - 1
        if t <= self.down_end or not self.three_phase:
            return self._between(top, back, (t - self.up_end) / (self.down_end - self.up_end))
        return self._between(back, end, (t - self.down_end) / (last - self.down_end))

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "cos":
            return end + (start - end) * (1 + cos(pi * share)) / 2
        return start + (end - start) * share

    def _total_steps(self, total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
        if total_steps is not None:
            return positive_int(self, "total_steps", total_steps)
        if epochs is None or steps_per_epoch is None:
            raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
        return positive_int(self, "epochs", epochs) * positive_int(self, "steps_per_epoch", steps_per_epoch)


def _per_group(name: str, value: PerGroup, groups: int) -> list[float]:
    values = [float(v) for v in value] if isinstance(value, Sequence) else [float(value)] * groups
    if len(values) != groups:
        raise ValueError(f"OneCycleLR: {name} has {len(values)} values, expected {groups}, one a group")
    return values
