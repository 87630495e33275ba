"""The graph explorer as an explorer: examples, typed expressions, the code cell, the stored picture."""

import contextlib
import io
import re
import sys

import pytest

from dlcourse.widgets import GraphExplorer
from dlcourse.widgets.expression import parse
from dlcourse.widgets.graph import EXAMPLES
from dlcourse.widgets.graph_run import OVERWRITE, RIGHT, WRONG_ORDER, GraphRun


def printed(code):
    """The numbers that a code cell prints, by name."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return {name: float(value) for name, value in re.findall(r"^(.+) = (\S+)$", out.getvalue(), re.MULTILINE)}


@pytest.mark.parametrize("backward", [RIGHT, OVERWRITE, WRONG_ORDER])
@pytest.mark.parametrize(
    "expression",
    [*[e["expression"] for e in EXAMPLES.values()], "tanh(max(x, y)) + relu(x)*sigmoid(y) - min(x, y)**2/3 - (-x)"],
)
def test_the_code_cell_prints_the_numbers_of_the_picture(expression, backward):
    inputs = next((e["inputs"] for e in EXAMPLES.values() if e["expression"] == expression), {"x": 0.7, "y": 1.9})
    explorer = GraphExplorer(expression=expression, inputs=inputs, backward=backward)
    run = GraphRun(parse(expression), inputs)
    f, gradients = run.names[run.output], run.gradients(backward)
    expected = {f: run.value(run.output)} | {f"d{f}/d{run.names[n]}": gradients[n] for n in run.inputs}
    assert printed(explorer.result["code"]) == pytest.approx(expected, rel=1e-12)


def test_the_code_cell_runs_on_torch_too():
    code = GraphExplorer(example="sigmoid neuron").result["code"]
    on_torch = code.replace("dlcourse.numpy", "dlcourse.torch")
    assert on_torch != code
    assert printed(on_torch) == pytest.approx(printed(code), rel=1e-12)


def test_an_example_is_chosen_by_name_and_left_by_typing():
    explorer = GraphExplorer(example="shared node")
    assert explorer.values["expression"] == EXAMPLES["shared node"]["expression"]
    explorer.update(expression="a*b + c")
    assert explorer.values["example"] == ""
    assert explorer.values["inputs"] == {"a": 0.5, "b": 2.0, "c": 1.0}
    explorer.update(inputs={"a": 3.0})
    assert explorer.values["inputs"] == {"a": 3.0, "b": 1.0, "c": 1.0}


def test_a_typed_mistake_is_shown_with_its_place_and_loses_nothing():
    explorer = GraphExplorer(example="shared node")
    explorer.values = {**explorer.values, "expression": "a*b +"}
    assert explorer.result["error"] == {"control": "expression", "start": 5, "end": 6}
    assert "not a complete formula" in explorer.result["texts"][0]
    explorer.values = {**explorer.values, "expression": "a*b"}
    assert explorer.result["error"] is None
    assert explorer.values["inputs"] == {"a": 0.5, "b": 2.0}


def test_infinity_stops_the_walk():
    explorer = GraphExplorer(expression="exp(exp(x))*x", inputs={"x": 10.0})
    assert explorer.result["stopped"]
    assert "inf" in explorer.result["texts"][-1]
    assert len(explorer.result["texts"]) == 3
    assert GraphExplorer(expression="log(x)*x", inputs={"x": -1.0}).result["stopped"]


def test_the_words_are_those_of_the_step():
    explorer = GraphExplorer(step=1)
    assert explorer.result["texts"][1] == "Forward: compute q1\nq1 = x + y = −2 + 5 = 3"
    assert explorer.still()[1] == explorer.result["texts"][1]
    assert GraphExplorer().still()[1].startswith("The gradients of the inputs\n∂f/∂x = −4, ∂f/∂y = −4, ∂f/∂z = 3")


def test_the_stored_picture_holds_all_numbers_and_is_small():
    figure, _ = GraphExplorer(example="sigmoid neuron").still()
    shown = [text.get_text() for text in figure.axes[0].texts]
    for number in ("0.7311", "0.1966", "−0.3932", "−0.5898", "exp", "w0"):
        assert number in shown
    data, metadata = GraphExplorer(example="sigmoid neuron")._repr_mimebundle_()
    assert len(data["image/png"]) < 150_000
    assert metadata["image/png"]["alt"].startswith(
        "Computational graph of 1/(1 + exp(-(w0*x0 + w1*x1 + w2))). The gradients of the inputs. ∂f/∂w0 = −0.1966"
    )


def test_state_is_short_and_readable():
    assert GraphExplorer(example="shared node", backward="overwrite", step=7).state == (
        "example=shared node&backward=overwrite&step=7"
    )
    typed = GraphExplorer(expression="a*b + a**2", inputs={"a": 2, "b": -0.5})
    assert typed.state == "expression=a*b + a**2&inputs=a:2.0,b:-0.5"
    assert dict(GraphExplorer.from_state(typed.state).values) == dict(typed.values)


@pytest.mark.parametrize("backward", [RIGHT, OVERWRITE, WRONG_ORDER])
@pytest.mark.parametrize("example", EXAMPLES)
def test_torch_stands_beside_every_example(example, backward):
    with_torch = GraphExplorer(example=example, backward=backward, torch=True).result
    verdict = with_torch["texts"][-1].splitlines()
    right = "Wrong" not in verdict[2]
    assert ("torch finds the same gradient at every node" in verdict[-1]) == right
    assert with_torch["picture"] == GraphExplorer(example=example, backward=backward).result["picture"]


def test_torchs_graph_is_named_node_by_node():
    texts = GraphExplorer(torch=True).result["texts"]
    assert texts[1].endswith("torch: AddBackward0 gives 3")
    assert texts[2].endswith("torch: MulBackward0 gives −12")
    assert texts[4].endswith("torch: ∂f/∂f = 1 reaches MulBackward0")


def test_without_torch_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert GraphExplorer(torch=True).result["texts"][-1].endswith("so nothing stands beside.")
