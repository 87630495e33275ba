"""torch's autograd graph as plain records, for drawing it in the same style as NumPy's."""

from __future__ import annotations

import re
from typing import Any

import torch

from dlcourse.numpy.drawing import GraphNode

__all__ = ["GraphNode", "graph_nodes"]

# Names of autograd's nodes, without "Backward0", that differ from the name of our operation.
_NAMES = {
    "Mul": "Multiply",
    "Sub": "Subtract",
    "Div": "Divide",
    "Neg": "Negative",
    "Pow": "Power",
    "Mm": "MatMul",
    "Addmm": "Linear",
    "T": "Transpose",
    "Permute": "Transpose",
    "View": "Reshape",
    "Amax": "Max",
    "Relu": "ReLU",
    "Cat": "Concatenate",
    "Expand": "Broadcast",
    "Slice": "Index",
    "Select": "Index",
    "MseLoss": "MSELoss",
}


def graph_nodes(root: torch.Tensor) -> list[GraphNode]:
    """Every node of the graph of ``root``, inputs before outputs, ``root`` last. Call it before ``backward()``.

    Autograd keeps only what requires a gradient: constants are not in its graph, and values are
    known for leaves and for ``root``.
    """
    if root.grad_fn is None:
        return [_leaf(root)]
    position: dict[Any, int] = {}
    nodes: list[GraphNode] = []
    stack = [root.grad_fn]
    while stack:
        step = stack[-1]
        parents = [parent for parent, _ in step.next_functions if parent is not None]
        waiting = [parent for parent in parents if parent not in position]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        if step not in position:
            position[step] = len(nodes)
            nodes.append(_node(step, [position[parent] for parent in parents]))
    nodes[-1].value = root.detach().cpu().numpy()
    return nodes


def _node(step: Any, inputs: list[int]) -> GraphNode:
    if hasattr(step, "variable"):  # AccumulateGrad: the end of a path, where a leaf collects its gradient
        return _leaf(step.variable)
    name = re.sub(r"Backward\d*$", "", step.name())
    return GraphNode(_NAMES.get(name, name), inputs)


def _leaf(tensor: torch.Tensor) -> GraphNode:
    grad = None if tensor.grad is None else tensor.grad.cpu().numpy()
    return GraphNode("leaf" if tensor.requires_grad else "constant", [], tensor.detach().cpu().numpy(), grad)
