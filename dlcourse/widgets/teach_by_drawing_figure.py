"""The teach-by-drawing explorer's stored picture: what is taught, who names how many right, what is confused."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.data.strokes import image_of, strokes_from_text
from dlcourse.plots import PALETTE

__all__ = ["draw"]

_SHOWN = 5  # drawings of each class


def draw(result: dict[str, Any]) -> Figure:
    """Drawings left, scores in the middle, the confusion matrix right."""
    figure = Figure(figsize=(10.4, 3.1), facecolor="white", layout="constrained")
    panels: Any = figure.subfigures(1, 3, width_ratios=[1, 1.15, 1])
    left, middle, right = panels
    _drawings(left.subplots(len(result["names"]), _SHOWN, squeeze=False), result)
    _scores(middle.subplots(), result)
    _confusion(right.subplots(), result)
    return figure


def _drawings(axes: Any, result: dict[str, Any]) -> None:
    """The first drawings of each class, dark ink on paper."""
    for label, (name, row) in enumerate(zip(result["names"], axes)):
        own = [text for other, text in result["taught"] if other == label][:_SHOWN]
        for place, ax in enumerate(row):
            ax.set(xticks=[], yticks=[])
            if place < len(own):
                ax.imshow(image_of(*strokes_from_text(own[place]))[0], cmap="gray_r", vmin=0, vmax=1)
            else:
                ax.spines[:].set_visible(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
    axes[0, _SHOWN // 2].set_title("taught", fontsize=10)


def _scores(axes: Axes, result: dict[str, Any]) -> None:
    """A bar for each way of learning; the chosen one has an outline."""
    count = max(1, len(result["tests"]))
    for place, right in enumerate(result["scores"]):
        if right is None:
            continue
        edge = "black" if place == result["way"] else "none"
        axes.barh(place, right, color=PALETTE["blue"], edgecolor=edge, linewidth=1.6, height=0.6)
        axes.text(right + 0.02 * count, place, str(right), va="center", fontsize=10)
    axes.set_yticks(
        range(len(result["ways"])),
        [way.replace(" on ", "\non ").replace(" from ", "\nfrom ") for way in result["ways"]],
    )
    axes.set(xlim=(0, 1.12 * count), xticks=[0, count])
    axes.tick_params(labelsize=10)
    axes.set_title(f"named right, of {len(result['tests'])}", fontsize=10)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def _confusion(axes: Axes, result: dict[str, Any]) -> None:
    """Counts with the truth in rows."""
    counts = np.array(result["counts"])
    axes.imshow(counts, cmap="Blues", vmin=0, vmax=max(1, 1.6 * counts.max()))
    for (row, column), count in np.ndenumerate(counts):
        axes.text(
            column, row, str(count), ha="center", va="center", fontsize=10, weight="bold" if row == column else "normal"
        )
    names, places = result["names"], range(len(result["names"]))
    axes.set_xticks(places, names, rotation=40, fontsize=9)
    axes.set_yticks(places, names, fontsize=9)
    axes.set_title("rows: truth, columns: answer", fontsize=10)
