"""Schedules made of schedules: one after another, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from dlcourse.numpy.optim import Optimizer
from dlcourse.numpy.schedule.base import LRScheduler

__all__ = ["ChainedScheduler", "SequentialLR"]


class SequentialLR(LRScheduler):
    """One schedule after another: the next starts at its own step 0 when t reaches its milestone.

    A warm-up of 5 steps and then a cosine: ``SequentialLR(opt, [LinearLR(opt), CosineAnnealingLR(opt, 100)], [5])``.
    Raises ``ValueError`` unless there is one milestone fewer than schedules, for a schedule of another optimizer,
    and for one that needs a measurement.
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
        _check(self, optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: milestones has {len(milestones)} steps, expected {len(schedulers) - 1}, one fewer than "
                f"schedulers"
            )
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer)

    def step(self) -> None:
        """Step the schedule whose turn it is."""
        self.last_epoch = t = self.last_epoch + 1
        turn = bisect_right(self.milestones, t)
        if t == 0 or (turn > 0 and self.milestones[turn - 1] == t):
            self.schedulers[turn].restart()
        else:
            self.schedulers[turn].step()

    def state_dict(self) -> dict[str, Any]:
        """The position, and that of every part."""
        return {**super().state_dict(), "schedulers": [s.state_dict() for s in self.schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from the positions in ``state_dict``."""
        super().load_state_dict(state_dict)
        for schedule, saved in zip(self.schedulers, state_dict["schedulers"], strict=True):
            schedule.load_state_dict(saved)


class ChainedScheduler(LRScheduler):
    """All schedules at once: each scales the rate that the one before it has written.

    Raises ``ValueError`` for an empty list, for schedules of different optimizers, and for one that needs a
    measurement.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            raise ValueError("ChainedScheduler: schedulers is empty")
        self.optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        _check(self, self.optimizer, schedulers)
        self.schedulers = list(schedulers)

    def step(self) -> None:
        """Step every schedule, in order."""
        for schedule in self.schedulers:
            schedule.step()

    def restart(self) -> None:
        """Go back to step 0 and to the base rates."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for schedule in self.schedulers:
            schedule.last_epoch = -1
            schedule.step()

    def state_dict(self) -> dict[str, Any]:
        """The positions of the parts."""
        return {"schedulers": [s.state_dict() for s in self.schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from the positions in ``state_dict``."""
        for schedule, saved in zip(self.schedulers, state_dict["schedulers"], strict=True):
            schedule.load_state_dict(saved)


def _check(owner: object, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
    name = type(owner).__name__
    if not schedulers:
        raise ValueError(f"{name}: schedulers is empty")
    for i, schedule in enumerate(schedulers):
        if not isinstance(schedule, LRScheduler):
            raise ValueError(f"{name}: schedulers[{i}] must step without a measurement, got {type(schedule).__name__}")
        if schedule.optimizer is not optimizer:
            raise ValueError(f"{name}: schedulers[{i}], a {type(schedule).__name__}, belongs to another optimizer")
