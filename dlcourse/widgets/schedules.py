"""The schedule explorer: the rate of every update, what it does to a small run, and three ways to get it wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Toggle
from dlcourse.widgets.explorer import Explorer
from dlcourse.widgets.numbers import short
from dlcourse.widgets.schedule_code import code_for
from dlcourse.widgets.schedule_figure import draw
from dlcourse.widgets.schedule_run import BATCHES, EPOCHS, KINDS, Run, Setting, train

__all__ = ["BUGS", "ScheduleExplorer"]

BUGS = {"none": "right", "unit": "bug: wrong unit", "early": "bug: one step early", "compound": "bug: compounding"}
DECADES = 4  # of the logarithmic axis of the rate
COSTS = {"low": -2.3, "high": 0.7, "ticks": [-2, -1, 0], "labels": ["0.01", "0.1", "1"]}
_EXPLAINED = {
    "unit": "The schedule counts epochs and is stepped after every batch: everything comes too soon.",
    "unit one-cycle": "One-cycle counts batches and is stepped once an epoch: it never leaves its first steps.",
    "early": "The schedule is stepped before the first update: every change comes one step early.",
    "early plateau": "A patience that is one too short: the rate falls one epoch early.",
    "compound": "The factor belongs to the base rate, but multiplies the rate that was lowered already.",
}


class ScheduleExplorer(Explorer):
    """Compose a schedule and see the rate of each update beside the costs of a real run on digits.

    Keywords: ``kind`` (a name in ``schedule_run.KINDS``), ``warm_up``, ``bug`` ("none", "unit", "early",
    "compound"), ``axis`` ("linear", "log") and ``rate``, the highest rate, as a text ("0.05" to "0.5").
    """

    title = "Learning-rate schedules"
    drawing = FOLDER / "schedules.js"
    controls = (
        Choice("kind", label="Schedule", values=tuple(KINDS)),
        Toggle("warm_up", label="Warm-up"),
        Choice("bug", label="Loop", values=BUGS),
        Choice("axis", label="Axis", values=("linear", "log")),
        Menu("rate", label="Highest rate", values=("0.05", "0.1", "0.2", "0.3", "0.5"), start="0.3", export="off"),
    )

    def compute(self, kind: str, warm_up: bool, bug: str, axis: str, rate: str) -> dict[str, Any]:
        """Rates and costs in units of their axes, with a grey reference; keys that start with _ stay in Python."""
        setting = Setting(kind, warm_up, float(rate), bug)
        run, reference = train(setting), train(_reference(setting))
        scale = _rate_scale(setting.rate, axis)
        grey = "as it should be" if bug != "none" else "constant rate"
        curves = [(grey, reference.val_cost), ("validation", run.val_cost), ("training", run.cost)]
        return {
            "label": self.heading(kind, warm_up, bug, rate=rate),
            "epochs": EPOCHS,
            "grey": grey,
            "rate": {
                **scale,
                "curves": [
                    {"name": grey, "values": _on_axis(reference.rates, scale, axis)},
                    {"name": "rate", "values": _on_axis(run.rates, scale, axis)},
                ],
            },
            "cost": {
                **COSTS,
                "curves": [{"name": name, "values": _on_axis(costs, COSTS, "log")} for name, costs in curves],
            },
            "_run": run,
            "_reference": reference,
        }

    def describe(self, result: dict[str, Any], kind: str, warm_up: bool, bug: str, rate: str, **_: Any) -> str:
        """First, highest and last rate; the validation cost beside the reference's; what a bug does."""
        run, reference = result["_run"], result["_reference"]
        lines = [
            f"The rate starts at {_two(run.rates[0])}, is {_two(run.rates.max())} at its highest, "
            f"and ends at {_two(run.rates[-1])}",
            f"Validation cost at the end: {_two(run.val_cost[-1])}; {_compared(kind, bug, rate)}: "
            f"{_two(reference.val_cost[-1])}. One run, one seed.",
        ]
        if bug != "none":
            lines.append(_bug_in_words(run, reference, kind, bug))
        elif warm_up and kind == "one-cycle":
            lines.append("One-cycle brings its own warm-up; the switch changes nothing.")
        return "\n".join(lines)

    def heading(self, kind: str, warm_up: bool, bug: str, rate: str, **_: Any) -> str:
        """The schedule in a few words."""
        first = "warm-up, then " if warm_up and kind != "one-cycle" else ""
        wrong = "" if bug == "none" else f", {BUGS[bug]}"
        return f"Schedule: {first}{kind}, at most {rate}{wrong}"

    def code(self, kind: str, warm_up: bool, bug: str, axis: str, rate: str) -> str:  # noqa: ARG002  # code has no axis
        """The same run as a plain loop with ``dlcourse.numpy``."""
        return code_for(Setting(kind, warm_up, float(rate), bug))

    def figure(self, result: dict[str, Any], **_: Any) -> Figure:
        """Rate and costs side by side."""
        return draw(result)


def _reference(setting: Setting) -> Setting:
    """What the run is compared with: the same schedule used rightly, or the constant rate."""
    if setting.bug != "none":
        return Setting(setting.kind, setting.warm_up, setting.rate)
    return Setting("constant", False, setting.rate)


def _rate_scale(rate: float, axis: str) -> dict[str, Any]:
    """The rate's axis: from 0 to the highest rate, or some decades down from it."""
    if axis == "linear":
        ticks = [0.0, rate / 2, rate]
        return {"low": 0.0, "high": 1.06 * rate, "ticks": ticks, "labels": [short(tick) for tick in ticks]}
    high = float(np.log10(rate))
    powers = range(int(np.ceil(high - DECADES)), int(np.floor(high)) + 1)
    return {
        "low": high - DECADES,
        "high": high + 0.15,
        "ticks": list(powers),
        "labels": [short(10.0**power) for power in powers],
    }


def _on_axis(values: NDArray[np.float64], scale: dict[str, Any], axis: str) -> NDArray[np.float64]:
    """Values in the axis's units; what lies outside is drawn at its end."""
    with np.errstate(divide="ignore"):
        units = np.log10(values) if axis == "log" else values
    drawn: NDArray[np.float64] = np.clip(np.nan_to_num(units, nan=scale["high"]), scale["low"], scale["high"])
    return drawn


def _compared(kind: str, bug: str, rate: str) -> str:
    return f"{kind} as it should be" if bug != "none" else f"with the constant rate {rate}"


def _bug_in_words(run: Run, reference: Run, kind: str, bug: str) -> str:
    different = np.flatnonzero(~np.isclose(run.rates, reference.rates, rtol=1e-9))
    if len(different) == 0:
        return "Here the bug changes no rate: that is why it can stay unseen."
    place = different[0]
    where = f"First wrong in update {place + 1} of {EPOCHS * BATCHES}."
    return f"{_EXPLAINED.get(f'{bug} {kind}', _EXPLAINED[bug])} {where}"


def _two(value: float) -> str:
    return short(float(f"{value:.2g}")) if np.isfinite(value) else "no number"
