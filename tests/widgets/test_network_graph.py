"""The network graph: its matrices and gradients against torch and dlcourse.numpy, its bugs, words, code and export."""

import contextlib
import io
import re
import sys

import numpy as np
import pytest

from dlcourse.numpy import functional as F
from dlcourse.numpy import tensor
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.network_graph import NetworkGraph
from dlcourse.widgets.network_graph_run import ACTIVATIONS, BUGS, LEAVES, RIGHT, NetworkRun, torch_beside

SAMPLES = (1, 2, 3)


@pytest.mark.parametrize("samples", SAMPLES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_gradient_is_torchs_and_dlcourses(samples, activation):
    run = NetworkRun.of(samples, activation, RIGHT)
    beside = torch_beside(run)
    assert set(beside.differences) == set(run.gradients)
    assert max(beside.differences.values()) < 1e-15
    leaves = {name: tensor(run.values[name], requires_grad=True) for name in LEAVES}
    a1 = ACTIVATIONS[activation](F.linear(leaves["X"], leaves["W1"], leaves["b1"]))
    F.cross_entropy(F.linear(a1, leaves["W2"], leaves["b2"]), tensor(run.labels)).backward()
    for name, leaf in leaves.items():
        np.testing.assert_allclose(run.gradients[name], leaf.grad.data, rtol=1e-13, atol=1e-16)


def test_the_first_row_by_hand():
    values = NetworkRun.of(1, "relu", RIGHT).values
    np.testing.assert_allclose(values["z1"], [[0.2, 0.2, 1.2]], rtol=1e-12)
    np.testing.assert_allclose(values["z2"], [[0.3, 0.2]], rtol=1e-12)
    assert values["L"] == pytest.approx(-np.log(np.exp(0.3) / (np.exp(0.3) + np.exp(0.2))), rel=1e-12)


def test_no_number_stands_at_a_kink():
    assert np.abs(NetworkRun.of(3, "relu", RIGHT).values["z1"]).min() > 0.05


def test_each_bug_is_the_mistake_that_it_names():
    right = NetworkRun.of(3, "tanh", RIGHT).gradients
    no_mean = NetworkRun.of(3, "tanh", "no mean").gradients
    for name in LEAVES:
        np.testing.assert_allclose(no_mean[name], 3 * right[name], rtol=1e-12)
    no_slope = NetworkRun.of(3, "tanh", "no slope").gradients
    np.testing.assert_array_equal(no_slope["z1"], right["a1"])
    last = NetworkRun.of(3, "tanh", "last sample").gradients
    np.testing.assert_allclose(last["W1"], np.outer(right["z1"][2], [0.5, -1.5]), rtol=1e-12)
    np.testing.assert_array_equal(last["X"], right["X"])


@pytest.mark.parametrize("samples", SAMPLES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("backward", BUGS)
def test_words_numbers_and_torchs_verdict_agree(samples, activation, backward):
    explorer = NetworkGraph(samples=str(samples), activation=activation, backward=backward, torch=True)
    run = NetworkRun.of(samples, activation, backward)
    right = NetworkRun.of(samples, activation, RIGHT)
    same = all(np.allclose(run.gradients[name], right.gradients[name]) for name in right.gradients)
    lucky = {"no mean", "last sample", "no slope" if activation == "relu" else ""} if samples == 1 else set()
    assert same == (backward == RIGHT or backward in lucky)  # the first sample alone keeps every ReLU open
    last = explorer.result["texts"][-1]
    assert ("torch finds the same" in last) == same
    assert ("Right by luck" in last) == (same and backward != RIGHT)
    for text in explorer.result["texts"]:
        for sum_, result in re.findall(r"\[0, 0\] = ([−0-9 .×+()/e]+?) = ([−0-9.e]+)$", text, re.MULTILINE):
            written = sum_.replace("−", "-").replace("×", "*")
            assert eval(written) == pytest.approx(float(result.replace("−", "-")), rel=2e-3, abs=2e-4)


def test_the_sums_of_the_words_are_read():
    found = [re.search(r"\[0, 0\] = .* = ", text) for text in NetworkGraph().result["texts"]]
    assert sum(map(bool, found)) >= 8


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("backward", BUGS)
def test_the_code_prints_the_gradients_of_the_picture(activation, backward):
    explorer = NetworkGraph(samples="3", activation=activation, backward=backward)
    run, out = NetworkRun.of(3, activation, backward), io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    printed = dict(line.split(" = ") for line in out.getvalue().splitlines())
    assert float(printed["L"]) == pytest.approx(float(run.values["L"]), rel=1e-12)
    for name in LEAVES:
        np.testing.assert_allclose(eval(printed[f"dL/d{name}"]), run.gradients[name], rtol=1e-12, atol=1e-15)
    assert ("# the bug" in explorer.result["code"]) == (backward != RIGHT)


def test_each_step_asks_for_its_first_entry():
    explorer = NetworkGraph(predict=True)
    asked = [question["text"] for question in explorer.result["questions"] if question]
    assert asked[0] == "z₁[0, 0] = ?"
    assert len(asked) == 11
    assert explorer.result["questions"][0] is None
    assert explorer.result["questions"][-1] is None


def test_numbers_fit_their_cells():
    for samples in SAMPLES:
        for activation in ACTIVATIONS:
            picture = NetworkGraph(samples=str(samples), activation=activation).result["picture"]
            for frame in picture["frames"]:
                for rows in (*frame["values"].values(), *frame["gradients"].values()):
                    assert max(len(text) for row in rows for text in row) <= 6


def test_without_torch_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "torch is not installed" in NetworkGraph(torch=True).result["texts"][-1]


def test_state_and_export():
    explorer = NetworkGraph(samples="3", backward="no slope", torch=True, step=4)
    assert NetworkGraph.from_state(explorer.state).values == explorer.values
    assert len(payload(explorer.recipe())) < LIMIT
