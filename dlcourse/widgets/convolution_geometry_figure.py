"""The stored picture of a convolution's geometry: counts in the pixels, windows along a row, outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlcourse.plots import PALETTE

__all__ = ["draw"]


def draw(result: dict[str, Any]) -> Figure:
    """The image with its padding, the windows along one row, and the outputs, all on one scale."""
    figure = Figure(figsize=(9.6, 3.2), facecolor="white", layout="constrained")
    image, row, output = figure.subplots(1, 3)
    size, padding, count = result["size"], result["padding"], result["outputs"]
    low, high = -padding, size + padding
    for ax, title in (
        (image, "windows that read each pixel"),
        (row, "windows along a row"),
        (output, f"outputs: {count} × {count}"),
    ):
        ax.set(xlim=(low - 0.2, high + 0.2), ylim=(high + 0.2, low - 0.2), aspect="equal")
        ax.axis("off")
        ax.set_title(title, fontsize=10)
    _counts(image, result)
    _windows(row, result)
    for i, j in np.ndindex(count, count):
        output.add_patch(Rectangle((j, i), 1, 1, facecolor="#d5e6f2", edgecolor="#888888"))
    return figure


def _counts(ax: Axes, result: dict[str, Any]) -> None:
    size, padding, side = result["size"], result["padding"], result["kernel"]
    whole = size + 2 * padding
    ax.add_patch(Rectangle((-padding, -padding), whole, whole, fill=False, edgecolor="#888888", linestyle="--"))
    counts = np.outer(result["reads"], result["reads"])
    for (i, j), count in np.ndenumerate(counts):
        colour = "#d5e6f2" if count else "#f6d9c8"
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor=colour, edgecolor="#aaaaaa"))
        ax.text(j + 0.5, i + 0.5, str(count), ha="center", va="center", fontsize=9)
    ax.add_patch(Rectangle((-padding, -padding), side, side, fill=False, edgecolor="black", linewidth=2, clip_on=False))


def _windows(ax: Axes, result: dict[str, Any]) -> None:
    """One bar for each window; the one that would end outside is dashed."""
    padding, side, stride, count = result["padding"], result["kernel"], result["stride"], result["outputs"]
    height = (result["size"] + 2 * padding) / (count + 2)
    for place in range(count + (not result["even"])):
        fits = place < count
        look: dict[str, Any] = {"facecolor": PALETTE["blue"] if fits else "none", "linestyle": "-" if fits else "--"}
        at = (-padding + place * stride, -padding + (place + 0.6) * height)
        edge = PALETTE["blue" if fits else "vermillion"]
        ax.add_patch(Rectangle(at, side, 0.6 * height, edgecolor=edge, clip_on=False, **look))
    for x, style in ((0, "-"), (result["size"], "-"), (-padding, "--"), (result["size"] + padding, "--")):
        ax.axvline(x, color="#888888", linestyle=style, linewidth=1)
