"""The network graph's walk, one matrix at a time: what is said, and which matrices get their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dlcourse.widgets.network_graph_run import NetworkRun, TorchBeside, slope
from dlcourse.widgets.numbers import in_brackets, short

__all__ = ["NAMES", "Step", "walk"]

NAMES = {name: name[0] + {"1": "₁", "2": "₂"}.get(name[-1], "") for name in ("z1", "a1", "z2", "W1", "W2", "b1", "b2")}
NAMES |= {name: name for name in ("X", "p", "L")}

_LEARNED = ("W1", "b1", "W2", "b2")
_SAME = 1e-12  # float64 on two libraries: equal but for rounding


@dataclass
class Step:
    """One step: ``lines`` to say, headline first; the matrices whose ``values`` or ``gradients`` appear.

    ``entry`` names the first number that the step computes and ``answer`` is it, for a prediction.
    """

    lines: list[str]
    active: list[str]
    values: list[str] = field(default_factory=list)
    gradients: list[str] = field(default_factory=list)
    entry: str = ""
    answer: float | None = None


def walk(run: NetworkRun, right: NetworkRun, beside: TorchBeside | None, asked: bool) -> list[Step]:
    """Inputs, five steps forward, six steps back, the verdict. ``asked``: whether torch was asked for."""
    steps = [_start(run), *_forward(run), *_backward(run), _end(run, right, beside, asked)]
    if beside:
        for step in steps[:-1]:
            step.lines += _torch_lines(step, beside)
    return steps


def _start(run: NetworkRun) -> Step:
    lines = [
        "The network and its inputs",
        f"N = {run.samples}, D = 2 numbers a sample, H = 3 hidden units, C = 2 classes, y = {_list(run.labels)}.",
        "Each box: its shape, its numbers, and below a line the gradient of L. Step forward.",
    ]
    leaves = ["X", *_LEARNED]
    return Step(lines, leaves, values=leaves)


def _forward(run: NetworkRun) -> list[Step]:
    v, n = run.values, run.samples
    first = _products(v["X"][0], v["W1"][0]) + _plus(v["b1"][0])
    second = _products(v["a1"][0], v["W2"][0]) + _plus(v["b2"][0])
    total = np.exp(v["z2"][0])
    f = run.activation.replace("relu", "ReLU")
    shown = [
        ("z1", "z₁ = XW₁ᵀ + b₁", f"({n}, 2)(3, 2)ᵀ → ({n}, 3); b₁ is added to each row.", first),
        ("a1", f"a₁ = {f}(z₁)", "Number by number, the shape stays.", f"{f}({short(v['z1'][0, 0])})"),
        ("z2", "z₂ = a₁W₂ᵀ + b₂", f"({n}, 3)(2, 3)ᵀ → ({n}, 2): one score for each class.", second),
        (
            "p",
            "p = softmax(z₂)",
            "Each row sums to 1.",
            f"{short(total[0])}/({short(total[0])} + {short(total[1])})",
        ),
    ]
    steps = [_value(run, *line) for line in shown]
    picked = [v["p"][i, label] for i, label in enumerate(run.labels)]
    logs = " + ".join(f"ln {short(p)}" for p in picked)
    line = f"L = −({logs})/{n} = {short(float(v['L']))}"
    loss = Step(["Forward: L, the mean cross-entropy", line], ["L"], ["L"], entry="L", answer=float(v["L"]))
    return [*steps, loss]


def _value(run: NetworkRun, name: str, formula: str, shapes: str, numbers: str) -> Step:
    entry, answer = f"{NAMES[name]}[0, 0]", float(run.values[name][0, 0])
    lines = [f"Forward: {formula}", shapes, f"{entry} = {numbers} = {short(answer)}"]
    return Step(lines, [name], values=[name], entry=entry, answer=answer)


def _backward(run: NetworkRun) -> list[Step]:
    v, g, n = run.values, run.gradients, run.samples
    hot = int(run.labels[0] == 0)
    start = f"({short(v['p'][0, 0])} − {hot})"
    divided = not np.isclose(g["z2"][0, 0], v["p"][0, 0] - hot) or n == 1
    factor = slope(run.activation, v)[0, 0]
    kept = not np.array_equal(g["z1"], g["a1"])
    last = not np.allclose(g["b2"], g["z2"].sum(axis=0))
    rows = [n - 1] if last else list(range(n))
    how = "from the last sample alone" if last else "a sum over the samples"
    return [
        _gradient(
            run,
            ["L", "z2"],
            "z₂",
            "(p − onehot(y))/N" if divided else "p − onehot(y)",
            "Softmax and cross-entropy go back together, in one short formula.",
            f"{start}/{n}" if divided else start,
        ),
        _gradient(
            run,
            ["W2", "b2"],
            "W₂",
            "(∂L/∂z₂)ᵀa₁",
            f"({n}, 2)ᵀ({n}, 3) → (2, 3), {how}; ∂L/∂b₂ adds the rows of ∂L/∂z₂.",
            _products(g["z2"][rows, 0], v["a1"][rows, 0]),
        ),
        _gradient(
            run,
            ["a1"],
            "a₁",
            "(∂L/∂z₂)W₂",
            f"({n}, 2)(2, 3) → ({n}, 3).",
            _products(g["z2"][0], v["W2"][:, 0]),
        ),
        _gradient(
            run,
            ["z1"],
            "z₁",
            "∂L/∂a₁ ⊙ f′(z₁)" if kept else "∂L/∂a₁",
            "Number by number, each with its own slope." if kept else "As if every slope f′ were 1.",
            f"{short(g['a1'][0, 0])} × {short(factor)}" if kept else short(g["a1"][0, 0]),
        ),
        _gradient(
            run,
            ["W1", "b1"],
            "W₁",
            "(∂L/∂z₁)ᵀX",
            f"({n}, 3)ᵀ({n}, 2) → (3, 2), {how}; ∂L/∂b₁ adds the rows of ∂L/∂z₁.",
            _products(g["z1"][rows, 0], v["X"][rows, 0]),
        ),
        _gradient(
            run,
            ["X"],
            "X",
            "(∂L/∂z₁)W₁",
            f"({n}, 3)(3, 2) → ({n}, 2). Training does not need it; the layer below would.",
            _products(g["z1"][0], v["W1"][:, 0]),
        ),
    ]


def _gradient(run: NetworkRun, names: list[str], shown: str, formula: str, shapes: str, numbers: str) -> Step:
    key = next(name for name in names if NAMES[name] == shown)
    answer = float(run.gradients[key][0, 0])
    entry = f"∂L/∂{shown}[0, 0]"
    result = "" if numbers == short(answer) else f" = {short(answer)}"
    lines = [f"Backward: ∂L/∂{shown} = {formula}", shapes, f"{entry} = {numbers}{result}"]
    return Step(lines, names, gradients=names, entry=entry, answer=answer)


def _end(run: NetworkRun, right: NetworkRun, beside: TorchBeside | None, asked: bool) -> Step:
    wrong = [name for name in right.gradients if not np.allclose(run.gradients[name], right.gradients[name])]
    if not wrong:
        verdict = "All gradients are right."
        if run is not right:
            verdict = "Right by luck: in this setting the bug changes nothing. Another number of samples or f shows it."
    else:
        most = max(abs(run.gradients[name] - right.gradients[name]).max() for name in wrong)
        verdict = f"Wrong: {', '.join(NAMES[name] for name in wrong)}, by up to {short(float(f'{most:.2g}'))}."
    lines = ["The gradients of all matrices", verdict]
    if beside:
        lines.append(_largest(beside))
    elif asked:
        lines.append("torch is not installed here, so nothing stands beside.")
    return Step(lines, list(_LEARNED))


def _largest(beside: TorchBeside) -> str:
    most = max(beside.differences.values())
    if most < _SAME:
        return f"torch finds the same gradients: the largest difference is below {short(_SAME)}."
    name = max(beside.differences, key=lambda key: beside.differences[key])
    return f"torch disagrees: the largest difference is {short(float(f'{most:.2g}'))}, at {NAMES[name]}."


def _torch_lines(step: Step, beside: TorchBeside) -> list[str]:
    made = [f"{NAMES[name]} by {beside.made_by[name]}" for name in step.values if name in beside.made_by]
    if made:
        return [f"torch records {', '.join(made)}."]
    apart = [beside.differences[name] for name in step.gradients if name in beside.differences]
    if not apart:
        return []
    most = max(apart)
    return [f"torch differs by {f'less than {short(_SAME)}' if most < _SAME else short(float(f'{most:.2g}'))}."]


def _products(left: np.ndarray, right: np.ndarray) -> str:
    return " + ".join(f"{in_brackets(a)} × {in_brackets(b)}" for a, b in zip(left, right))


def _plus(value: float) -> str:
    return f" + {in_brackets(value)}"


def _list(labels: np.ndarray) -> str:
    return f"[{', '.join(str(int(label)) for label in labels)}]"
