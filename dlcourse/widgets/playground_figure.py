"""The playground's stored picture: every unit's map, the output with the points, and both costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.plots import PALETTE

__all__ = ["draw", "layer_values"]

Array = NDArray[Any]
COLOURS = LinearSegmentedColormap.from_list("classes", [PALETTE["blue"], "#ffffff", PALETTE["vermillion"]])
FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "ReLU": lambda z: np.maximum(z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "none": lambda z: z,
}


def layer_values(result: dict[str, Any], epoch: int) -> list[Array]:
    """The inputs, each layer's activations and the output on the grid of the maps, each (cells, units)."""
    sizes, weights = result["sizes"], result["frames"][epoch]["weights"]
    layers = [result["grid"]]
    position = 0
    with np.errstate(all="ignore"):
        for place, (inputs, outputs) in enumerate(pairwise(sizes)):
            W = weights[position : position + inputs * outputs].reshape(outputs, inputs)
            position += inputs * outputs
            b = weights[position : position + outputs]
            position += outputs
            z = layers[-1] @ W.T + b
            layers.append(z if place == len(sizes) - 2 else FUNCTIONS[result["activation"]](z))
    return layers


def draw(result: dict[str, Any], epoch: int) -> Figure:
    """Inputs and hidden units as small maps from left to right, then the output, then the costs."""
    layers = layer_values(result, epoch)
    figure = Figure(figsize=(9.6, 3.6), facecolor="white")
    columns = len(layers) - 1
    for column, values in enumerate(layers[:-1]):
        for unit, map_values in enumerate(values.T):
            height = 0.445 + 0.1175 * (len(values.T) / 2 - unit - 0.5)
            axes = figure.add_axes((0.05 + 0.36 * column / columns, height, 0.04, 0.105))
            _map(axes, map_values, result["extent"])
            if column == 0:
                axes.set_ylabel(result["inputs"][unit], fontsize=7, rotation=0, ha="right", va="center")
    _output(figure.add_axes((0.42, 0.08, 0.31, 0.83)), layers[-1][:, 0], result)
    _costs(figure.add_axes((0.79, 0.15, 0.2, 0.72)), result, epoch)
    return figure


def _map(axes: Axes, values: Array, extent: float, limit: float = 0.0) -> None:
    side = round(np.sqrt(len(values)))
    values = np.where(np.isfinite(values), values, 0.0).astype(float)
    limit = limit or float(np.abs(values).max()) or 1.0
    box = (-extent, extent, -extent, extent)
    axes.imshow(values.reshape(side, side), cmap=COLOURS, vmin=-limit, vmax=limit, extent=box, interpolation="bilinear")
    axes.set(xticks=[], yticks=[])


def _output(axes: Axes, values: Array, result: dict[str, Any]) -> None:
    extent, points = result["extent"], result["points"]
    _map(axes, np.clip(values / 2, -1, 1), extent, limit=1.6)  # pale, so that the points stand out
    labels, training = np.array(result["labels"]), np.array(result["training"])
    for label, colour, marker in ((0, PALETTE["blue"], "o"), (1, PALETTE["vermillion"], "^")):
        for chosen, face in ((training, colour), (~training, "white")):
            at = points[(labels == label) & chosen]
            axes.scatter(at[:, 0], at[:, 1], s=18, marker=marker, facecolor=face, edgecolor=colour, linewidth=0.9)
    side = round(np.sqrt(len(values)))
    if values.min() < 0 < values.max():
        box = (-extent, extent, extent, -extent)
        axes.contour(values.reshape(side, side), levels=[0.0], colors="black", linewidths=1.4, extent=box)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_title("output   ● ▲ training   ○ △ validation", fontsize=9)


def _costs(axes: Axes, result: dict[str, Any], epoch: int) -> None:
    frames = result["frames"]
    axes.plot([f["cost"] for f in frames], color=PALETTE["blue"], label="training")
    axes.plot([f["val_cost"] for f in frames], "--", color=PALETTE["vermillion"], label="validation")
    axes.axvline(epoch, color="#444444", linewidth=1)
    axes.set(ylim=(0, cost_limit(frames)))
    axes.set_xlabel("epoch", fontsize=9)
    axes.set_title("cost", fontsize=9)
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def cost_limit(frames: list[dict[str, Any]]) -> float:
    """The top of the curves: a run that explodes leaves the picture instead of flattening the rest."""
    costs = [frame[name] for frame in frames for name in ("cost", "val_cost") if np.isfinite(frame[name])]
    first = max(frames[0]["cost"], frames[0]["val_cost"])
    return float(1.05 * min(max(costs, default=1.0), 3 * first))
