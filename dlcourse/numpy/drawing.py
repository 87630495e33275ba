"""The graph as plain records, for drawing it."""

from __future__ import annotations

from dataclasses import dataclass, field

from dlcourse.numpy.graph import Array, Tensor

__all__ = ["GraphNode", "graph_nodes"]


@dataclass
class GraphNode:
    """One node of a computational graph, the same for both backends.

    ``operation`` is the name of what made it ("Multiply"), "leaf" for an input that requires a
    gradient, "constant" for one that does not. ``inputs`` are positions in the list that
    ``graph_nodes`` returns. ``value`` and ``grad`` are None where the library does not keep them.
    """

    operation: str
    inputs: list[int] = field(default_factory=list)
    value: Array | None = None
    grad: Array | None = None


def graph_nodes(root: Tensor) -> list[GraphNode]:
    """Every node that ``root`` depends on, inputs before outputs, ``root`` last. Call it before ``backward()``.

    Constants are in the list as well. Gradients are there for leaves after ``backward()``, and for
    interior nodes that called ``retain_grad()`` (then with ``backward(retain_graph=True)``).
    """
    position: dict[int, int] = {}
    nodes: list[GraphNode] = []
    stack = [root]
    while stack:
        tensor = stack[-1]
        parents = tensor.operation.inputs if tensor.operation is not None else ()
        waiting = [parent for parent in parents if id(parent) not in position]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        if id(tensor) not in position:
            position[id(tensor)] = len(nodes)
            nodes.append(GraphNode(_name(tensor), [position[id(p)] for p in parents], tensor.data, tensor.grad))
    return nodes


def _name(tensor: Tensor) -> str:
    if tensor.operation is not None:
        return type(tensor.operation).__name__
    return "leaf" if tensor.requires_grad else "constant"
