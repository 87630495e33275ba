"""The runs behind the schedule explorer: a small network on digits, and a schedule that may be used wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.models import mlp

__all__ = [
    "BATCHES",
    "BATCH_SIZE",
    "EPOCHS",
    "KINDS",
    "MOMENTUM",
    "SIZES",
    "WARM_UP",
    "Clock",
    "Run",
    "Setting",
    "digits",
    "each_batch",
    "kind_of",
    "train",
]

EPOCHS = 12
BATCHES = 16  # in an epoch
BATCH_SIZE = 32
WARM_UP = 2  # epochs
MOMENTUM = 0.9
SIZES = [64, 32, 10]

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "constant": ("ConstantLR", {"factor": 1.0}),
    "step": ("StepLR", {"step_size": 4, "gamma": 0.3}),
    "multi-step": ("MultiStepLR", {"milestones": [6, 9], "gamma": 0.2}),
    "exponential": ("ExponentialLR", {"gamma": 0.75}),
    "inverse": ("InverseTimeLR", {"decay": 0.5}),
    "cosine": ("CosineAnnealingLR", {"T_max": EPOCHS}),
    "restarts": ("CosineAnnealingWarmRestarts", {"T_0": 4}),
    "one-cycle": ("OneCycleLR", {"total_steps": EPOCHS * BATCHES, "cycle_momentum": False}),
    "plateau": ("ReduceLROnPlateau", {"factor": 0.3, "patience": 1}),
}
"""Name in the explorer: class in ``dlcourse.numpy.schedule`` and its options, counted in epochs but for one-cycle."""


@dataclass(frozen=True)
class Setting:
    """A schedule, whether it is warmed up, the highest rate, and what is done wrong.

    ``bug`` is "none", "unit" (stepped for each batch instead of each epoch; one-cycle the other way round), "early"
    (everything one step too soon) or "compound" (the factor multiplies the rate that it has already lowered).
    """

    kind: str = "step"
    warm_up: bool = False
    rate: float = 0.2
    bug: str = "none"


@dataclass(frozen=True)
class Run:
    """The rate of every update, and the costs on all training and validation images from before the first epoch on."""

    rates: NDArray[np.float64]
    cost: NDArray[np.float64]
    val_cost: NDArray[np.float64]


def kind_of(setting: Setting) -> tuple[str, dict[str, Any]]:
    """The schedule's class and options, with what depends on the rest of the setting filled in."""
    name, options = KINDS[setting.kind]
    options = dict(options)
    if setting.kind == "cosine" and setting.warm_up:
        options["T_max"] -= WARM_UP
    if setting.kind == "one-cycle":
        options["max_lr"] = setting.rate
    if setting.kind == "plateau" and setting.bug == "early":
        options["patience"] -= 1
    return name, options


def each_batch(setting: Setting) -> bool:
    """Whether the schedule is stepped after every batch: rightly so for one-cycle, wrongly for the others."""
    return (setting.bug == "unit") != (setting.kind == "one-cycle")


class Clock:
    """A schedule on an optimizer of its own, so that its list of rates can be read wrongly on purpose."""

    def __init__(self, setting: Setting) -> None:
        self.setting, self.ticks = setting, 0
        self.optimizer = dl.optim.SGD([dl.tensor([0.0], requires_grad=True)], lr=setting.rate)
        name, options = kind_of(setting)
        self.schedule: Any = getattr(dl.schedule, name)(self.optimizer, **options)
        self.is_plateau = setting.kind == "plateau"
        self.warm_up: Any = None
        if setting.warm_up and setting.kind != "one-cycle":
            self._add_warm_up()
        if setting.bug == "early" and not self.is_plateau:
            self.schedule.step()
        self.rate = self.now

    @property
    def now(self) -> float:
        """What the schedule has written."""
        return float(self.optimizer.param_groups[0]["lr"])

    def _add_warm_up(self) -> None:
        self.warm_up = dl.schedule.LinearLR(self.optimizer, start_factor=0.1, total_iters=WARM_UP)
        if not self.is_plateau:
            parts = [self.warm_up, self.schedule]
            self.schedule = dl.schedule.SequentialLR(self.optimizer, parts, milestones=[WARM_UP])

    def tick(self, val_cost: float) -> None:
        """Step the schedule and take over its rate."""
        self.ticks += 1
        if not self.is_plateau:
            self.schedule.step()
        elif self.warm_up is not None and self.ticks <= WARM_UP:
            self.warm_up.step()
        else:
            self.schedule.step(val_cost)
        if self.setting.bug == "compound":
            self.rate *= self.now / self.setting.rate
        else:
            self.rate = self.now


def digits() -> tuple[data.Dataset, data.Dataset]:
    """The training and validation images of the run: (512, 1, 8, 8), and a fifth of all digits."""
    train, val, _ = data.stratified_split(data.load_digits(), (0.6, 0.2, 0.2), seed=0)
    return train.subset(np.arange(BATCHES * BATCH_SIZE)), val


@lru_cache(maxsize=200)
def train(setting: Setting) -> Run:
    """Train the network with SGD and momentum. The reader's random numbers are left alone."""
    state = dl.get_rng_state()
    try:
        with np.errstate(all="ignore"):  # a rate that is too high may end in numbers that are not finite
            return _train(setting)
    finally:
        dl.set_rng_state(state)


def _train(setting: Setting) -> Run:
    images, validation = digits()
    dl.manual_seed(0)
    model = mlp(dl, SIZES)
    clock = Clock(setting)
    optimizer = dl.optim.SGD(model.parameters(), lr=clock.rate, momentum=MOMENTUM)
    batches = data.Batches(images.X, images.y, batch_size=BATCH_SIZE, seed=0)
    rates, costs, val_costs = [], [_cost(model, images)], [_cost(model, validation)]
    for _ in range(EPOCHS):
        for X, y in batches:
            optimizer.param_groups[0]["lr"] = clock.rate
            rates.append(clock.rate)
            optimizer.zero_grad()
            dl.functional.cross_entropy(model(dl.tensor(X)), dl.tensor(y)).backward()
            optimizer.step()
            if each_batch(setting) and len(rates) < EPOCHS * BATCHES:  # the last update needs no next rate
                clock.tick(val_costs[-1])
        costs.append(_cost(model, images))
        val_costs.append(_cost(model, validation))
        if not each_batch(setting):
            clock.tick(val_costs[-1])
    return Run(np.array(rates), np.array(costs), np.array(val_costs))


def _cost(model: Any, part: data.Dataset) -> float:
    with dl.no_grad():
        return float(dl.functional.cross_entropy(model(dl.tensor(part.X)), dl.tensor(part.y)).item())
