"""The graph explorer's stored picture, drawn by Matplotlib from the same places as the live one."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path

from dlcourse.plots import PALETTE

__all__ = ["draw"]

PIXELS = 100  # an inch
VALUE, GRADIENT, LINE, INK = PALETTE["blue"], "#B34700", "#8A8A8A", "#1A1A1A"
LEGEND = "above a line: value      below a line: gradient"
LEGEND_ROOM = 22


def draw(picture: dict[str, Any], step: int) -> Figure:
    """The graph with everything that has appeared up to this step; the step's own node is framed."""
    width, height = picture["width"], picture["height"] + LEGEND_ROOM
    figure = Figure(figsize=(width / PIXELS, height / PIXELS), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    seen: dict[str, dict[str, Any]] = {"values": {}, "gradients": {}, "totals": {}}
    for frame in picture["frames"][: step + 1]:
        for kind, texts in seen.items():
            texts.update(frame[kind])
    for edge in picture["edges"]:
        _edge(axes, edge, seen["values"].get(edge["source"], ""), seen["gradients"].get(edge["key"], ""))
    for node in picture["nodes"]:
        _node(axes, node, active=node["key"] == picture["frames"][step]["node"])
        for line, text in enumerate(seen["totals"].get(node["key"], [])):
            _text(axes, node["x"] - node["width"] / 2, node["low"] + 16 * line, text, GRADIENT, ha="left")
    end = picture["edges"][-1]["path"][-1]
    _text(axes, end[0] + 6, end[1], picture["output"], INK, ha="left", weight="bold")
    axes.text(12, height - 10, LEGEND, fontsize=8.5, color="#555555", va="center")
    return figure


def _edge(axes: Axes, edge: dict[str, Any], value: str, gradient: str) -> None:
    points = edge["path"]
    codes = [Path.MOVETO, *[Path.CURVE4] * (len(points) - 1)]
    axes.add_patch(PathPatch(Path(points, codes), fill=False, edgecolor=LINE, linewidth=1.3))
    end = points[-1]
    axes.add_patch(
        FancyArrowPatch((end[0] - 8, end[1]), end, arrowstyle="-|>", mutation_scale=9, color=LINE, linewidth=0.5)
    )
    _text(axes, edge["x"], edge["y"] - 10, value, VALUE)
    _text(axes, edge["x"], edge["y"] + 11, gradient, GRADIENT)


def _node(axes: Axes, node: dict[str, Any], active: bool) -> None:
    width, height = node["width"], node["height"]
    round_by = 4 if node["kind"] == "input" else height / 2
    box = FancyBboxPatch(
        (node["x"] - width / 2, node["y"] - height / 2),
        width,
        height,
        boxstyle=f"round,pad=0,rounding_size={round_by}",
        facecolor="#EAF2F8" if node["kind"] == "input" else "white",
        edgecolor=INK,
        linewidth=2.4 if active else 1.2,
    )
    axes.add_patch(box)
    _text(axes, node["x"], node["y"], node["label"], INK)
    if node["kind"] == "operation":
        axes.text(
            node["x"],
            node["y"] - height / 2 - 7,
            node["name"],
            fontsize=8,
            color="#555555",
            ha="center",
            va="center",
            style="italic",
        )


def _text(axes: Axes, x: float, y: float, text: str, colour: str, ha: str = "center", weight: str = "normal") -> None:
    axes.text(x, y, text, color=colour, fontsize=10, ha=ha, va="center", weight=weight)
