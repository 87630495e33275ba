"""The graph explorer's "code for this setting": a cell that gives the numbers of the picture."""

from __future__ import annotations

from dlcourse.widgets.graph_run import OVERWRITE, RIGHT, WRONG_ORDER, GraphRun
from dlcourse.widgets.graph_words import as_python

__all__ = ["code_for"]

_OVERWRITE = """\
grads = {{{f}: np.ones(())}}
for node in [{backwards}]:
    pieces = np.atleast_1d(node.operation.backward(grads[node]))
    for operand, piece in zip(node.operation.inputs, pieces):
        grads[operand] = piece    # the bug: = instead of +=
"""
_WRONG_ORDER = """\
grads = defaultdict(float, {{{f}: np.ones(())}})
queue = [{f}]
for node in queue:    # the bug: nearest to the output first; right is {backwards}
    if node.operation is not None:
        pieces = np.atleast_1d(node.operation.backward(grads[node]))
        for operand, piece in zip(node.operation.inputs, pieces):
            if operand.requires_grad:
                if operand not in grads:
                    queue.append(operand)
                grads[operand] += piece
"""
_IMPORTS = {
    OVERWRITE: ["import numpy as np"],
    WRONG_ORDER: ["from collections import defaultdict\n", "import numpy as np"],
}


def code_for(run: GraphRun, rule: str) -> str:
    """Python that builds the graph with ``dlcourse.numpy``, goes back by ``rule`` and prints the gradients."""
    nodes = {
        n: as_python(run.node(n).operation, [_operand(run, i) for i in run.node(n).inputs]) for n in run.operations
    }
    f, inputs = run.names[run.output], [run.names[n] for n in run.inputs]
    backwards = ", ".join(run.names[n] for n in reversed(run.operations))
    lines = [*_imports(nodes, rule), ""]
    lines += [f"{run.names[n]} = tensor({run.value(n)!r}, dtype=float64, requires_grad=True)" for n in run.inputs]
    lines += [f"{run.names[n]} = {formula}" for n, formula in nodes.items()]
    lines += [f'print("{f} =", {f}.item())', ""]
    if rule == RIGHT:
        lines.append(f"{f}.backward()")
        lines += [f'print("d{f}/d{name} =", {name}.grad.item())' for name in inputs]
    else:
        lines += (_OVERWRITE if rule == OVERWRITE else _WRONG_ORDER).format(f=f, backwards=backwards).splitlines()
        lines += [f'print("d{f}/d{name} =", float(grads[{name}]))' for name in inputs]
    return "\n".join(lines) + "\n"


def _operand(run: GraphRun, n: int) -> str:
    return repr(run.node(n).value) if run.is_constant(n) else run.names[n]


def _imports(nodes: dict[int, str], rule: str) -> list[str]:
    """Only what the cell uses."""
    text = "\n".join(nodes.values())
    names = ["float64", *[name for name in ("maximum", "minimum") if f"{name}(" in text], "tensor"]
    lines = [*_IMPORTS.get(rule, []), "" if rule != RIGHT else None, f"from dlcourse.numpy import {', '.join(names)}"]
    if "F." in text:
        lines.append("from dlcourse.numpy import functional as F")
    return [line for line in lines if line is not None]
