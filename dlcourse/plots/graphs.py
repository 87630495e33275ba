"""Draw the graph that a backward pass walks: ours and torch's in one style.

Boxes are operations, rounded boxes are the leaves that wait for a gradient. Constants are left
out in both, because no gradient flows to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from dlcourse.plots.figure import PALETTE, subplots

__all__ = ["GraphNode", "describe_graphs", "draw_graphs", "graph_of"]


@dataclass
class GraphNode:
    """A box of the picture: its text, the nodes it gets values from, and its place."""

    label: str
    is_leaf: bool
    inputs: list[GraphNode]
    layer: int = 0
    x: float = 0.0

    def __hash__(self) -> int:
        return id(self)


def graph_of(output: Any, names: Mapping[str, Any]) -> list[GraphNode]:
    """Return the nodes below ``output``, inputs first; ``names`` maps labels to leaf tensors.

    ``output`` is a tensor of dlcourse.numpy or of torch. Raises ``ValueError`` when it has no graph.
    """
    if not output.requires_grad:
        raise ValueError("graph_of: the tensor has no graph: none of its inputs has requires_grad=True")
    label_of = {id(tensor): name for name, tensor in names.items()}
    is_torch = hasattr(output, "grad_fn")
    root = output.grad_fn if is_torch and output.grad_fn is not None else output
    made: dict[int, GraphNode] = {}
    keep = []  # torch hands out new wrappers for its nodes: hold them, or their ids are used again
    stack = [(root, False)]
    while stack:
        source, inputs_done = stack.pop()
        if id(source) in made:
            continue
        parents = _torch_parents(source) if is_torch else _numpy_parents(source)
        keep.extend(parents)
        if inputs_done:
            inputs = [made[id(parent)] for parent in parents]
            layer = 1 + max((node.layer for node in inputs), default=-1)
            made[id(source)] = GraphNode(_label(source, label_of), not parents, inputs, layer)
        else:
            stack.append((source, True))
            stack.extend((parent, False) for parent in reversed(parents))
    return list(made.values())


def draw_graphs(graphs: Mapping[str, tuple[Any, Mapping[str, Any]]]) -> Any:
    """Draw graphs side by side and return the figure; ``graphs`` maps a title to (output, names of leaves)."""
    figure, axes = subplots(1, len(graphs), size=(4.6 * len(graphs), 5.2), squeeze=False)
    for ax, (title, (output, names)) in zip(axes[0], graphs.items(), strict=True):
        _draw(ax, graph_of(output, names))
        ax.set_title(title)
    return figure


def describe_graphs(graphs: Mapping[str, tuple[Any, Mapping[str, Any]]]) -> str:
    """One sentence for each graph, for readers who cannot see the picture."""
    sentences = []
    for title, (output, names) in graphs.items():
        nodes = graph_of(output, names)
        operations = " → ".join(node.label for node in nodes if not node.is_leaf)
        leaves = ", ".join(node.label for node in nodes if node.is_leaf)
        sentences.append(f"{title}: leaves {leaves}; operations {operations}.")
    return " ".join(sentences)


def _numpy_parents(tensor: Any) -> list[Any]:
    inputs = tensor.operation.inputs if tensor.operation is not None else ()
    return [parent for parent in inputs if parent.requires_grad]


def _torch_parents(function: Any) -> list[Any]:
    return [parent for parent, _ in function.next_functions if parent is not None]


def _label(source: Any, label_of: Mapping[int, str]) -> str:
    leaf = getattr(source, "variable", source)  # torch's AccumulateGrad holds the leaf it fills
    if id(leaf) in label_of:
        return label_of[id(leaf)]
    if hasattr(source, "operation"):
        return type(source.operation).__name__ if source.operation is not None else "leaf"
    return type(source).__name__.removesuffix("0").removesuffix("Backward")


def _place(nodes: list[GraphNode]) -> None:
    """Give each node a column such that it stands near its inputs: leaves on the lowest free row, then upwards."""
    for node in nodes:  # a leaf belongs right below its first use, not at the bottom of the page
        if node.is_leaf:
            node.layer = min(user.layer for user in nodes if node in user.inputs) - 1
    rows: dict[int, list[GraphNode]] = {}
    for node in nodes:
        rows.setdefault(node.layer, []).append(node)
    for layer in sorted(rows):
        row = sorted(rows[layer], key=lambda n: sum(i.x for i in n.inputs) / len(n.inputs) if n.inputs else 99)
        for place, node in enumerate(row):
            node.x = place - (len(row) - 1) / 2


def _draw(ax: Axes, nodes: list[GraphNode]) -> None:
    _place(nodes)
    for node in nodes:
        for parent in node.inputs:
            arrow = {"arrowstyle": "-|>", "color": "#444444", "shrinkA": 13, "shrinkB": 13, "lw": 1.4}
            ax.annotate("", (node.x, node.layer), (parent.x, parent.layer), arrowprops=arrow)
        shape = {"boxstyle": "round,pad=0.35,rounding_size=0.9" if node.is_leaf else "square,pad=0.35"}
        colour = {"fc": "#e8f1f8" if node.is_leaf else "white", "ec": PALETTE["blue"] if node.is_leaf else "#222222"}
        ax.text(node.x, node.layer, node.label, ha="center", va="center", fontsize=11, bbox={**shape, **colour})
    columns, rows = [n.x for n in nodes], [n.layer for n in nodes]
    ax.set_xlim(min(columns) - 0.8, max(columns) + 0.8)
    ax.set_ylim(min(rows) - 0.6, max(rows) + 0.6)
    ax.axis("off")
