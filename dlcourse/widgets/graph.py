"""The graph explorer: numbers flow forward through a computational graph, gradients flow back."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Numbers, Player, Presets, Text, Toggle
from dlcourse.widgets.explorer import Explorer, InputError, Question
from dlcourse.widgets.expression import ExpressionError, parse
from dlcourse.widgets.graph_code import code_for
from dlcourse.widgets.graph_figure import draw
from dlcourse.widgets.graph_picture import picture_of
from dlcourse.widgets.graph_run import OVERWRITE, RIGHT, WRONG_ORDER, GraphRun
from dlcourse.widgets.graph_steps import Step, walk
from dlcourse.widgets.graph_torch import torch_graph
from dlcourse.widgets.numbers import short

__all__ = ["GraphExplorer"]

EXAMPLES: dict[str, dict[str, Any]] = {
    "(x + y)·z": {"expression": "(x + y)*z", "inputs": {"x": -2.0, "y": 5.0, "z": -4.0}},
    "sigmoid neuron": {
        "expression": "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))",
        "inputs": {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0},
    },
    "shared node": {"expression": "u = a*b; (u + a)*tanh(tanh(u)) + b", "inputs": {"a": 0.5, "b": 2.0}},
    "one input, three uses": {"expression": "x*x + x", "inputs": {"x": 3.0}},
    "add, multiply, max": {
        "expression": "2*(x*y + max(z, w))",
        "inputs": {"x": 3.0, "y": -4.0, "z": 2.0, "w": -1.0},
    },
    "squared error": {"expression": "(w*x + b - y)**2", "inputs": {"w": 2.0, "x": 3.0, "b": 1.0, "y": 5.0}},
}
NEW_INPUT = 1.0  # the value of a name that the reader has only now typed


class GraphExplorer(Explorer):
    """Type an expression or choose an example, then step forward and backward, node by node.

    Keywords: ``example`` (a name in ``EXAMPLES``) or ``expression`` and ``inputs`` (a dict), ``backward``
    ("right", or one of two bugs: "overwrite", "wrong order"), ``torch`` (True says beside each number what
    torch's graph has there), ``step`` (the place, from 0) and ``predict`` (True asks for every number
    before it is shown).
    """

    title = "Forward and backward through a graph"
    drawing = FOLDER / "graph.js"
    predicts = True
    controls = (
        Presets("example", label="Example", sets=EXAMPLES),
        Text("expression", label="Expression", start=EXAMPLES["(x + y)·z"]["expression"]),
        Numbers("inputs", label="Inputs", start=EXAMPLES["(x + y)·z"]["inputs"]),
        Choice(
            "backward",
            label="Backward pass",
            values={RIGHT: "right", OVERWRITE: "bug: = instead of +=", WRONG_ORDER: "bug: wrong order of nodes"},
        ),
        Toggle("torch", label="torch beside"),
        Player("step", label="Step"),
    )

    def settle(self, values: dict[str, Any]) -> dict[str, Any]:
        """Keep the inputs that the expression has; what is new starts at 1."""
        try:
            names = parse(values["expression"]).variables
        except ExpressionError:
            return values  # compute reports it
        return {**values, "inputs": {name: values["inputs"].get(name, NEW_INPUT) for name in names}}

    def compute(self, expression: str, inputs: dict[str, float], backward: str, torch: bool) -> dict[str, Any]:
        """The layout of the graph and what each step writes into it. Keys with _ stay in Python."""
        try:
            parsed = parse(expression)
        except ExpressionError as error:
            raise InputError(str(error), "expression", error.start, error.end) from None
        run, beside = GraphRun(parsed, inputs), torch_graph(parsed, inputs) if torch else None
        steps = walk(run, backward, beside)
        if torch and beside is None:
            steps[-1].lines.append("torch is not installed here, so nothing stands beside.")
        return {**picture_of(run, steps), "label": self.heading(expression=expression), "_steps": steps}

    def describe(self, result: dict[str, Any], step: int, **_: Any) -> str:
        """What happens in this step, with its numbers."""
        return "\n".join(self._step(result, step).lines)

    def heading(self, expression: str, **_: Any) -> str:
        """The expression whose graph it is."""
        return f"Computational graph of {expression}"

    def question(self, result: dict[str, Any], step: int, **_: Any) -> Question | None:
        """The step's first number."""
        at = self._step(result, step)
        return Question(at.question, short(at.numbers[0]), at.low, at.high) if at.question else None

    def code(self, expression: str, inputs: dict[str, float], backward: str, **_: Any) -> str:
        """The same graph in ``dlcourse.numpy``, one line a node."""
        return code_for(GraphRun(parse(expression), inputs), backward)

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """The graph with all numbers up to this step."""
        return draw(result, step)

    def _step(self, result: dict[str, Any], step: int) -> Step:
        found: Step = result["_steps"][step]
        return found
