"""The bias and variance explorer's stored picture, for each of its views."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import PALETTE

__all__ = ["draw"]

_BLUE, _ORANGE, _GREY, _INK = PALETTE["blue"], PALETTE["vermillion"], "#777777", PALETTE["black"]
_PARTS = (("bias²", _BLUE, ""), ("variance", _ORANGE, "///"), ("noise", "#cccccc", ""))
_ERRORS = {"training": (_BLUE, "-"), "validation": (_ORANGE, "--"), "any other day": (_GREY, ":")}


def draw(result: dict[str, Any], place: int) -> Figure:
    """Two charts side by side; which ones depends on the view."""
    figure = Figure(figsize=(9.6, 4.0), facecolor="white", layout="constrained")
    left, right = figure.subplots(1, 2)
    {"days": _days, "penalty": _penalty, "stopping": _stopping}[result["view"]](left, right, result, place)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def _days(left: Axes, right: Axes, result: dict[str, Any], place: int) -> None:
    _truth(left, result)
    for curve in result["curves"][:place]:
        left.plot(result["at"], curve, color=_ORANGE, linewidth=0.7, alpha=0.4)
    left.plot(result["at"], result["curves"][place], color=_ORANGE, linewidth=2, label="fit of this day")
    left.plot(result["at"], result["mean"], "--", color=_INK, label="mean fit")
    left.plot(result["hours"], result["points"][place], "o", color=_BLUE, markersize=5)
    left.set_title(f"day {result['frames'][place]['day']}")
    left.legend(fontsize=9, frameon=False)
    degrees, below = np.arange(len(result["parts"])), np.zeros(len(result["parts"]))
    for (name, colour, hatch), heights in zip(_PARTS, result["parts"].T):
        right.bar(degrees, heights, 0.72, below, color=colour, hatch=hatch, edgecolor="white", label=name)
        below = below + heights
    right.plot(degrees, result["measured"], "D", color=_INK, markersize=5, label="measured on new days")
    right.plot(degrees, result["own"], "o", color=_INK, fillstyle="none", markersize=5, label="on its own day")
    right.set(ylim=(0, result["scale"]["high"]), xlabel="degree", title="mean squared error, minutes²")
    right.set_xticks(degrees)
    right.get_xticklabels()[result["degree"]].set_fontweight("bold")
    right.legend(fontsize=9, frameon=False, loc="upper center", ncols=2)


def _penalty(left: Axes, right: Axes, result: dict[str, Any], place: int) -> None:
    step = result["frames"][place]["step"]
    for line in result["contours"]:
        left.plot(line[:, 0], line[:, 1], color="#bbbbbb", linewidth=0.8)
    left.plot(*result["touching"].T, color=_BLUE, label="loss of the optimum")
    left.fill(*result["ball"].T, facecolor="#f6dcc9", edgecolor=_ORANGE, label="penalty of the optimum")
    left.plot(*result["path"][: step + 1].T, "-o", color=_INK, markersize=3, linewidth=1, label="steps")
    left.plot(*result["best"], "+", color=_INK, markersize=11, label="lowest loss ŵ")
    x0, x1, y0, y1 = result["window"]
    left.axhline(0, color=_GREY, linewidth=0.8)
    left.axvline(0, color=_GREY, linewidth=0.8)
    left.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal", xlabel="$w_1$", ylabel="$w_2$", title=f"step {step}")
    left.legend(fontsize=8, frameon=False, loc="lower right")
    for place_of, (colour, line) in enumerate(((_BLUE, "-"), (_ORANGE, "--"))):
        right.plot(result["path"][: step + 1, place_of], line, color=colour, label=f"$w_{place_of + 1}$")
    right.axhline(0, color=_GREY, linewidth=0.8)
    right.set(xlim=(0, result["steps"]), ylim=(y0, y1), xlabel="step", title="the weights")
    right.legend(fontsize=9, frameon=False)


def _stopping(left: Axes, right: Axes, result: dict[str, Any], place: int) -> None:
    frame = result["frames"][place]
    _truth(left, result)
    left.plot(result["at"], result["curves"][place], color=_ORANGE, linewidth=2, label="fit")
    left.plot(result["hours"], result["points"], "o", color=_BLUE, markersize=5, label="training")
    left.plot(result["other_hours"], result["other_points"], "^", color=_GREY, markersize=5, label="validation")
    left.set_title(f"epoch {frame['epoch']}")
    left.legend(fontsize=9, frameon=False)
    shown = np.array(result["epochs"]) <= frame["epoch"]
    epochs = np.array(result["epochs"])[shown]
    for curve in result["errors"]:
        colour, line = _ERRORS[curve["name"]]
        right.plot(epochs, curve["values"][shown], line, color=colour, label=curve["name"])
    right.axvline(frame["best"], color=_INK, linewidth=0.8)
    right.text(frame["best"], result["scale"]["high"], f" best {frame['best']}", va="top")
    for mark in result["marks"]:
        if mark["epoch"] <= frame["epoch"]:
            right.axvline(mark["epoch"], ymax=0.12, color=_INK, linestyle=":")
            right.text(mark["epoch"], result["scale"]["low"], f"{mark['patience']}", va="bottom", ha="right")
    right.set(xscale="log", xlim=(1, result["epochs"][-1]), ylim=(result["scale"]["low"], result["scale"]["high"]))
    right.set(xlabel="epoch (numbers: patience ends)", title="mean squared error, minutes²")
    right.set_yticks(result["scale"]["ticks"], labels=[f"{value:g}" for value in result["scale"]["labels"]])
    right.legend(fontsize=9, frameon=False, loc="upper right")


def _truth(ax: Axes, result: dict[str, Any]) -> None:
    x0, x1, y0, y1 = result["window"]
    ax.plot(result["at"], result["truth"], color=_BLUE, linewidth=3, alpha=0.6, label="truth")
    ax.set(xlim=(x0 - 0.5, x1 + 0.5), ylim=(y0, y1), xlabel="hour of the day", ylabel="delay, minutes")
