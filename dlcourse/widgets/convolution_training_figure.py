"""The stored picture of the explorer of a convolutional network in training."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.plots import PALETTE
from dlcourse.widgets.convolution_figure import SIGNED

__all__ = ["draw", "tiled"]


def tiled(kernel: NDArray[Any]) -> NDArray[np.float64]:
    """The images (C, 3, 3) of one kernel's channels in two rows, with an empty line between neighbours."""
    columns = len(kernel) // 2
    sheet = np.full((7, 4 * columns - 1), np.nan)
    for place, channel in enumerate(kernel):
        top, left = 4 * (place // columns), 4 * (place % columns)
        sheet[top : top + 3, left : left + 3] = channel
    return sheet


def draw(result: dict[str, Any], step: int) -> Figure:
    """The letter, six and eight images, the answers, the costs up to this step and the confusions."""
    figure = Figure(figsize=(10.4, 4.0), facecolor="white", layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=[1, 1.15])
    images, rest = halves
    frame, name = result["frames"][step], "kernel" if result["kernels"] else "map"
    letter, first, second = images.subfigures(1, 3, width_ratios=[1, 2.9, 3.9])
    _image(letter.subplots(), _square(result["image"]), result["full"], "the letter")
    for part, layer, columns in ((first, "first", 3), (second, "second", 4)):
        number = 1 if layer == "first" else 2
        part.suptitle(f"layer {number}: {name}s, full colour from ±{result['scales'][number - 1]}", fontsize=10)
        for ax, values in zip(part.subplots(2, columns).ravel(), frame[layer]):
            _image(ax, _arranged(values), result["full"])
    answers, costs, confusions = rest.subplots(1, 3, width_ratios=[1, 1.6, 1.1])
    _answers(answers, result, frame)
    _costs(costs, result, step)
    _confusions(confusions, result, frame)
    return figure


def _square(values: list[int]) -> NDArray[Any]:
    side = round(len(values) ** 0.5)
    return np.array(values).reshape(side, side)


def _arranged(values: list[int]) -> NDArray[Any]:
    """A map or a 3 × 3 kernel as a square; a kernel of several channels as a sheet of them."""
    if len(values) % 9 == 0 and len(values) > 9:
        return tiled(np.array(values).reshape(-1, 3, 3))
    return _square(values)


def _image(ax: Axes, values: NDArray[Any], full: int, title: str = "") -> None:
    ax.imshow(values, cmap=SIGNED, vmin=-full, vmax=full)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=10)


def _answers(ax: Axes, result: dict[str, Any], frame: dict[str, Any]) -> None:
    letters, truth = result["letters"], result["truth"]
    colours = [PALETTE["blue"] if k == truth else "#8b959f" for k in range(len(letters))]
    ax.bar(list(letters), np.array(frame["P"]) / 10, color=colours)
    ax.set(ylim=(0, 100))
    ax.set_title(f"answers to this {letters[truth]}, %", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)


def _costs(ax: Axes, result: dict[str, Any], step: int) -> None:
    steps = result["steps"]
    now = steps[step]
    ax.plot(result["costs"][: now + 1], color=PALETTE["blue"], linewidth=1.2, label="batch")
    ax.plot(
        steps[: step + 1], result["held_costs"][: step + 1], "^--", color=PALETTE["vermillion"], label="new letters"
    )
    ax.set(xlim=(0, steps[-1]), ylim=(0, None), xlabel="step")
    ax.set_title("cost", fontsize=10)
    ax.legend(fontsize=9, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)


def _confusions(ax: Axes, result: dict[str, Any], frame: dict[str, Any]) -> None:
    counts, letters = _square(frame["counts"]), result["letters"]
    ax.imshow(counts, cmap=SIGNED, vmin=-counts.max() * 1.6, vmax=counts.max() * 1.6)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ax.text(column, row, str(count), ha="center", va="center", fontsize=7)
    ax.set_xticks(range(len(letters)), labels=list(letters), fontsize=8)
    ax.set_yticks(range(len(letters)), labels=list(letters), fontsize=8)
    ax.set_xlabel("named", fontsize=9)
    ax.set_title(f"{len(result['truths'])} new letters", fontsize=10)
