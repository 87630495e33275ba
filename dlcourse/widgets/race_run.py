"""The races behind the optimizer race: surfaces of two weights, and optimizers that walk down them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse.widgets.expression import Expression, parse
from dlcourse.widgets.graph_run import OPERATIONS
from dlcourse.widgets.race_slice import REACH, cost_and_slope

__all__ = [
    "BUG",
    "CLOSE",
    "RACERS",
    "RATES",
    "SLICE",
    "STEPS",
    "SURFACES",
    "Race",
    "Slice",
    "Surface",
    "arrival",
    "cost_and_gradient",
    "run",
    "surface_of",
]

Array = NDArray[np.float64]

STEPS = 150
RATES = np.geomspace(1e-3, 10.0, 17)
CLOSE = 0.05
"""A racer has arrived when its cost stays this close to the lowest."""

RACERS: dict[str, tuple[str, dict[str, Any]]] = {
    "gradient descent": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "Adagrad": ("Adagrad", {}),
    "RMSprop": ("RMSprop", {}),
    "Adam": ("Adam", {}),
}
"""Name in the race: class in ``dlcourse.numpy.optim`` and its options."""

BUG = "Adam without bias correction"


@dataclass(frozen=True)
class Surface:
    """A cost of two weights: its formula, where the race starts, the window, and the lowest cost if it is known."""

    formula: str
    start: tuple[float, float]
    window: tuple[float, float, float, float]  # of x, then of y
    lowest: float | None = 0.0

    def at(self, points: Array) -> tuple[Array, Array]:
        """The cost at each row of ``points`` (N, 2), and its gradient there (N, 2)."""
        return cost_and_gradient(parse(self.formula), points)


class Slice(Surface):
    """The cost of a trained network on two random directions through its weights, from a stored table."""

    def at(self, points: Array) -> tuple[Array, Array]:
        """As for a formula, interpolated in the table."""
        with np.errstate(all="ignore"):
            return cost_and_slope(points)


SLICE = "network slice"
SURFACES: dict[str, Surface] = {
    "valley": Surface("0.5*(x**2 + 100*y**2)", (1.5, 0.6), (-2.0, 2.0, -1.2, 1.2)),
    "valley, turned": Surface("u = x + y; v = y - x; 0.25*(u**2 + 100*v**2)", (0.64, 1.49), (-2.0, 2.0, -2.0, 2.0)),
    "Rosenbrock": Surface("(1 - x)**2 + 10*(y - x**2)**2", (-1.2, 1.0), (-2.0, 2.0, -1.0, 3.0)),
    "Beale": Surface(
        "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2", (1.0, 1.5), (-1.0, 4.0, -1.5, 2.0)
    ),
    "saddle": Surface("x**2 - y**2 + 0.5*y**4", (1.0, 0.001), (-1.5, 1.5, -1.5, 1.5), -0.5),
    SLICE: Slice("", (-1.3, 0.2), (-REACH, REACH, -REACH, REACH), 0.00063),
}


def surface_of(formula: str) -> Surface:
    """The reader's own surface. Raises ``ExpressionError`` for a formula that is not one of x and y."""
    return Surface(formula, (1.5, 1.0), (-2.0, 2.0, -2.0, 2.0), None)


@dataclass(frozen=True)
class Race:
    """One race: for each racer its rate, its path (STEPS + 1, 2) and the cost at each of its points."""

    rates: dict[str, float]
    paths: dict[str, Array]
    costs: dict[str, Array]
    lowest: float


def cost_and_gradient(expression: Expression, points: Array) -> tuple[Array, Array]:
    """The cost at each row of ``points`` (N, 2), and its gradient there (N, 2)."""
    x, y = (dl.tensor(points[:, k].copy(), requires_grad=True) for k in (0, 1))
    with np.errstate(all="ignore"):
        values = expression.evaluate({"x": x, "y": y}, OPERATIONS, lambda value: dl.tensor(np.full(len(points), value)))
        values[-1].sum().backward()
    zero = np.zeros(len(points))
    gradients = [zero if leaf.grad is None else leaf.grad for leaf in (x, y)]
    return values[-1].data.copy(), np.stack(gradients, axis=1)


@lru_cache(maxsize=64)
def run(surface: Surface, rate: float | None, bug: bool = False) -> Race:
    """Race on a surface. ``rate`` is the rate of all; with None each has that of ``RATES`` which brings it there first.

    ``bug`` takes Adam's bias correction away.
    """
    rates = RATES if rate is None else np.array([rate])
    walks = {name: _walk(surface, name, rates, bug) for name in RACERS}
    found = [costs[np.isfinite(costs)].min() for _, costs in walks.values() if np.isfinite(costs).any()]
    lowest = min(found, default=0.0) if surface.lowest is None else surface.lowest
    best = {name: int(np.argmin(_slowness(costs, lowest))) for name, (_, costs) in walks.items()}
    return Race(
        {name: float(rates[k]) for name, k in best.items()},
        {name: walks[name][0][:, k] for name, k in best.items()},
        {name: walks[name][1][:, k] for name, k in best.items()},
        float(lowest),
    )


def _walk(surface: Surface, name: str, rates: Array, bug: bool) -> tuple[Array, Array]:
    """The points (STEPS + 1, rates, 2) and costs (STEPS + 1, rates) of one racer at every rate at once."""
    kind, options = RACERS[name]
    weights = [dl.tensor(np.array(surface.start), requires_grad=True) for _ in rates]
    groups = [{"params": [w], "lr": float(rate)} for w, rate in zip(weights, rates)]
    optimizer = getattr(dl.optim, kind)(groups, lr=1.0, **options)
    points, costs = [], []
    for step in range(STEPS + 1):
        here = np.stack([w.data for w in weights])
        cost, gradient = surface.at(here)
        points.append(here.copy())
        costs.append(cost)
        for w, g, group, rate in zip(weights, gradient, optimizer.param_groups, rates):
            w.grad = g
            if bug and name == "Adam":
                group["lr"] = float(rate) * _uncorrected(step + 1)
        with np.errstate(all="ignore"):
            optimizer.step()
    return np.stack(points), np.stack(costs)


def _uncorrected(step: int) -> float:
    """What a step of Adam is multiplied by when m and v are used as they are, both too small at first."""
    return float((1 - 0.9**step) / np.sqrt(1 - 0.999**step))


def arrival(missing: Array) -> Array:
    """The step from which what is missing to the lowest cost stays below ``CLOSE``; STEPS + 1 where it never does."""
    with np.errstate(invalid="ignore"):
        away = ~(missing < CLOSE)
    last_away = len(away) - 1 - np.argmax(away[::-1], axis=0)
    arrived: Array = np.where(away.any(axis=0), last_away + 1, 0)
    return arrived


def _slowness(costs: Array, lowest: float) -> Array:
    """When a run arrives, for each rate; runs that do not are told apart by what is missing, and NaN comes last."""
    missing = costs - lowest
    with np.errstate(all="ignore"):
        still = np.log10(np.maximum(missing, 1e-6)).mean(axis=0)
    late = np.where(np.isfinite(still), 1 + (still + 6) / 1000, 1e6)
    arrived = arrival(missing)
    slow: Array = np.where(arrived > STEPS, STEPS + late, arrived)
    return slow
