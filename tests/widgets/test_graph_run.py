"""The graph explorer's numbers against torch, its two bugs, and its steps against its numbers."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.widgets.expression import parse
from dlcourse.widgets.graph import EXAMPLES
from dlcourse.widgets.graph_run import OVERWRITE, RIGHT, WRONG_ORDER, GraphRun
from dlcourse.widgets.graph_steps import walk
from dlcourse.widgets.numbers import in_brackets, short

TORCH = {
    "+": torch.add,
    "-": torch.sub,
    "*": torch.mul,
    "/": torch.div,
    "**": torch.pow,
    "negate": torch.neg,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "max": torch.maximum,
    "min": torch.minimum,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
ALL_OPERATIONS = {
    "expression": "v = exp(x/4) - sqrt(y) + log(y)*abs(x); max(v, x)*min(v, y) + relu(x)*sigmoid(v) - tanh(-v)**3/y",
    "inputs": {"x": 1.3, "y": 2.7},
}


def run_of(expression, inputs):
    return GraphRun(parse(expression), inputs)


def torch_gradients(expression, inputs):
    """(values, gradients) of every node, by torch's autograd in float64."""
    leaves = {
        name: torch.tensor(float(value), dtype=torch.float64, requires_grad=True) for name, value in inputs.items()
    }
    nodes = parse(expression).evaluate(leaves, TORCH, lambda value: torch.tensor(value, dtype=torch.float64))
    for node in nodes:
        if node.requires_grad:
            node.retain_grad()
    nodes[-1].backward()
    return [node.item() for node in nodes], {n: t.grad.item() for n, t in enumerate(nodes) if t.requires_grad}


@pytest.mark.parametrize("example", [*EXAMPLES.values(), ALL_OPERATIONS], ids=[*EXAMPLES, "all operations"])
def test_values_and_gradients_equal_torch(example):
    run = run_of(**example)
    values, gradients = torch_gradients(**example)
    assert [run.value(n) for n in range(len(values))] == pytest.approx(values, rel=1e-12)
    assert run.gradients() == pytest.approx(gradients, rel=1e-12)


def test_every_operation_of_the_reader_is_compared_with_torch():
    used = {node.operation for node in parse(ALL_OPERATIONS["expression"]).nodes}
    assert used == {"input", "constant", *TORCH}


def test_numbers_of_the_lecture():
    run = run_of(**EXAMPLES["(x + y)·z"])
    assert run.value(run.output) == -12
    assert {run.names[n]: run.gradients()[n] for n in run.inputs} == {"x": -4, "y": -4, "z": 3}
    neuron = run_of(**EXAMPLES["sigmoid neuron"])
    s = 1 / (1 + math.exp(-1))
    found = {neuron.names[n]: neuron.gradients()[n] for n in neuron.inputs}
    assert neuron.value(neuron.output) == pytest.approx(s, rel=1e-12)
    assert found == pytest.approx(
        {"w0": -s * (1 - s), "x0": 2 * s * (1 - s), "w1": -2 * s * (1 - s), "x1": -3 * s * (1 - s), "w2": s * (1 - s)},
        rel=1e-12,
    )


def test_overwriting_keeps_only_the_last_contribution():
    run = run_of("x*x + x", {"x": 3.0})  # contributions to x, in the order of the walk: 1 (from +), 3 and 3 (from *)
    x = run.inputs[0]
    assert run.gradients(RIGHT)[x] == 7
    assert run.gradients(OVERWRITE)[x] == 3


def test_the_wrong_order_passes_on_a_part_of_a_shared_gradient():
    shared = run_of(**EXAMPLES["shared node"])
    a, b = 0.5, 2.0
    u = a * b
    t = math.tanh(math.tanh(u))
    # u passes on what came through u + a alone: the path through the tanh gates arrives too late
    wrong = shared.gradients(WRONG_ORDER)
    assert wrong[0] == pytest.approx(t + b * t, rel=1e-12)
    assert wrong[1] == pytest.approx(1 + a * t, rel=1e-12)
    assert shared.gradients(RIGHT)[0] != pytest.approx(wrong[0], rel=0.1)


def test_the_wrong_order_is_an_order():
    for example in [*EXAMPLES.values(), ALL_OPERATIONS]:
        run = run_of(**example)
        assert sorted(run.visits(WRONG_ORDER)) == sorted(run.visits(RIGHT))
        assert run.visits(WRONG_ORDER)[0] == run.output


def test_each_bug_changes_an_example():
    for bug in (OVERWRITE, WRONG_ORDER):
        changed = [name for name, e in EXAMPLES.items() if run_of(**e).gradients(bug) != run_of(**e).gradients()]
        assert "shared node" in changed
        assert "(x + y)·z" not in changed


@pytest.mark.parametrize("rule", [RIGHT, OVERWRITE, WRONG_ORDER])
@pytest.mark.parametrize("example", [*EXAMPLES.values(), ALL_OPERATIONS], ids=[*EXAMPLES, "all operations"])
def test_the_steps_end_at_the_numbers_of_the_run(example, rule):
    run = run_of(**example)
    steps = walk(run, rule)
    assert len(steps) == 3 + 2 * len(run.operations)
    written = {key: text for step in steps for key, text in step.values.items()}
    assert written == {str(n): short(run.value(n)) for n in run.order}
    edges = {key: text for step in steps for key, text in step.gradients.items()}
    gradients = run.gradients(rule)
    for n in run.operations:
        pieces = run.pieces(n, gradients[n])
        for slot, operand in run.edges(n):
            if rule != WRONG_ORDER:
                assert edges[f"{n}:{slot}"] == short(pieces[slot])
            if not run.is_shared(operand):
                assert edges[f"{n}:{slot}"] == short(gradients[operand])
    for n in run.inputs:
        assert f"/∂{run.names[n]} = {short(gradients[n])}" in steps[-1].lines[1]


