"""The graph explorer's walk, one step at a time: what is said and which numbers appear in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dlcourse.widgets.graph_run import OVERWRITE, RIGHT, GraphRun
from dlcourse.widgets.graph_torch import TorchGraph
from dlcourse.widgets.graph_words import as_formula, as_numbers, local_derivative
from dlcourse.widgets.numbers import in_brackets, short

__all__ = ["Step", "edge_key", "walk"]

_SAME = 1e-12  # float64 on two libraries: equal but for rounding
_SLACK = 0.01  # a prediction counts as right within 1 %, because people round


@dataclass
class Step:
    """One step. ``phase`` is start, forward, seed, backward or end; ``lines`` is what to say, headline first.

    ``values`` (by node), ``gradients`` (by edge) and ``totals`` (by shared node) are the texts that
    this step writes into the picture, ``numbers`` the same as floats. ``question`` asks for the
    step's first number before it is shown; right is what lies between ``low`` and ``high``.
    """

    phase: str
    node: int | None
    lines: list[str]
    values: dict[str, str] = field(default_factory=dict)
    gradients: dict[str, str] = field(default_factory=dict)
    totals: dict[str, list[str]] = field(default_factory=dict)
    numbers: list[float] = field(default_factory=list)
    question: str = ""
    low: float = 0.0
    high: float = 0.0

    def ask(self, question: str, answer: float) -> None:
        """Ask for ``answer`` before this step is shown."""
        slack = _SLACK * abs(answer) + 0.5e-3
        self.question, self.low, self.high = f"{question} = ?", answer - slack, answer + slack


def edge_key(n: int, slot: int) -> str:
    """The name of the edge into operand number ``slot`` of node n."""
    return f"{n}:{slot}"


def walk(run: GraphRun, rule: str = RIGHT, beside: TorchGraph | None = None) -> list[Step]:
    """The inputs, each node forward, the gradient 1 of the output, each node backward, the verdict.

    With torch's graph ``beside``, each node's own step also says what torch made of it.
    """
    steps = _steps(run, rule)
    if beside:
        for step in steps:
            step.lines += _torch_lines(run, rule, step, beside)
    return steps


def _steps(run: GraphRun, rule: str) -> list[Step]:
    backward = _Backward(run, rule)
    return [
        _start(run),
        *[_forward(run, n) for n in run.operations],
        _seed(run),
        *[backward.visit(n) for n in run.visits(rule)],
        _end(run, rule),
    ]


def _start(run: GraphRun) -> Step:
    given = ", ".join(f"{run.names[n]} = {short(run.value(n))}" for n in run.inputs)
    return Step(
        "start",
        None,
        ["The graph and its inputs", given, "Step forward to compute one node after the other."],
        values={str(n): short(run.value(n)) for n in run.inputs},
        numbers=[run.value(n) for n in run.inputs],
    )


def _forward(run: GraphRun, n: int) -> Step:
    node, name, value = run.node(n), run.names[n], run.value(n)
    symbols = as_formula(node.operation, [run.names[i] for i in node.inputs])
    numbers = as_numbers(node.operation, [run.value(i) for i in node.inputs])
    formula = f"{name} = {symbols} = {numbers}"
    result = "" if numbers == short(value) else f" = {short(value)}"
    lines = [f"Forward: compute {name}", formula + result]
    step = Step("forward", n, lines, values={str(n): short(value)}, numbers=[value])
    step.ask(formula if result else f"{name} = {symbols}", value)
    return step


def _seed(run: GraphRun) -> Step:
    f = run.names[run.output]
    lines = [
        f"Backward: start at the output with ∂{f}/∂{f} = 1",
        "From here on each node sends back: local derivative × upstream gradient.",
    ]
    step = Step("seed", run.output, lines, gradients={"out": "1"}, numbers=[1.0])
    step.ask(f"∂{f}/∂{f}", 1.0)
    return step


class _Backward:
    """The way back. ``totals`` are the gradients collected so far, ``visited`` the nodes that have passed theirs on."""

    def __init__(self, run: GraphRun, rule: str) -> None:
        self.run = run
        self.rule = rule
        self.totals: dict[int, float] = {run.output: 1.0}
        self.visited: set[int] = set()

    def visit(self, n: int) -> Step:
        run, f, name = self.run, self.run.names[self.run.output], self.run.names[n]
        self.visited.add(n)
        upstream = self.totals[n]
        step = Step(
            "backward", n, [f"Backward through {name}: local derivative × upstream (∂{f}/∂{name} = {short(upstream)})"]
        )
        local, pieces = run.pieces(n, 1.0), run.pieces(n, upstream)
        for slot, operand in run.edges(n):
            sign = "+=" if run.is_shared(operand) and self.rule != OVERWRITE else "="
            formula = f"∂{f}/∂{run.names[operand]} {sign} {self.local_formula(n, slot)} × ∂{f}/∂{name}"
            numbers = f"{short(local[slot])} × {in_brackets(upstream)} = {short(pieces[slot])}"
            if not step.question:
                step.ask(formula, pieces[slot])
            step.gradients[edge_key(n, slot)] = short(pieces[slot])
            step.numbers.append(pieces[slot])
            step.lines.append(f"{formula} = {numbers}{self.collect(step, operand, pieces[slot])}")
        return step

    def local_formula(self, n: int, slot: int) -> str:
        node = self.run.node(n)
        exponent = self.run.node(node.inputs[1]).value if node.operation == "**" else 0.0
        return local_derivative(
            node.operation, slot, [self.run.names[i] for i in node.inputs], self.run.names[n], exponent
        )

    def collect(self, step: Step, operand: int, piece: float) -> str:
        """Let a contribution arrive at its node; returns what to say when the node is shared."""
        before = self.totals.get(operand)
        if before is None:
            self.totals[operand] = piece
            if not self.run.is_shared(operand):
                return ""
            sign = "=" if self.rule == OVERWRITE else "0 +="
            step.totals[str(operand)] = [f"{sign} {short(piece)}"]
            return f"   (the first of {len(self.run.consumers[operand])})"
        if self.rule == OVERWRITE:
            self.totals[operand] = piece
            step.totals[str(operand)] = [f"= {short(piece)}", f"({short(before)} lost)"]
            return f"   (the {short(before)} that came before is lost)"
        self.totals[operand] = before + piece
        step.numbers.append(self.totals[operand])
        addition = f"{short(before)} + {in_brackets(piece)} = {short(self.totals[operand])}"
        step.totals[str(operand)] = [f"{short(before)} += {short(piece)}", f"= {short(self.totals[operand])}"]
        if operand in self.visited:
            return f"   ({addition}: too late, {self.run.names[operand]} has already passed on {short(before)})"
        return f"   ({addition})"


def _end(run: GraphRun, rule: str) -> Step:
    f, found, right = run.names[run.output], run.gradients(rule), run.gradients()

    def listed(gradients: dict[int, float]) -> str:
        return ", ".join(f"∂{f}/∂{run.names[n]} = {short(gradients[n])}" for n in run.inputs)

    wrong = [n for n in run.order if short(found[n]) != short(right[n])]
    same = all(np.isclose(found[n], right[n], rtol=1e-9, atol=1e-12, equal_nan=True) for n in run.order)
    if wrong:
        verdict = f"Wrong. The right ones are {listed(right)}."
    elif rule == RIGHT:
        verdict = "These are the numbers that backward() leaves in .grad of the inputs."
    elif not same:
        verdict = "Wrong, by less than the four digits that are shown."
    else:
        verdict = "Right by luck: in this graph the bug changes nothing. Another example shows it."
    marks = {str(n): [f"✗ {short(found[n])}", f"right: {short(right[n])}"] for n in wrong}
    return Step("end", None, ["The gradients of the inputs", listed(found), verdict], totals=marks)


def _torch_lines(run: GraphRun, rule: str, step: Step, beside: TorchGraph) -> list[str]:
    f, n = run.names[run.output], step.node
    if step.phase == "forward" and n is not None:
        return [f"torch: {beside.made_by[n]} gives {short(beside.values[n])}"]
    if step.phase == "backward" and n is not None:
        return [f"torch: ∂{f}/∂{run.names[n]} = {short(beside.gradients[n])} reaches {beside.made_by[n]}"]
    if step.phase != "end":
        return []
    found = run.gradients(rule)
    apart = {i: abs(found[i] - beside.gradients[i]) for i in run.order}
    worst = max(apart, key=lambda i: apart[i])
    if not apart[worst] > _SAME * max(1.0, abs(found[worst])):
        return [f"torch finds the same gradient at every node: no difference above {short(_SAME)}."]
    return [f"torch disagrees: the largest difference is {short(apart[worst])}, at {run.names[worst]}."]
