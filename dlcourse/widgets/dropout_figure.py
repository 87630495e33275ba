"""The dropout explorer's stored picture: the network with its mask, the sub-network's map, and the map beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.plots import PALETTE

__all__ = ["draw"]

Array = NDArray[Any]
CLASSES = LinearSegmentedColormap.from_list("classes", [PALETTE["blue"], "#ffffff", PALETTE["vermillion"]])
SPREADS = LinearSegmentedColormap.from_list("spreads", ["#444444", "#ffffff", "#444444"])


def draw(result: dict[str, Any], place: int) -> Figure:
    """Three panels from left to right."""
    frame = result["frames"][place]
    figure = Figure(figsize=(10.6, 3.7), facecolor="white")
    _network(figure.add_axes((0.01, 0.04, 0.29, 0.84)), frame["mask"], place)
    _map(figure.add_axes((0.335, 0.04, 0.31, 0.84)), frame["member"], result, "this sub-network", False)
    beside = frame["beside"] if "beside" in frame else result["beside"]
    title = result["title"] + (f": {place + 1} of {len(result['frames'])} draws" if "beside" in frame else "")
    _map(figure.add_axes((0.68, 0.04, 0.31, 0.84)), beside, result, title, result["is_spread"])
    return figure


def _network(axes: Axes, mask: list[int], place: int) -> None:
    """Two inputs, the hidden units, one output; a dropped unit is hollow, crossed out, and has no connections."""
    heights = np.linspace(1, 0, len(mask))
    for height, keeps in zip(heights, mask):
        if keeps:
            for x, y in ((0, 0.7), (0, 0.3), (2, 0.5)):
                axes.plot([x, 1], [y, height], color=PALETTE["blue"], linewidth=1.1, zorder=1)
            axes.plot(1, height, "o", color=PALETTE["blue"], markersize=15, zorder=2)
        else:
            axes.plot(
                1, height, "o", color="white", markeredgecolor="#666666", markersize=15, linestyle="none", zorder=2
            )
            axes.plot(1, height, "x", color="#666666", markersize=9, markeredgewidth=1.8, zorder=3)
    for x, y, text in ((0, 0.7, "x₁"), (0, 0.3, "x₂"), (2, 0.5, "ŷ")):
        axes.plot(x, y, "o", color="white", markeredgecolor="black", markersize=19, zorder=2)
        axes.text(x, y, text, ha="center", va="center", fontsize=10, zorder=3)
    axes.set(xlim=(-0.25, 2.25), ylim=(-0.08, 1.08))
    axes.set_title(f"mask {place + 1}", fontsize=11)
    axes.axis("off")


def _map(axes: Axes, values: Array, result: dict[str, Any], title: str, is_spread: bool) -> None:
    side, extent = result["side"], result["extent"]
    pale = 1.6 if not is_spread else 1.0  # so that the points stand out
    cells = values.reshape(side, side)
    box = (-extent, extent, -extent, extent)
    colours = SPREADS if is_spread else CLASSES
    axes.imshow(cells, cmap=colours, vmin=-pale, vmax=pale, extent=box, interpolation="bilinear")
    if not is_spread and values.min() < 0 < values.max():
        axes.contour(cells, levels=[0.0], colors="black", linewidths=1.6, extent=(-extent, extent, extent, -extent))
    points, labels = result["points"], np.array(result["labels"])
    for label, colour, marker in ((0, PALETTE["blue"], "o"), (1, PALETTE["vermillion"], "^")):
        at = points[labels == label]
        axes.scatter(at[:, 0], at[:, 1], s=15, marker=marker, color=colour, edgecolor="white", linewidth=0.5)
    axes.set(xticks=[], yticks=[], xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_title(title, fontsize=11)
