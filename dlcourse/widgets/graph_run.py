"""The numbers of a computational graph: values forward, local derivatives, gradients backward.

They come from ``dlcourse.numpy``: each node is one of its operations, each local derivative is that
operation's ``backward(1)``. Two wrong ways to go back are here too, to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from dlcourse.numpy import arithmetic, functional
from dlcourse.numpy.graph import Tensor
from dlcourse.widgets.expression import Expression, Node
from dlcourse.widgets.graph_words import node_label
from dlcourse.widgets.numbers import short

__all__ = ["OPERATIONS", "OVERWRITE", "RIGHT", "WRONG_ORDER", "GraphRun"]

RIGHT, OVERWRITE, WRONG_ORDER = "right", "overwrite", "wrong order"

OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "+": arithmetic.Add.apply,
    "-": arithmetic.Subtract.apply,
    "*": arithmetic.Multiply.apply,
    "/": arithmetic.Divide.apply,
    "**": arithmetic.Power.apply,
    "negate": arithmetic.Negative.apply,
    "exp": arithmetic.Exp.apply,
    "log": arithmetic.Log.apply,
    "sqrt": arithmetic.Sqrt.apply,
    "abs": arithmetic.Abs.apply,
    "max": arithmetic.Maximum.apply,
    "min": arithmetic.Minimum.apply,
    "relu": functional.relu,
    "sigmoid": functional.sigmoid,
    "tanh": functional.tanh,
}


class GraphRun:
    """One expression, computed at one point. Nodes are named by their place in ``expression.nodes``.

    ``order`` lists the nodes that have a gradient, operands before results; ``names`` is what each
    node is called; ``consumers[n]`` lists (node, slot) wherever n is an operand.
    """

    def __init__(self, expression: Expression, inputs: Mapping[str, float]) -> None:
        self.nodes = expression.nodes
        leaves = {name: Tensor(np.array(float(inputs[name])), requires_grad=True) for name in expression.variables}
        with np.errstate(all="ignore"):  # log(0) and its kind are shown, not warned about
            self.tensors = expression.evaluate(leaves, OPERATIONS, lambda value: Tensor(np.array(value)))
        self.output = len(self.nodes) - 1
        self.order = [n for n, tensor in enumerate(self.tensors) if tensor.requires_grad]
        self.names = self._names()
        self.consumers: dict[int, list[tuple[int, int]]] = {n: [] for n in self.order}
        for n in self.order:
            for slot, operand in self.edges(n):
                self.consumers[operand].append((n, slot))

    def _names(self) -> list[str]:
        """The writer's names; q1, q2, … for the nodes without one, in the order of computation."""
        taken = {node.name for node in self.nodes}
        free = (name for name in (f"q{i}" for i in range(1, 1000)) if name not in taken)
        names = [short(node.value) if node.operation == "constant" else node.name for node in self.nodes]
        for n in self.order:
            names[n] = names[n] or next(free)
        return names

    @property
    def inputs(self) -> list[int]:
        """The expression's variables."""
        return [n for n in self.order if self.nodes[n].operation == "input"]

    @property
    def operations(self) -> list[int]:
        """Everything that is computed, operands before results."""
        return [n for n in self.order if self.nodes[n].operation != "input"]

    def node(self, n: int) -> Node:
        """Node n as it was written."""
        return self.nodes[n]

    def is_constant(self, n: int) -> bool:
        """Whether node n is a number; numbers have no gradient and are drawn inside their operation."""
        return self.nodes[n].operation == "constant"

    def is_shared(self, n: int) -> bool:
        """Whether node n is used more than once, so that its gradient is a sum."""
        return len(self.consumers[n]) > 1

    def edges(self, n: int) -> list[tuple[int, int]]:
        """(slot, operand) for each operand of node n that is not a constant."""
        return [(slot, i) for slot, i in enumerate(self.nodes[n].inputs) if not self.is_constant(i)]

    def label(self, n: int) -> str:
        """The text on node n: a variable's name, or the operation."""
        node = self.nodes[n]
        if node.operation == "input":
            return node.name
        left, right, *_ = [*[self.nodes[i].value if self.is_constant(i) else None for i in node.inputs], None, None]
        return node_label(node.operation, left, right)

    def value(self, n: int) -> float:
        """The forward value of node n."""
        return float(self.tensors[n].data)

    def pieces(self, n: int, upstream: float) -> list[float]:
        """What node n sends to each operand when ``upstream`` arrives; its local derivatives for ``upstream=1``."""
        operation = self.tensors[n].operation
        assert operation is not None, "inputs send nothing"
        with np.errstate(all="ignore"):
            pieces = operation.backward(np.array(upstream))
        return [
            np.nan if piece is None else float(piece) for piece in (pieces if isinstance(pieces, tuple) else (pieces,))
        ]

    def visits(self, rule: str = RIGHT) -> list[int]:
        """The operations in the order in which the backward walk visits them."""
        if rule != WRONG_ORDER:
            return self.operations[::-1]
        queue = [self.output]  # nearest to the output first, each node once
        for n in queue:
            queue.extend([i for i in dict.fromkeys(i for _, i in self.edges(n)) if i not in queue])
        return [n for n in queue if self.nodes[n].operation != "input"]

    def gradients(self, rule: str = RIGHT) -> dict[int, float]:
        """d(output)/d(node) for every node, as the backward walk under ``rule`` leaves it."""
        totals: dict[int, float] = {self.output: 1.0}
        for n in self.visits(rule):
            pieces = self.pieces(n, totals[n])
            for slot, operand in self.edges(n):
                before = 0.0 if rule == OVERWRITE else totals.get(operand, 0.0)
                totals[operand] = before + pieces[slot]
        return totals
