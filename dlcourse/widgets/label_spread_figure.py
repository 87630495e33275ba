"""The label-spread explorer's stored picture: the map with its labels, and the share of right ones over the steps."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import PALETTE

__all__ = ["draw"]

BOX = {"boxstyle": "round,pad=0.12", "facecolor": "none", "edgecolor": PALETTE["vermillion"], "linewidth": 1.1}


def draw(result: dict[str, Any], place: int) -> Figure:
    """Both panels; numerals are labels, boxes are wrong ones, large numerals were given."""
    figure = Figure(figsize=(10.6, 4.2), facecolor="white", layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[2.2, 1])
    _map(left, result, result["frames"][place]["labels"], result["steps"][place])
    _curve(right, result, place)
    return figure


def _map(axes: Axes, result: dict[str, Any], labels: list[int], step: int) -> None:
    for (x, y), true, given, label in zip(result["points"], result["truth"], result["known"], labels):
        wrong = label not in (-1, true)
        axes.text(
            x,
            y,
            "·" if label < 0 else str(label),
            fontsize=15 if given >= 0 else 8.5,
            weight="bold" if given >= 0 else "normal",
            color=PALETTE["vermillion"] if wrong else PALETTE["blue"] if given >= 0 else "#444444",
            bbox=BOX if wrong else None,
            ha="center",
            va="center",
        )
    axes.set(xlim=(-1.07, 1.07), ylim=(-1.07, 1.07), xticks=[], yticks=[])
    axes.set_title(f"step {step}", fontsize=11)
    axes.spines[:].set_visible(False)


def _curve(axes: Axes, result: dict[str, Any], place: int) -> None:
    shown = range(len(result["steps"]))
    if result["clean"] is not None:
        axes.plot(shown, result["clean"], ":", color="#777777", linewidth=1.6, label="all given labels right")
        axes.legend(loc="lower right", fontsize=9, frameon=False)
    axes.plot(shown, result["right"], "-", color=PALETTE["blue"], linewidth=2)
    axes.plot(place, result["right"][place], "o", color=PALETTE["blue"], markersize=8)
    axes.set(ylim=(0, 103), ylabel="right labels, %", xlabel="step")
    axes.set_xticks(list(shown)[::2], labels=[str(step) for step in result["steps"][::2]])
    axes.grid(axis="y", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
