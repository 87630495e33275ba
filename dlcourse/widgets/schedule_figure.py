"""The schedule explorer's stored picture: the rate of every update, and the costs after every epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import PALETTE

__all__ = ["draw"]

LOOKS: dict[str, dict[str, Any]] = {
    "rate": {"color": PALETTE["blue"], "linewidth": 2.0},
    "training": {"color": PALETTE["blue"], "linewidth": 1.8},
    "validation": {"color": PALETTE["vermillion"], "linewidth": 1.8, "linestyle": "--"},
}
GREY: dict[str, Any] = {"color": "#888888", "linewidth": 1.3, "linestyle": ":"}


def draw(result: dict[str, Any]) -> Figure:
    """Both charts, with the reference in grey."""
    figure = Figure(figsize=(9.6, 3.3), facecolor="white", layout="constrained")
    axes = figure.subplots(1, 2)
    for ax, part, title in zip(axes, ("rate", "cost"), ("rate of each update", "cost after each epoch")):
        _chart(ax, result[part], result["epochs"])
        ax.set_title(title, fontsize=11)
    return figure


def _chart(ax: Axes, chart: dict[str, Any], epochs: int) -> None:
    for curve in chart["curves"]:
        x = np.linspace(0, epochs, len(curve["values"]))
        ax.plot(x, curve["values"], label=curve["name"], **LOOKS.get(curve["name"], GREY))
    ax.set(xlabel="epoch", xlim=(0, epochs), ylim=(chart["low"], chart["high"]))
    ax.set_yticks(chart["ticks"], labels=chart["labels"])
    ax.grid(axis="y", color="#dddddd")
    ax.legend(fontsize=9, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
