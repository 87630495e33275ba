"""The convolution explorer's stored picture: image, kernel and the three maps in a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from dlcourse.plots import PALETTE

__all__ = ["SIGNED", "draw"]

SIGNED = LinearSegmentedColormap.from_list("signed", [PALETTE["vermillion"], "white", PALETTE["blue"]])
"""Below 0 orange, above 0 blue, as in the explorer."""


def draw(result: dict[str, Any]) -> Figure:
    """The start cell's window in the image, the kernel with its numbers, and the cell in every map."""
    figure = Figure(figsize=(10.4, 2.6), facecolor="white", layout="constrained")
    axes = figure.subplots(1, 5, width_ratios=[1.15, 0.9, 1.15, 1.15, 1.15])
    row, column = result["start"]
    image, kernel, z, relu, pooled = (_square(result[name]) for name in ("image", "kernel", "z", "relu", "pooled"))
    limit = float(np.abs(z).max()) or 1.0
    _map(axes[0], image / 100, 1.0, "image x")
    _map(axes[1], kernel / 100, 1.4, f"kernel W, bias {result['bias'] / 100:g}")
    for (i, j), value in np.ndenumerate(kernel / 100):
        axes[1].text(j, i, f"{value:.2f}".replace("-", "−"), ha="center", va="center", fontsize=9)
    _map(axes[2], z, limit, f"z[{row}, {column}] = {z[row, column] / 10_000:g}".replace("-", "−"))
    _map(axes[3], relu, limit, "ReLU")
    _map(axes[4], pooled, limit, "max-pooled")
    _outline(axes[0], column - 1, row - 1, 3)
    for ax in axes[2:4]:
        _outline(ax, column, row, 1)
    _outline(axes[4], column // 2, row // 2, 1)
    return figure


def _square(values: list[int]) -> NDArray[np.int64]:
    side = round(len(values) ** 0.5)
    return np.array(values).reshape(side, side)


def _map(ax: Axes, values: NDArray[Any], limit: float, title: str) -> None:
    ax.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=10)


def _outline(ax: Axes, x: float, y: float, side: int) -> None:
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), side, side, fill=False, edgecolor="black", linewidth=2, clip_on=False))
