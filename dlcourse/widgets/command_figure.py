"""The command center's stored picture: parallel coordinates, a scatter plot, and the curves of all runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import PALETTE

__all__ = ["draw", "look_of"]

GREY, EDGE = "#9a9a9a", "#B34700"
LOOKS: dict[str, dict[str, Any]] = {
    "best": {"color": PALETTE["blue"], "linewidth": 2.8, "zorder": 4},
    "top": {"color": PALETTE["blue"], "linewidth": 1.2, "alpha": 0.8, "zorder": 3},
    "other": {"color": GREY, "linewidth": 1.0, "alpha": 0.9, "zorder": 2},
    "out": {"color": GREY, "linewidth": 0.9, "linestyle": ":", "alpha": 0.9, "zorder": 1},
}


def look_of(frame: dict[str, Any], run: int) -> str:
    """How a run is drawn: "best", "top" (the best five), "out" (stopped or exploded) or "other"."""
    if run == frame["order"][0]:
        return "best"
    if run in frame["out"]:
        return "out"
    return "top" if run in frame["order"][:5] else "other"


def draw(result: dict[str, Any], time: int) -> Figure:
    """All three pictures after trial ``time``."""
    frame = result["frames"][time]
    figure = Figure(figsize=(10.4, 3.4), facecolor="white", layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[2.1, 1, 1.1])
    for run in frame["order"]:
        look = look_of(frame, run)
        score = result["curves"][run, frame["epochs"][run] - 1]
        if np.isfinite(score):
            left.plot([*result["places"][run], score], **LOOKS[look])
            mark = {"best": "*", "out": "x"}.get(look, "o")
            middle.plot(
                result["places"][run, result["against"]],
                score,
                mark,
                color=LOOKS[look]["color"],
                markersize=14 if look == "best" else 5,
            )
        have = frame["epochs"][run]
        right.plot(result["epochs"]["places"][:have], result["curves"][run, :have], **LOOKS[look])
    _parallel(left, result, frame)
    _scale(middle, result["axes"][result["against"]], result["axes"][-1])
    _scale(right, result["epochs"], result["axes"][-1])
    for axis, end in frame["edges"]:
        if axis == result["against"]:
            middle.axvline(float(end == "upper"), color=EDGE, linestyle="--", linewidth=1.5)
    return figure


def _parallel(ax: Axes, result: dict[str, Any], frame: dict[str, Any]) -> None:
    for place, axis in enumerate(result["axes"]):
        ax.plot([place, place], [0, 1], color="#444444", linewidth=1, zorder=0)
        for tick, label in zip(axis["ticks"], axis["labels"], strict=True):
            ax.text(place + 0.03, tick, label, fontsize=8.5, va="center", color="#333333", zorder=5)
    for axis_number, end in frame["edges"]:
        high = end == "upper"
        ax.plot(axis_number, float(high), "^" if high else "v", color=EDGE, markersize=11, zorder=6, clip_on=False)
        ax.text(axis_number, 1.1 if high else -0.1, "edge: widen", color=EDGE, ha="center", va="center", fontsize=9.5)
    ax.set_xticks(range(len(result["axes"])), labels=[axis["name"] for axis in result["axes"]], fontsize=10.5)
    ax.set(yticks=[], ylim=(-0.16, 1.16), xlim=(-0.15, len(result["axes"]) - 0.7))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _scale(ax: Axes, across: dict[str, Any], up: dict[str, Any]) -> None:
    ax.set_xticks(across["ticks"], labels=across["labels"], fontsize=9)
    ax.set_yticks(up["ticks"], labels=up["labels"], fontsize=9)
    ax.set(xlim=(-0.05, 1.05), ylim=(-0.03, 1.03), xlabel=across["name"], title=up["name"])
    ax.title.set_fontsize(10.5)
    ax.spines[["top", "right"]].set_visible(False)
