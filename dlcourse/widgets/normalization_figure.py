"""The normalisation explorer's stored picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlcourse.plots import PALETTE

__all__ = ["draw"]

_BLUE, _ORANGE, _GREY = PALETTE["blue"], PALETTE["vermillion"], "#666666"


def draw(result: dict[str, Any], place: int) -> Figure:
    """Histograms and running statistics of three features, or the block with one set of cells shaded."""
    figure = Figure(figsize=(10.6, 4.2), facecolor="white", layout="constrained")
    (_values if result["view"] == "values" else _axes)(figure, result, place)
    return figure


def _values(figure: Figure, result: dict[str, Any], place: int) -> None:
    frame = result["frames"][place]
    after = result["after"][min(place, len(result["after"]) - 1)]
    panels = figure.subplots(len(after), 4, sharex="col")
    for row, chart in enumerate(result["charts"]):
        _bars(panels[row, 0], result["before"][row], result["edge"], _BLUE, result["before_words"][row])
        _bars(panels[row, 1], after[row], result["edge"], _ORANGE, frame["words"][row])
        panels[row, 0].set_ylabel(f"feature {row + 1}")
        _running(panels[row, 2], chart["mean"], frame["step"], result["steps"])
        _running(panels[row, 3], chart["variance"], frame["step"], result["steps"])
    names = ("x, all images", "y, all images", "running mean", "running variance")
    for panel, name in zip(panels[0], names):
        panel.set_title(name, fontsize=11)
    panels[-1, 2].set_xlabel("training batches")


def _bars(panel: Axes, shares: Any, edge: float, colour: str, words: str) -> None:
    edges = np.linspace(-edge, edge, len(shares) + 1)
    panel.stairs(shares, edges, fill=True, color=colour)
    panel.axvline(0, color=_GREY, linewidth=0.8)
    panel.text(0.98, 0.95, words, ha="right", va="top", transform=panel.transAxes, fontsize=9)
    panel.set(yticks=[], xlim=(-edge, edge), ylim=(0, 1.05))


def _running(panel: Axes, chart: dict[str, Any], step: int, steps: int) -> None:
    panel.axhline(chart["all"], color=_GREY, linestyle="--", linewidth=1)
    panel.plot(np.arange(1, step + 1), chart["batch"][:step], "^", color=_ORANGE, markersize=4)
    panel.plot(chart["running"][: step + 1], color=_BLUE, linewidth=2)
    panel.set(xlim=(0, steps + 0.5), ylim=(chart["low"], chart["high"]), yticks=[chart["all"]])
    panel.set_yticklabels([f"{chart['all']:.2f}"])


def _axes(figure: Figure, result: dict[str, Any], place: int) -> None:
    images, channels, length = result["shape"]
    cells = set(result["frames"][place]["cells"])
    panels = figure.subplots(1, 4, sharey=True)
    for image, panel in enumerate(panels):
        panel.axis("off")
        if image >= images:
            continue
        panel.set(xlim=(-0.6, length - 0.4), ylim=(channels - 0.4, -0.6), title=f"image {image + 1}")
        for k in range(channels * length):
            _cell(panel, divmod(k, length), result, image * channels * length + k, cells)
        if image == 0:
            for channel in range(channels):
                panel.text(-0.65, channel, f"channel {channel + 1}", ha="right", va="center", fontsize=10)
    if result["more"]:
        figure.supxlabel(_more(result), fontsize=10)


def _more(result: dict[str, Any]) -> str:
    return f"and {result['more']} more images{' take part' if result['more_shaded'] else ''}"


def _cell(panel: Axes, at: tuple[int, int], result: dict[str, Any], index: int, cells: set[int]) -> None:
    (row, column), chosen = at, index in cells
    fill = _BLUE if chosen and not result["constant"] else "white"
    edge, width = (_BLUE, 2.5) if chosen else (_GREY, 0.8)
    box = panel.add_patch(_square(row, column))
    box.set(facecolor=fill, edgecolor=edge, linewidth=width)
    panel.text(
        column,
        row,
        str(result["numbers"][index]),
        ha="center",
        va="center",
        color="white" if fill == _BLUE else "black",
        fontweight="bold" if chosen else "normal",
    )


def _square(row: int, column: int) -> Rectangle:
    return Rectangle((column - 0.46, row - 0.44), 0.92, 0.88)