def test_a_shared_node_shows_the_addition_and_the_bugs_what_they_lose():
    right, overwrite, late = (walk(run_of(**EXAMPLES["shared node"]), rule) for rule in (RIGHT, OVERWRITE, WRONG_ORDER))

    def said(steps):
        return "\n".join(line for step in steps for line in step.lines)

    assert "∂f/∂u += " in said(right)
    assert "(0.3703 + 0.642 = 1.012)" in said(right)
    assert any("0.3703 += 0.642" in lines for step in right for lines in step.totals.values())
    assert "These are the numbers that backward() leaves" in said(right)
    assert "+=" not in said(overwrite)
    assert "(the 0.3703 that came before is lost)" in said(overwrite)
    assert "Wrong. The right ones are ∂f/∂a = 2.667, ∂f/∂b = 1.506." in said(overwrite)
    assert "too late, u has already passed on 0.642" in said(late)
    assert "Wrong." in said(late)


def test_a_bug_that_changes_nothing_says_so():
    assert "Right by luck" in walk(run_of(**EXAMPLES["(x + y)·z"]), OVERWRITE)[-1].lines[2]


def test_local_derivative_times_upstream_is_spelled_out():
    lines = [line for step in walk(run_of(**EXAMPLES["(x + y)·z"])) for line in step.lines]
    assert "q1 = x + y = −2 + 5 = 3" in lines
    assert "f = q1 × z = 3 × (−4) = −12" in lines
    assert "∂f/∂q1 = z × ∂f/∂f = −4 × 1 = −4" in lines
    assert "∂f/∂x = 1 × ∂f/∂q1 = 1 × (−4) = −4" in lines


def test_questions_ask_for_the_number_of_the_step():
    steps = walk(run_of(**EXAMPLES["sigmoid neuron"]))
    asked = [step for step in steps if step.question]
    assert [step.phase for step in steps if not step.question] == ["start", "end"]
    for step in asked:
        assert step.low < step.numbers[0] < step.high
        assert not step.low < step.numbers[0] * 1.05 < step.high


LABELS = [
    ("x + 1", "+ 1"),
    ("1 + x", "+ 1"),
    ("x - 1", "x − 1"),
    ("1 - x", "1 − x"),
    ("x*2", "× 2"),
    ("x/2", "x/2"),
    ("1/x", "1/x"),
    ("x**2", "x²"),
    ("x**3", "x³"),
    ("x**0.5", "x^0.5"),
    ("-x", "−x"),
    ("max(x, 0)", "max(x, 0)"),
    ("min(0, x)", "min(0, x)"),
    ("abs(x)", "|x|"),
    ("sqrt(x)", "√x"),
    ("sigmoid(x)", "σ"),
    ("tanh(x)", "tanh"),
    ("x*y", "×"),
]


@pytest.mark.parametrize(("text", "label"), LABELS)
def test_constants_are_drawn_inside_their_operation(text, label):
    run = run_of(text, {"x": 2.0, "y": 3.0})
    assert run.label(run.output) == label
    assert all(not run.is_constant(n) for n in run.order)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("x - y", "−1"),
        ("x/y", "−x/y²"),
        ("x**2", "2·x"),
        ("x**3", "3·x²"),
        ("x**0.5", "0.5·x^−0.5"),
        ("exp(x)", "f"),
        ("log(x)", "1/x"),
        ("sqrt(x)", "1/(2·f)"),
        ("tanh(x)", "(1 − f²)"),
        ("sigmoid(x)", "f·(1 − f)"),
    ],
)
def test_local_derivatives_are_written_as_formulas(text, formula):
    lines = [line for step in walk(run_of(text, {"x": 2.0, "y": 3.0})) for line in step.lines]
    assert any(f"= {formula} × ∂f/∂f" in line for line in lines)


def test_names_do_not_collide_with_those_of_the_writer():
    run = run_of("q1 = x*f; q1*q2 + exp(q1)", {"x": 1.0, "f": 2.0, "q2": 3.0})
    names = [run.names[n] for n in run.order]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.39322, "−0.3932"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-5, "1e−5"),
        (123456.0, "1.235e5"),
        (12.0, "12"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_short_numbers(value, text):
    assert short(value) == text


def test_brackets_only_around_negative_numbers():
    assert in_brackets(-4) == "(−4)"
    assert in_brackets(4) == "4"


@settings(max_examples=60, deadline=None)
@given(st.floats(-2, 2), st.floats(0.3, 2), st.sampled_from([RIGHT, OVERWRITE, WRONG_ORDER]))
def test_any_inputs(x, y, rule):
    example = {"expression": ALL_OPERATIONS["expression"], "inputs": {"x": x, "y": y}}
    run = run_of(**example)
    assert walk(run, rule)[-1].phase == "end"
    if abs(x) > 0.01 and abs(run.value(3) - x) > 1e-6:
        _, gradients = torch_gradients(**example)
        if all(map(math.isfinite, gradients.values())):
            assert run.gradients() == pytest.approx(gradients, rel=1e-9, abs=1e-12)
