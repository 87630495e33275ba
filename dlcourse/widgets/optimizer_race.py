"""The optimizer race: five optimizers on one surface, each at its best rate or all at one."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Player, Text, Toggle
from dlcourse.widgets.explorer import Explorer, InputError, Question
from dlcourse.widgets.expression import ExpressionError, parse
from dlcourse.widgets.numbers import short
from dlcourse.widgets.race_code import code_for
from dlcourse.widgets.race_figure import contours, draw
from dlcourse.widgets.race_run import (
    BUG,
    CLOSE,
    RACERS,
    SLICE,
    STEPS,
    SURFACES,
    Race,
    Surface,
    arrival,
    run,
    surface_of,
)
from dlcourse.widgets.race_slice import WEIGHTS

__all__ = ["MOMENTS", "OptimizerRace"]

MOMENTS = [0, 1, 2, 3, 5, 8, 12, 18, 26, 38, 55, 80, 110, STEPS]
"""The steps that the player shows."""

_DECADES = 6  # of the axis of the cost
_OWN = "your own"
_DIRECTIONS = "2 random directions"


class OptimizerRace(Explorer):
    """Race gradient descent, momentum, Adagrad, RMSprop and Adam down a surface of two weights.

    Keywords: ``surface`` (a name in ``race_run.SURFACES``, among them "network slice", two random directions through
    a trained network; or "your own" with ``formula``), ``rates`` ("best" for each its own, "one" for all), ``rate``
    (that one rate, as a text), ``bug`` (Adam without its bias correction) and ``step``, the place in ``MOMENTS``.
    """

    title = "Optimizer race"
    drawing = FOLDER / "optimizer_race.js"
    predicts = True
    controls = (
        Choice("surface", label="Surface", values=(*SURFACES, _OWN)),
        Choice("rates", label="Rates", values={"best": "each its best", "one": "one for all"}),
        Toggle("bug", label=BUG),
        Menu(
            "rate",
            label="One rate",
            values=("0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"),
            start="0.01",
            export="off",
        ),
        Text("formula", label="Your own surface", start="(x**2 - 1)**2 + 3*y**2", export="off"),
        Player("step", label="Step", seconds=0.7),
    )

    def compute(self, surface: str, rates: str, bug: bool, rate: str, formula: str) -> dict[str, Any]:
        """Contours, paths and costs in the units of the picture; keys that start with _ stay in Python."""
        chosen = _surface(surface, formula)
        race = run(chosen, float(rate) if rates == "one" else None, bug)
        high = _top(race)
        return {
            "label": self.heading(surface, rates, bug, rate),
            "window": list(chosen.window),
            "contours": contours(chosen, race.lowest),
            "racers": [
                {"name": name, "path": _inside(race.paths[name], chosen), "cost": _drawn(race, name, high)}
                for name in RACERS
            ],
            "scale": {
                "low": high - _DECADES,
                "high": high,
                "ticks": list(range(int(np.ceil(high - _DECADES)), int(np.floor(high)) + 1)),
            },
            "steps": STEPS,
            "frames": [{"step": step} for step in MOMENTS],
            "_race": race,
        }

    def describe(self, result: dict[str, Any], surface: str, step: int, rates: str, bug: bool, **_: Any) -> str:
        """What is still missing to the lowest cost, racer by racer, and who has arrived."""
        race, now = result["_race"], MOMENTS[step]
        parts = [f"{name} {_missing(race, name, now)}" for name in RACERS]
        lines = [f"After step {now}, above the lowest cost by: {', '.join(parts)}"]
        if rates == "best":
            lines.append("Rates: " + ", ".join(f"{name} {short(rate)}" for name, rate in race.rates.items()) + ".")
        if bug:
            lines.append("Without the correction m and v start too small, and v more so: the first steps are too long.")
        if now == STEPS:
            lines.append(_arrivals(race))
        if surface == SLICE:
            lines.append(
                f"The race stays in the slice: 2 random directions through {WEIGHTS} weights of a trained network."
            )
        return "\n".join(lines)

    def heading(self, surface: str, rates: str, bug: bool, rate: str, **_: Any) -> str:
        """The race in a few words."""
        how = "each at its best rate" if rates == "best" else f"all at the rate {rate}"
        return f"Race on {surface}, {how}{f', {BUG}' if bug else ''}"

    def question(self, result: dict[str, Any], step: int, **_: Any) -> Question | None:
        """Who arrives first? Asked at the start, by number."""
        if step > 0:
            return None
        arrived = [_arrival(result["_race"], name) for name in RACERS]
        first = [place for place, step in enumerate(arrived, start=1) if step == min(arrived)]
        if first[-1] - first[0] >= len(first):  # a tie of racers that do not stand side by side has no one range
            return None
        names = ", ".join(f"{place} {name}" for place, name in enumerate(RACERS, start=1))
        answer = " and ".join(f"{place} {list(RACERS)[place - 1]}" for place in first)
        return Question(f"Who comes near the minimum first? {names}", answer, first[0], first[-1])

    def code(self, surface: str, rates: str, bug: bool, rate: str, formula: str) -> str:
        """The same race as a loop with ``dlcourse.numpy``."""
        chosen = _surface(surface, formula)
        return code_for(chosen, run(chosen, float(rate) if rates == "one" else None, bug).rates, bug)

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """The paths on the surface, and the costs beside them."""
        return draw(result, MOMENTS[step])


def _surface(name: str, formula: str) -> Surface:
    if name != _OWN:
        return SURFACES[name]
    try:
        expression = parse(formula)
    except ExpressionError as error:
        raise InputError(str(error), "formula", error.start, error.end) from None
    if not set(expression.variables) <= {"x", "y"}:
        other = sorted(set(expression.variables) - {"x", "y"})[0]
        raise InputError(f"a surface is a formula of x and y; {other} is neither", "formula", 0, len(formula))
    return surface_of(formula)


def _inside(path: Any, surface: Surface) -> Any:
    """The path, held at some distance outside the window: a racer that flies away is drawn leaving."""
    x0, x1, y0, y1 = surface.window
    wide, tall = x1 - x0, y1 - y0
    with np.errstate(invalid="ignore"):
        finite = np.nan_to_num(path, nan=np.nan, posinf=1e9, neginf=-1e9)
    gone = np.isnan(finite).any(axis=1)
    finite[gone] = finite[np.argmax(gone) - 1] if gone.any() else 0.0
    return np.clip(finite, [x0 - wide, y0 - tall], [x1 + wide, y1 + tall])


def _top(race: Race) -> float:
    return float(np.log10(max(race.costs["Adam"][0] - race.lowest, 1e-12))) + 0.5


def _drawn(race: Race, name: str, high: float) -> Any:
    """What is missing to the lowest cost, as a logarithm, held within the axis."""
    with np.errstate(all="ignore"):
        missing = np.log10(np.maximum(race.costs[name] - race.lowest, 1e-300))
    return np.clip(np.nan_to_num(missing, nan=high, posinf=high), high - _DECADES, high)


def _missing(race: Race, name: str, step: int) -> str:
    value = race.costs[name][step] - race.lowest
    if not np.isfinite(value):
        return "left all numbers"
    return "less than 1e-6" if value < 1e-6 else short(float(f"{value:.2g}"))


def _arrival(race: Race, name: str) -> int:
    return int(arrival(race.costs[name] - race.lowest))


def _arrivals(race: Race) -> str:
    arrived = {name: _arrival(race, name) for name in RACERS}
    order = sorted((step, name) for name, step in arrived.items() if step <= STEPS)
    there = [f"{name} from step {step}" for step, name in order]
    late = [name for name, step in arrived.items() if step > STEPS]
    sentence = f"Within {CLOSE} of the lowest cost: {', '.join(there) or 'nobody'}"
    return f"{sentence}; not yet: {', '.join(late)}." if late else f"{sentence}."
