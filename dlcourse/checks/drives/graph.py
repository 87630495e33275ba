"""A graph of single numbers, small enough to read at once, and the drives that walk through it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers

__all__ = ["Node", "backward", "topological_order"]


class Node:
    """One number in a graph: a leaf, or the result of +, * or tanh.

    ``parents`` are the nodes it was made from (none for a leaf); ``local_grads`` has one number for
    each parent, the derivative of this node by that parent. ``grad`` waits for you: it starts at 0.
    """

    def __init__(self, value: float, parents: Iterable[Node] = (), local_grads: Iterable[float] = ()) -> None:
        self.value = float(value)
        self.parents = tuple(parents)
        self.local_grads = tuple(local_grads)
        self.grad = 0.0

    def __add__(self, other: Node) -> Node:
        return Node(self.value + other.value, (self, other), (1.0, 1.0))

    def __mul__(self, other: Node) -> Node:
        return Node(self.value * other.value, (self, other), (other.value, self.value))

    def tanh(self) -> Node:
        """The hyperbolic tangent of this node, as a new node."""
        t = math.tanh(self.value)
        return Node(t, (self,), (1 - t**2,))

    def __repr__(self) -> str:
        return f"Node(value={self.value:.4g}, grad={self.grad:.4g})"


def _no_sharing(x: Array) -> list[Node]:
    """(x + y) z: every node has one consumer."""
    a, b, c = (Node(value) for value in x)
    q = a + b
    return [a, b, c, q, q * c]


def _square(x: Array) -> list[Node]:
    """Multiply x by x: one node stands on both sides."""
    a = Node(x[0])
    return [a, a * a]


def _diamond(x: Array) -> list[Node]:
    """Compute u c + tanh(u) with u = a + b: two consumers at one depth."""
    a, b, c = (Node(value) for value in x)
    u = a + b
    p, t = u * c, u.tanh()
    return [a, b, c, u, p, t, p + t]


def _shared(x: Array) -> list[Node]:
    """(u + a) tanh(tanh(u)) + b with u = a b: inner nodes with several consumers at different depths."""
    a, b = Node(x[0]), Node(x[1])
    u = a * b
    s, t = u + a, u.tanh()
    tt = t.tanh()
    p = s * tt
    return [a, b, u, s, t, tt, p, p + b]


def _ladder(x: Array) -> list[Node]:
    """Five rungs, each with two ways up: 32 paths from the bottom to the top."""
    nodes = [Node(x[2])]
    for _ in range(5):
        t = nodes[-1].tanh()
        nodes += [t, t + nodes[-1]]
    return nodes


_GRAPHS = {
    "no_sharing": _no_sharing,
    "square": _square,
    "diamond": _diamond,
    "shared": _shared,
    "ladder": _ladder,
}


def backward(student: Any, x: Array) -> dict[str, Array]:
    """Run the student's backward on the last node of each graph; report the grad of every node."""
    outputs = {}
    for name, build in _GRAPHS.items():
        nodes = build(x)
        function(student)(nodes[-1])
        outputs[name] = np.stack([numbers(node.grad, "node.grad").reshape(()) for node in nodes])
    return outputs


def topological_order(student: Any, x: Array) -> dict[str, Array]:
    """Ask for the order of three graphs.

    Reports for each node how often it is listed, for each edge whether the parent comes first, and
    the gradients that a backward pass in that order finds.
    """
    outputs = {}
    for name in ("diamond", "shared", "ladder"):
        nodes = _GRAPHS[name](x)
        order = _listed(function(student)(nodes[-1]), nodes)
        place = {id(node): index for index, node in reversed(list(enumerate(order)))}
        edges = [(place.get(id(p), 0), place.get(id(node), -1)) for node in nodes for p in node.parents]
        outputs[f"times_listed_{name}"] = np.array([sum(entry is node for entry in order) for node in nodes], float)
        outputs[f"parent_first_{name}"] = np.array([parent < node for parent, node in edges], float)
        outputs[f"gradients_{name}"] = _gradients(nodes, order)
    return outputs


def _listed(order: Any, nodes: list[Node]) -> list[Node]:
    if not isinstance(order, (list, tuple)):
        raise Unusable(f"topological_order returned a {type(order).__name__}, expected a list of nodes")
    known = {id(node) for node in nodes}
    if len(order) > 10_000 or any(id(entry) not in known for entry in order):
        raise Unusable("topological_order returned a list with something in it that is no node of the graph")
    return list(order)


def _gradients(nodes: list[Node], order: list[Node]) -> Array:
    nodes[-1].grad = 1.0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += node.grad * local
    return np.array([node.grad for node in nodes])
