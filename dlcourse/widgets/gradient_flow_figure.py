"""The gradient-flow explorer's stored picture: histograms for eight layers, and the sizes on a logarithmic axis."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import PALETTE

__all__ = ["draw"]

LOOKS: tuple[dict[str, Any], ...] = (
    {"color": PALETTE["blue"], "marker": "o"},
    {"color": PALETTE["vermillion"], "marker": "^", "linestyle": "--"},
)


def draw(result: dict[str, Any]) -> Figure:
    """Activations above, gradients below, from the first layer to the last; at the right both sizes."""
    figure = Figure(figsize=(10.6, 3.7), facecolor="white")
    for place, (row, look) in enumerate(zip(result["rows"], LOOKS)):
        bottom = 0.57 - 0.48 * place
        figure.text(
            0.012, bottom + (0.37 if place == 0 else 0.31), row["name"], fontsize=11, color=look["color"], weight="bold"
        )
        for column, (heights, text) in enumerate(zip(row["bars"], row["texts"])):
            axes = figure.add_axes((0.012 + 0.084 * column, bottom, 0.075, 0.27))
            _histogram(axes, heights, look["color"])
            axes.set_xlabel(text, fontsize=9.5, labelpad=3)
            if place == 0:
                axes.set_title(f"layer {result['layers'][column]}", fontsize=9.5, pad=3)
    _sizes(figure.add_axes((0.75, 0.15, 0.24, 0.73)), result)
    return figure


def _histogram(axes: Axes, heights: Any, colour: str) -> None:
    axes.bar(range(len(heights)), heights, width=1.0, color=colour)
    axes.set(xticks=[], yticks=[], xlim=(-0.5, len(heights) - 0.5), ylim=(0, 1.05))
    axes.spines[["top", "left", "right"]].set_visible(False)


def _sizes(axes: Axes, result: dict[str, Any]) -> None:
    for row, look in zip(result["rows"], LOOKS):
        pairs = [(n, size) for n, size in zip(result["layers"], row["sizes"]) if size is not None]
        axes.plot([n for n, _ in pairs], [size for _, size in pairs], **look)
    scale = result["scale"]
    axes.set(ylim=(scale["low"], scale["high"]), yticks=scale["ticks"], xticks=result["layers"][::2])
    axes.set_yticklabels([f"$10^{{{tick}}}$" for tick in scale["ticks"]])
    axes.grid(axis="y", color="#dddddd")
    axes.set_title("standard deviation  ● of a   ▲ of ∂L/∂a", fontsize=10)
    axes.set_xlabel("layer", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
