"""A graph of single numbers, small enough to read at once, and the drives that walk through it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers

__all__ = ["GRAPHS", "SHARED_GRAPHS", "Node", "backward", "edge_labels", "node_labels", "topological_order"]


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


def _no_sharing(x: Array) -> dict[str, Node]:
    """Every node has one consumer."""
    a, b, c = (Node(value) for value in x)
    q = a + b
    return {"a": a, "b": b, "c": c, "a + b": q, "root": q * c}


def _square(x: Array) -> dict[str, Node]:
    """One node stands on both sides."""
    a = Node(x[0])
    return {"a": a, "root": a * a}


def _diamond(x: Array) -> dict[str, Node]:
    """One inner node with two consumers at one depth."""
    a, b, c = (Node(value) for value in x)
    u = a + b
    p, t = u * c, u.tanh()
    return {"a": a, "b": b, "c": c, "u": u, "u·c": p, "tanh u": t, "root": p + t}


def _two_depths(x: Array) -> dict[str, Node]:
    """Inner nodes with several consumers at different depths."""
    a, b = Node(x[0]), Node(x[1])
    u = a * b
    s, t = u + a, u.tanh()
    tt = t.tanh()
    p = s * tt
    return {"a": a, "b": b, "u": u, "u + a": s, "tanh u": t, "tanh tanh u": tt, "product": p, "root": p + b}


def _ladder(x: Array) -> dict[str, Node]:
    """Five rungs, each with two ways up: 32 paths from the bottom to the top."""
    rung = Node(x[2])
    nodes = {"bottom": rung}
    for i in range(1, 6):
        t = rung.tanh()
        rung = t + rung
        nodes |= {f"tanh {i}": t, f"rung {i}": rung}
    return nodes


def _twins(x: Array) -> dict[str, Node]:
    """Different nodes that hold the same number, at two depths."""
    a, b, c = Node(x[0]), Node(x[0]), Node(x[1])
    p, q = a * c, b * c
    return {"a": a, "b": b, "c": c, "a·c": p, "b·c": q, "root": p + q}


GRAPHS = {
    "(a + b)·c": _no_sharing,
    "a·a": _square,
    "u·c + tanh u, u = a + b": _diamond,
    "(u + a)·tanh tanh u + b, u = a·b": _two_depths,
    "a ladder of 5 rungs, each x + tanh x": _ladder,
    "a·c + b·c, where a and b hold the same number": _twins,
}
SHARED_GRAPHS = tuple(GRAPHS)[2:]


def backward(student: Any, x: Array) -> dict[str, Array]:
    """Run the student's backward on the root of each graph; report the grad of every node."""
    outputs = {}
    for name, build in GRAPHS.items():
        nodes = list(build(x).values())
        function(student)(nodes[-1])
        outputs[f"gradients of {name}"] = np.stack([numbers(node.grad, "node.grad").reshape(()) for node in nodes])
    return outputs


def topological_order(student: Any, x: Array) -> dict[str, Array]:
    """Ask for the order of the graphs with shared nodes.

    Reports for each node how often it is listed, for each edge whether the parent comes first, and
    the gradients that a backward pass in that order finds.
    """
    outputs = {}
    for name in SHARED_GRAPHS:
        nodes = list(GRAPHS[name](x).values())
        order = _listed(function(student)(nodes[-1]), nodes)
        place = {id(node): index for index, node in reversed(list(enumerate(order)))}
        outputs[f"times listed in {name}"] = np.array([sum(entry is node for entry in order) for node in nodes], float)
        outputs[f"parent before node in {name}"] = np.array(
            [place.get(id(parent), 0) < place.get(id(node), -1) for parent, node in _edges(nodes)]
        )
        outputs[f"gradients in this order of {name}"] = _gradients(nodes, order)
    return outputs


def node_labels(name: str) -> tuple[str, ...]:
    """The names of the nodes of a graph, in the order in which a drive reports them."""
    return tuple(GRAPHS[name](np.array([0.5, 0.6, 0.7])))


def edge_labels(name: str) -> tuple[str, ...]:
    """The names of the edges of a graph, such as "u before tanh u"."""
    named = GRAPHS[name](np.array([0.5, 0.6, 0.7]))
    names = {id(node): label for label, node in named.items()}
    return tuple(f"{names[id(parent)]} before {names[id(node)]}" for parent, node in _edges(list(named.values())))


def _edges(nodes: list[Node]) -> list[tuple[Node, Node]]:
    return [(parent, node) for node in nodes for parent in node.parents]


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
