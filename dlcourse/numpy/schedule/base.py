"""What every schedule shares: counting steps and writing the rate into the optimizer's groups.

A schedule is a closed formula of the step t, counted from 0::

    class StepLR(LRScheduler):
        def rate(self, t, base_lr):
            return base_lr * self.gamma ** (t // self.step_size)

The optimizer's first update uses ``rate(0, base_lr)``, which the constructor writes. Call ``step()`` after each
update (or each epoch: t counts the calls).
"""

from __future__ import annotations

from typing import Any, ClassVar

from dlcourse.numpy.optim import Optimizer

__all__ = ["LRScheduler", "check_optimizer", "positive_int"]


class LRScheduler:
    """Base of the schedules. ``base_lrs`` are the groups' rates before any schedule touched them.

    A schedule that is alone writes ``rate(t, base_lr)`` exactly. When another one writes to the same groups (a
    chain), the rate that stands there is scaled by rate(t) / rate(t - 1), measured from ``floor``; a schedule that
    is not ``chainable`` overwrites what it finds. Both are what torch does.
    Raises ``TypeError`` when ``optimizer`` is not an Optimizer.
    """

    chainable: ClassVar[bool] = True
    floor: float = 0.0  # the rate that the schedule comes down to

    def __init__(self, optimizer: Optimizer) -> None:
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = -1
        self.step()

    def rate(self, t: int, base_lr: float) -> float:
        """The rate of step t, from 0, for a group whose own rate is ``base_lr``."""
        raise NotImplementedError(f"{type(self).__name__} has no rate")

    def rates(self, t: int) -> list[float]:
        """The rates of step t, one for each group."""
        return [self.rate(t, base_lr) for base_lr in self.base_lrs]

    def step(self) -> None:
        """Go to the next step and write its rates."""
        self.last_epoch = t = self.last_epoch + 1
        before = self.base_lrs if t == 0 else self.rates(t - 1)
        for group, old, new in zip(self.optimizer.param_groups, before, self.rates(t), strict=True):
            if not self.chainable or group["lr"] == old:
                group["lr"] = new
            elif old == self.floor:
                group["lr"] += new - old
            else:
                group["lr"] = self.floor + (group["lr"] - self.floor) * (new - self.floor) / (old - self.floor)

    def restart(self) -> None:
        """Go back to step 0 and to the base rates."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self.last_epoch = -1
        self.step()

    def get_last_lr(self) -> list[float]:
        """The rates that the next update will use, one for each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position of the schedule. The rates themselves are in the optimizer's ``state_dict()``."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from the position ``state_dict``."""
        self.last_epoch, self.base_lrs = int(state_dict["last_epoch"]), list(state_dict["base_lrs"])


def check_optimizer(schedule: object, optimizer: object) -> None:
    """Raise ``TypeError`` unless ``optimizer`` is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(schedule).__name__}: optimizer must be an Optimizer, got {type(optimizer).__name__}")


def positive_int(schedule: object, name: str, value: Any) -> int:
    """Return ``value`` when it is a whole number of at least 1; raise ``ValueError`` naming it otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{type(schedule).__name__}: {name} must be a whole number of at least 1, got {value!r}")
    return value
