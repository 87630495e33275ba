"""Ways to walk through a graph of nodes, right and wrong, shared by the graph questions of exercise 01."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["breadth_first_list", "depth_first_list", "in_order", "run_backward", "three_numbers", "with_repeats"]


def three_numbers(rng: np.random.Generator) -> dict[str, Any]:
    """Three numbers, not small and not near 1, so that no two mistakes look alike."""
    return {"x": rng.uniform(0.6, 1.6, size=3) * np.array([1.0, -1.0, 1.0]) + np.array([0.0, 0.0, 0.1])}


def in_order(root: Any) -> list[Any]:
    """Inputs before outputs, each node once; with an explicit stack, so any depth works."""
    order, seen, stack = [], {id(root)}, [(root, iter(root.parents))]
    while stack:
        node, parents = stack[-1]
        parent = next(parents, None)
        if parent is None:
            order.append(node)
            stack.pop()
        elif id(parent) not in seen:
            seen.add(id(parent))
            stack.append((parent, iter(parent.parents)))
    return order


def run_backward(root: Any) -> None:
    """Fill ``grad`` of every node below ``root``."""
    root.grad = 1.0
    for node in reversed(in_order(root)):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += node.grad * local


def breadth_first_list(root: Any) -> list[Any]:
    """The root, then its parents, then theirs; each node once."""
    order, seen = [root], {id(root)}
    for node in order:  # the list grows while it is walked
        for parent in node.parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                order.append(parent)
    return order


def depth_first_list(root: Any) -> list[Any]:
    """Each node before its parents, in the order of a depth-first walk."""
    order: list[Any] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if not any(node is known for known in order):
            order.append(node)
            stack += reversed(node.parents)
    return order


def with_repeats(root: Any) -> list[Any]:
    """Depth first, every node once for each path that leads to it."""
    return [node for parent in root.parents for node in with_repeats(parent)] + [root]
