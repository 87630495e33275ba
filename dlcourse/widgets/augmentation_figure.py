"""The augmentation composer's stored picture: samples of two digits, a mixture with its label, and accuracies."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.plots import PALETTE

__all__ = ["draw"]


def draw(result: dict[str, Any], share: int) -> Figure:
    """The three parts side by side, the mixture at this place of the player."""
    figure = Figure(figsize=(11, 3.5), facecolor="white", layout="constrained")
    parts: Any = figure.subfigures(1, 3, width_ratios=[6.2, 1.9, 2.6])
    left, middle, right = parts
    rows, columns = result["samples"].shape[:2]
    axes = left.subplots(rows, columns + 1)
    for row, digit in enumerate(result["digits"]):
        _image(axes[row, 0], result["originals"][row], f"a {digit}")
        for column in range(columns):
            _image(axes[row, column + 1], result["samples"][row, column], result["drawn"][row][column])
    _mixture(middle, result, share)
    above, below = right.subplots(2, 1, height_ratios=[3, 2])
    _accuracies(above, result["accuracy"])
    below.axis("off")
    return figure


def _image(ax: Axes, pixels: NDArray[Any], title: str) -> None:
    ax.imshow(np.clip(pixels, 0, 1), cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)


def _mixture(part: Any, result: dict[str, Any], share: int) -> None:
    frame = result["frames"][share]
    top, below = part.subplots(2, 1, height_ratios=[2.2, 1])
    first, second = (result["samples"][row, 0] for row in range(2))
    _image(top, frame["share"] * first + (1 - frame["share"]) * second, f"mixup, λ = {frame['share']:g}")
    soft = np.zeros(10)
    soft[result["digits"]] = frame["soft"]
    below.bar(range(10), soft, color=PALETTE["blue"])
    below.set(ylim=(0, 1), yticks=[0, 1], xticks=[*result["digits"]], xlabel="soft label")


def _accuracies(ax: Axes, accuracy: dict[str, list[float]]) -> None:
    for row, (name, colour, mark) in enumerate((("without", "#777777", "s"), ("with", PALETTE["blue"], "o"))):
        ax.plot(accuracy[name], [row] * len(accuracy[name]), mark, color=colour, alpha=0.8)
    ax.set(ylim=(1.6, -0.6), yticks=[0, 1], yticklabels=["as they are", "pipeline"], xlim=(0, 100))
    ax.set_xlabel("new pages read, %")
    ax.grid(axis="x", color="#dddddd")
    ax.spines[["top", "right"]].set_visible(False)
