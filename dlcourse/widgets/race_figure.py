"""The optimizer race's contours and its stored picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.plots import PALETTE
from dlcourse.widgets.race_run import Surface

__all__ = ["LOOKS", "contours", "draw"]

_SIDE, _LEVELS, _FEW = 61, 9, 60  # points of the grid on a side, lines, points of a line at most

LOOKS: dict[str, dict[str, Any]] = {
    "gradient descent": {"color": PALETTE["black"], "linestyle": ":", "marker": "s"},
    "momentum": {"color": PALETTE["blue"], "linestyle": "-", "marker": "o"},
    "Adagrad": {"color": PALETTE["green"], "linestyle": "-.", "marker": "D"},
    "RMSprop": {"color": PALETTE["purple"], "linestyle": (0, (5, 1)), "marker": "v"},
    "Adam": {"color": PALETTE["vermillion"], "linestyle": "--", "marker": "^"},
}


def contours(surface: Surface, lowest: float) -> list[NDArray[np.float64]]:
    """Lines of equal cost, (n, 2) each; from line to line what is missing to the lowest cost grows by one factor."""
    x0, x1, y0, y1 = surface.window
    x, y = np.linspace(x0, x1, _SIDE), np.linspace(y0, y1, _SIDE)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    cost = surface.at(grid)[0].reshape(_SIDE, _SIDE)
    finite = cost[np.isfinite(cost)]
    if not finite.size or finite.max() <= finite.min():
        return []
    base = min(lowest, float(finite.min()))
    top = float(np.quantile(finite - base, 0.97))
    generator = contour_generator(x, y, np.nan_to_num(cost, nan=finite.max(), posinf=finite.max()))
    levels = base + np.geomspace(top / 3e3, top, _LEVELS)
    lines = [np.asarray(line) for level in levels for line in generator.lines(level)]
    return [line[:: max(1, len(line) // _FEW)] if len(line) > _FEW else line for line in lines if len(line) > 2]


def draw(result: dict[str, Any], step: int) -> Figure:
    """The paths up to a step on the surface, and the costs beside them."""
    figure = Figure(figsize=(9.6, 4.0), facecolor="white", layout="constrained")
    surface, costs = figure.subplots(1, 2)
    for line in result["contours"]:
        surface.plot(line[:, 0], line[:, 1], color="#bbbbbb", linewidth=0.8)
    marks = max(1, step // 6)
    for racer in result["racers"]:
        look = {**LOOKS[racer["name"]], "markersize": 4, "linewidth": 1.6}
        path = racer["path"][: step + 1]
        surface.plot(path[:, 0], path[:, 1], markevery=marks, **look)
        costs.plot(racer["cost"][: step + 1], label=racer["name"], markevery=marks, **look)
    x0, x1, y0, y1 = result["window"]
    surface.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y", title="the surface and the paths")
    scale = result["scale"]
    costs.set(xlim=(0, result["steps"]), ylim=(scale["low"], scale["high"]), xlabel="step")
    costs.set_title("cost above the lowest")
    costs.set_yticks(scale["ticks"], labels=[f"$10^{{{tick}}}$" for tick in scale["ticks"]])
    costs.grid(axis="y", color="#dddddd")
    costs.legend(fontsize=9, frameon=False)
    for ax in (surface, costs):
        ax.spines[["top", "right"]].set_visible(False)
    return figure
