"""The network graph as a still picture: every matrix in its box, values above a line, gradients below."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from dlcourse.plots import PALETTE

__all__ = ["draw"]

PIXELS = 100  # an inch
LEGEND_ROOM = 20
VALUE, GRADIENT, LINE, INK = PALETTE["blue"], "#B34700", "#8A8A8A", "#1A1A1A"


def draw(picture: dict[str, Any], step: int) -> Figure:
    """All numbers that the steps up to this one have written; the step's own boxes have a thick frame."""
    width, height = picture["width"], picture["height"] + LEGEND_ROOM
    cell, line, head = picture["cell"], picture["line"], picture["head"]
    figure = Figure(figsize=(width / PIXELS, height / PIXELS), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    seen: dict[str, dict[str, Any]] = {"values": {}, "gradients": {}}
    for frame in picture["frames"][: step + 1]:
        for kind, texts in seen.items():
            texts.update(frame[kind])
    boxes = {node["key"]: node for node in picture["nodes"]}
    for source, target in picture["edges"]:
        _edge(axes, boxes[source], boxes[target])
    for node in picture["nodes"]:
        active = node["key"] in picture["frames"][step]["active"]
        axes.add_patch(
            Rectangle(
                (node["x"], node["y"]),
                node["width"],
                node["height"],
                facecolor="#EAF2F8" if node["leaf"] else "white",
                edgecolor=INK,
                linewidth=2.2 if active else 1,
            )
        )
        label = f"{node['name']} {node['shape']}"
        axes.text(node["x"] + 5, node["y"] + head / 2 + 1, label, fontsize=8.5, color=INK, va="center", weight="bold")
        if node["made_by"]:
            axes.text(node["made_at"], node["y"] - 5, node["made_by"], fontsize=7, color="#555555", ha="center")
        _table(axes, node, seen["values"].get(node["key"]), node["y"] + head, VALUE, cell, line)
        middle = node["y"] + head + line * node["rows"]
        if node["key"] in seen["gradients"]:
            axes.plot([node["x"], node["x"] + node["width"]], [middle + 1, middle + 1], color=LINE, linewidth=0.8)
        _table(axes, node, seen["gradients"].get(node["key"]), middle + 2, GRADIENT, cell, line)
    axes.text(12, height - 9, "blue, above: value      orange, below: gradient of L", fontsize=8, color="#555555")
    return figure


def _table(axes: Axes, node: dict[str, Any], rows: Any, top: float, colour: str, cell: int, line: int) -> None:
    for r, row in enumerate(rows or []):
        for c, text in enumerate(row):
            x, y = node["x"] + 4 + (c + 1) * cell - 6, top + (r + 0.5) * line
            axes.text(x, y, text, fontsize=8.5, color=colour, ha="right", va="center")


def _edge(axes: Axes, source: dict[str, Any], target: dict[str, Any]) -> None:
    if source["y"] < target["y"]:
        x = min(max(source["x"] + source["width"] / 2, target["x"] + 10), target["x"] + target["width"] - 10)
        start, end = (source["x"] + source["width"] / 2, source["y"] + source["height"]), (x, target["y"])
    else:
        y = target["y"] + min(source["height"], target["height"]) / 2
        start, end = (source["x"] + source["width"], y), (target["x"], y)
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color=LINE, shrinkA=0, shrinkB=0))
