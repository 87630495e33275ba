"""The axes of the command center: where a value lies from 0 to 1, and which values are labelled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dlcourse.training.search_space import Choice, Distribution, LogUniform, Uniform
from dlcourse.widgets.numbers import short

__all__ = ["Axis", "axis_of", "epoch_axis", "score_axis"]

NAMES = {"lr": "learning rate", "weight_decay": "weight decay", "width": "hidden units"}


@dataclass(frozen=True)
class Axis:
    """One axis: its name, and its labels with their places from 0 (low) to 1 (high)."""

    name: str
    ticks: list[float]
    labels: list[str]

    def spec(self) -> dict[str, Any]:
        """What the drawing needs."""
        return {"name": self.name, "ticks": self.ticks, "labels": self.labels}


def axis_of(name: str, distribution: Distribution, scale: str) -> Axis:
    """The axis of a hyperparameter; ``scale`` "log" draws it as it was drawn from, "linear" evenly."""
    values = _labelled(distribution, scale)
    places = [place_of(distribution, value, scale) for value in values]
    labels = [short(float(f"{value:.3g}")) if isinstance(value, int | float) else str(value) for value in values]
    return Axis(NAMES.get(name, name.replace("_", " ")), places, labels)


def place_of(distribution: Distribution, value: Any, scale: str) -> float:
    """Where a value lies on its axis, held between 0 and 1."""
    if isinstance(distribution, Choice):
        last = max(len(distribution.options) - 1, 1)
        return distribution.options.index(value) / last if value in distribution.options else 0.0
    place = distribution.position(value) if scale == "log" else None
    if place is None:
        assert isinstance(distribution, Uniform)
        place = (value - distribution.low) / (distribution.high - distribution.low)
    return min(max(float(place), 0.0), 1.0)


def _labelled(distribution: Distribution, scale: str) -> list[Any]:
    if isinstance(distribution, Choice):
        return distribution.options[:8]
    assert isinstance(distribution, Uniform)
    low, high = distribution.low, distribution.high
    if type(distribution) is LogUniform and scale == "log":
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        powers = [10.0**power for power in range(first, last + 1)]
        return powers[:: max(1, math.ceil(len(powers) / 5))] if len(powers) > 1 else [low, high]
    return [low, (low + high) / 2, high]


def score_axis(metric: str, low: float, high: float) -> Axis:
    """The axis of the score: the accuracy from 0 to 100 %, or the cost from ``low`` to ``high``."""
    if "accuracy" in metric:
        return Axis("accuracy", [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    middle = (low + high) / 2
    return Axis("cost", [0, 0.5, 1], [short(float(f"{value:.3g}")) for value in (low, middle, high)])


def epoch_axis(epochs: int, scale: str) -> tuple[Axis, list[float]]:
    """The axis of the epochs 1, 2, …, and the place of each."""
    last = max(epochs, 2)
    if scale == "log":
        places = [math.log(epoch) / math.log(last) for epoch in range(1, epochs + 1)]
    else:
        places = [(epoch - 1) / (last - 1) for epoch in range(1, epochs + 1)]
    shown = [epoch for epoch in _round_epochs(epochs, scale) if epoch <= epochs]
    return Axis("epoch", [places[epoch - 1] for epoch in shown], [str(epoch) for epoch in shown]), places


def _round_epochs(epochs: int, scale: str) -> list[int]:
    if epochs <= 6:
        return list(range(1, epochs + 1))
    if scale == "log":
        return [1, 3, 9, 27, 81, 243, 729]
    step = next(size for size in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if epochs / size <= 6)
    return [1, *range(step, epochs + 1, step)]
