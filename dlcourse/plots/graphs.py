"""Draw the graph that a backward pass walks: ours and torch's in one style.

Boxes are operations, rounded boxes are the leaves that wait for a gradient. Constants are left
out, because no gradient flows to them (torch does not even keep them in its graph).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots.figure import PALETTE, subplots

__all__ = ["describe_graphs", "draw_graphs"]

Graphs = Mapping[str, tuple[Any, Mapping[str, Any]]]


@dataclass
class Box:
    """A node of the picture: its text, the boxes it gets values from, and its place."""

    label: str
    is_leaf: bool
    inputs: list[Box]
    row: int
    column: float = 0.0


def draw_graphs(graphs: Graphs) -> Figure:
    """Draw graphs side by side.

    ``graphs`` maps a title to (output tensor, {label: leaf tensor}); a tensor may come from either
    backend. Raises ``ValueError`` for a tensor without a graph.
    """
    figure: Figure
    figure, axes = subplots(1, len(graphs), size=(4.6 * len(graphs), 5.2), squeeze=False)
    for ax, (title, (output, leaves)) in zip(axes[0], graphs.items(), strict=True):
        _draw(ax, _boxes(output, leaves))
        ax.set_title(title)
    return figure


def describe_graphs(graphs: Graphs) -> str:
    """One sentence for each graph, for readers who cannot see the picture."""
    sentences = []
    for title, (output, leaves) in graphs.items():
        boxes = _boxes(output, leaves)
        operations = ", ".join(box.label for box in boxes if not box.is_leaf)
        names = ", ".join(box.label for box in boxes if box.is_leaf)
        sentences.append(f"{title}: from the leaves {names} through {operations}.")
    return " ".join(sentences)


def _boxes(output: Any, leaves: Mapping[str, Any]) -> list[Box]:
    """Turn the records of ``graph_nodes`` into boxes with rows and columns, inputs first."""
    if not output.requires_grad:
        raise ValueError("draw_graphs: the tensor has no graph: none of its inputs has requires_grad=True")
    backend = import_module("dlcourse.torch" if hasattr(output, "grad_fn") else "dlcourse.numpy")
    made: list[Box | None] = []
    for node in backend.graph_nodes(output):
        if node.operation == "constant":
            made.append(None)
            continue
        inputs = [box for box in (made[i] for i in node.inputs) if box is not None]
        is_leaf = node.operation == "leaf"
        label = _name(node.value, leaves) if is_leaf else node.operation
        made.append(Box(label, is_leaf, inputs, row=1 + max((box.row for box in inputs), default=-1)))
    boxes = [box for box in made if box is not None]
    _place(boxes)
    return boxes


def _name(value: Any, leaves: Mapping[str, Any]) -> str:
    for name, leaf in leaves.items():
        if np.shares_memory(value, np.asarray(leaf.detach())):
            return name
    return "leaf"


def _place(boxes: list[Box]) -> None:
    """Put a leaf right below its first use, and every box near the boxes that it gets values from."""
    for box in boxes:
        if box.is_leaf:
            box.row = min((user.row for user in boxes if any(box is i for i in user.inputs)), default=1) - 1
    for row in sorted({box.row for box in boxes}):
        members = [box for box in boxes if box.row == row]
        members.sort(key=lambda box: np.mean([i.column for i in box.inputs]) if box.inputs else np.inf)
        for place, box in enumerate(members):
            box.column = place - (len(members) - 1) / 2


def _draw(ax: Axes, boxes: list[Box]) -> None:
    patches = {}
    for box in boxes:
        style = "round,pad=0.35,rounding_size=0.9" if box.is_leaf else "square,pad=0.35"
        edge, face = (PALETTE["blue"], "#e8f1f8") if box.is_leaf else ("#222222", "white")
        look = {"boxstyle": style, "ec": edge, "fc": face}
        text = ax.text(box.column, box.row, box.label, ha="center", va="center", fontsize=11, bbox=look)
        patches[id(box)] = text.get_bbox_patch()
    columns, rows = [box.column for box in boxes], [box.row for box in boxes]
    ax.set_xlim(min(columns) - 0.8, max(columns) + 0.8)
    ax.set_ylim(min(rows) - 0.6, max(rows) + 0.6)
    ax.axis("off")
    for box in boxes:
        for parent in box.inputs:
            ends = {"patchA": patches[id(parent)], "patchB": patches[id(box)]}  # arrows end at the boxes' edges
            arrow = {"arrowstyle": "-|>", "color": "#444444", "lw": 1.4, "shrinkA": 1, "shrinkB": 1, **ends}
            ax.annotate("", (box.column, box.row), (parent.column, parent.row), arrowprops=arrow, zorder=0)
