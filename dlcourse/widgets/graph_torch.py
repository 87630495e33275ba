"""torch's graph beside the explorer's own: the same expression in float64, what made each node, and the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dlcourse.widgets.expression import Expression

__all__ = ["TorchGraph", "torch_graph"]


@dataclass(frozen=True)
class TorchGraph:
    """By node of the expression: torch's ``grad_fn`` ("" for an input), its value, and its gradient."""

    made_by: dict[int, str]
    values: dict[int, float]
    gradients: dict[int, float]


def torch_graph(expression: Expression, inputs: Mapping[str, float]) -> TorchGraph | None:
    """Run the expression in torch; None where torch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    operations = {
        "+": torch.add,
        "-": torch.sub,
        "*": torch.mul,
        "/": torch.div,
        "**": torch.pow,
        "negate": torch.neg,
        "max": torch.maximum,
        "min": torch.minimum,
        **{name: getattr(torch, name) for name in ("exp", "log", "sqrt", "abs", "relu", "sigmoid", "tanh")},
    }

    def number(value: float) -> torch.Tensor:
        return torch.tensor(float(value), dtype=torch.float64)

    leaves = {name: number(inputs[name]).requires_grad_() for name in expression.variables}
    tensors = expression.evaluate(leaves, operations, number)
    nodes = {n: node for n, node in enumerate(tensors) if node.requires_grad}
    gradients = torch.autograd.grad(tensors[-1], list(nodes.values()))
    return TorchGraph(
        {n: node.grad_fn.name() if node.grad_fn else "" for n, node in nodes.items()},
        {n: node.item() for n, node in nodes.items()},
        {n: gradient.item() for n, gradient in zip(nodes, gradients)},
    )
