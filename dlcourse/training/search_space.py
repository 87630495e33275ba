"""From which numbers a hyperparameter search may choose."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = [
    "Choice",
    "Configuration",
    "Distribution",
    "IntUniform",
    "LogUniform",
    "OneMinusLogUniform",
    "Space",
    "Uniform",
    "check_space",
    "sample",
]

Configuration = dict[str, Any]


class Distribution(ABC):
    """The values that one hyperparameter can take, and how likely they are."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Any:
        """Draw one value."""

    @abstractmethod
    def grid(self, points: int) -> list[Any]:
        """``points`` values that cover the distribution evenly."""

    def position(self, value: Any) -> float | None:  # noqa: ARG002
        """Where ``value`` lies between the lowest (0) and the highest (1); None where there is no order."""
        return None

    def around(self, value: Any, share: float) -> Distribution:  # noqa: ARG002
        """The same kind of distribution on ``share`` of the range, with ``value`` in its middle."""
        return self


Space = Mapping[str, Distribution]


class Uniform(Distribution):
    """Any number from ``low`` to ``high``, all equally likely. For a dropout rate, say."""

    allowed = "low < high"

    def __init__(self, low: float, high: float) -> None:
        if not self._valid(low, high):
            raise ValueError(f"{type(self).__name__}: low is {low} and high is {high}, expected {self.allowed}")
        self.low, self.high = low, high

    def _valid(self, low: float, high: float) -> bool:
        return math.isfinite(low) and math.isfinite(high) and low < high

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.low:.4g}, {self.high:.4g})"

    def scale(self, value: float) -> float:
        """From a value to the scale on which values are equally likely."""
        return value

    def unscale(self, value: float) -> float:
        """From that scale back to a value."""
        return value

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw one value."""
        return self.unscale(rng.uniform(self.scale(self.low), self.scale(self.high)))

    def grid(self, points: int) -> list[Any]:
        """``points`` values, the ends among them."""
        return [self.unscale(value) for value in np.linspace(self.scale(self.low), self.scale(self.high), points)]

    def position(self, value: float) -> float:
        """0 at the lower end of the range, 1 at the upper."""
        start, stop = self.scale(self.low), self.scale(self.high)
        return (self.scale(value) - start) / (stop - start)

    def around(self, value: float, share: float) -> Uniform:
        """A narrower range with ``value`` in the middle; it stays within the old one."""
        start, stop = self.scale(self.low), self.scale(self.high)
        half = share * (stop - start) / 2
        middle = min(max(self.scale(value), start + half), stop - half)
        return type(self)(self.unscale(middle - half), self.unscale(middle + half))


class IntUniform(Uniform):
    """Any whole number from ``low`` to ``high``, both included. For a width or a number of layers."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(int(low), int(high))

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw one value."""
        return int(rng.integers(int(self.low), int(self.high) + 1))

    def grid(self, points: int) -> list[Any]:
        """``points`` whole numbers, or fewer when the range has no more."""
        return sorted({round(value) for value in super().grid(points)})

    def around(self, value: float, share: float) -> Uniform:
        """A narrower range of at least two numbers."""
        narrow = super().around(value, share)
        low = math.floor(narrow.low)
        return IntUniform(low, max(math.ceil(narrow.high), low + 1))


class LogUniform(Uniform):
    """Any positive number; each factor of ten is equally likely. For learning rates and penalties.

    ``LogUniform(1e-5, 1)`` draws a fifth of its values between 1e-3 and 1e-2. ``Uniform(1e-5, 1)``
    would draw one in a hundred there.
    """

    allowed = "0 < low < high"
    _lowest_scaled = -math.inf

    def _valid(self, low: float, high: float) -> bool:
        return low > 0 and super()._valid(low, high)

    def scale(self, value: float) -> float:
        """The logarithm."""
        return math.log(value)

    def unscale(self, value: float) -> float:
        """The exponential."""
        return math.exp(value)

    def around(self, value: float, share: float) -> Uniform:
        """A narrower range with ``value`` in the middle, beyond the old end where ``value`` lies near it."""
        half = share * (self.scale(self.high) - self.scale(self.low)) / 2
        start = max(self.scale(value) - half, self._lowest_scaled)
        return type(self)(self.unscale(start), self.unscale(self.scale(value) + half))


class OneMinusLogUniform(LogUniform):
    """Any number from 0 to below 1; each factor of ten of its distance from 1 is equally likely.

    For momentum and the betas: an average with β looks back about 1/(1 - β) steps, so 0.9, 0.99
    and 0.999 are equally far apart.
    """

    allowed = "0 <= low < high < 1"
    _lowest_scaled = 0.0

    def _valid(self, low: float, high: float) -> bool:
        return 0 <= low < high < 1

    def scale(self, value: float) -> float:
        """-log(1 - β), which grows with β."""
        return -math.log1p(-value)

    def unscale(self, value: float) -> float:
        """1 - exp(-value)."""
        return -math.expm1(-value)


class Choice(Distribution):
    """One of ``options``, all equally likely; they have no order."""

    def __init__(self, options: Sequence[Any]) -> None:
        if len(options) == 0:
            raise ValueError("Choice: options is empty, expected at least one")
        self.options = list(options)

    def __repr__(self) -> str:
        return f"Choice({self.options})"

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw one option."""
        return self.options[rng.integers(len(self.options))]

    def grid(self, points: int) -> list[Any]:  # noqa: ARG002
        """All options, however many ``points`` are asked for."""
        return list(self.options)


def check_space(space: Space, who: str) -> None:
    """Raise a named error unless ``space`` maps at least one name to a distribution."""
    if not space:
        raise ValueError(f"{who}: space is empty, expected at least one hyperparameter")
    for name, distribution in space.items():
        if not isinstance(distribution, Distribution):
            raise TypeError(
                f"{who}: {name} is {type(distribution).__name__}, expected a distribution such as LogUniform(1e-5, 1)"
            )


def sample(space: Space, rng: np.random.Generator) -> Configuration:
    """One value for each hyperparameter."""
    return {name: distribution.sample(rng) for name, distribution in space.items()}
