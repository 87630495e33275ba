"""The gradient-flow explorer: its numbers against torch and against theory, its words, code and stored picture."""

import contextlib
import io
import re

import numpy as np
import pytest
import torch

from dlcourse.widgets import GradientFlow
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.gradient_flow import INIT_NAMES, NAMES, SKIP_NAMES
from dlcourse.widgets.gradient_flow_run import ACTIVATIONS, BATCH, INITS, SKIPS, WIDTH, histogram, run, shown_layers


def in_torch(activation, depth, init, skip):
    """The same network in torch: activations and gradients of every layer."""
    rng = np.random.default_rng(0)
    a = torch.tensor(rng.normal(size=(BATCH, WIDTH)), requires_grad=True)
    upstream = torch.tensor(rng.normal(size=(BATCH, WIDTH)))
    layers = []
    for _ in range(depth):
        W = torch.tensor(INITS[init] * rng.normal(size=(WIDTH, WIDTH)))
        out = getattr(torch, activation, getattr(torch.nn.functional, activation, None))(a @ W.T)
        a = {"none": out, "add": a + out, "scaled": a + depth**-0.5 * out}[skip]
        a.retain_grad()
        layers.append(a)
    a.backward(upstream)
    return [(layer.detach().numpy(), layer.grad.numpy()) for layer in layers]


@pytest.mark.parametrize("skip", SKIPS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_layer_agrees_with_torch(activation, skip):
    ours = run(activation, 10, "he", skip)
    theirs = in_torch(activation, 10, "he", skip)
    assert [layer.number for layer in ours] == list(range(1, 11))
    for layer, (activations, gradients) in zip(ours, theirs, strict=True):
        assert np.allclose(layer.activations, activations, rtol=1e-10, atol=1e-12 * np.abs(activations).max())
        assert np.allclose(layer.gradients, gradients, rtol=1e-10, atol=1e-12 * np.abs(gradients).max())


def size(kind, at, **setting):
    layer = run(**{"activation": "relu", "depth": 50, "init": "he", "skip": "none", **setting})[at]
    return getattr(layer, kind).std()


def test_the_well_known_cases():
    assert size("gradients", 0, activation="sigmoid", init="xavier") < 1e-25
    assert size("gradients", 0, activation="tanh", init="large") > 1e10
    assert size("activations", -1, init="small") < 1e-40
    assert size("activations", -1, init="large") > 1e40
    assert 0.1 < size("activations", -1, init="he") < 10
    assert size("gradients", 0, init="zero") == 0
    assert size("gradients", 0, activation="sigmoid", init="xavier", skip="scaled") > 0.5
    assert size("gradients", 0, skip="add") > 1e6
    assert size("gradients", 0, skip="scaled") < 20


@pytest.mark.parametrize(
    ("setting", "headline"),
    [
        ({}, "The gradient vanishes: at layer 1, 1.1e−12 of it is left."),
        ({"activation": "relu", "init": "large"}, "The gradient explodes: it is"),
        ({"activation": "relu", "init": "he"}, "The gradient arrives: at layer 1 it is"),
        ({"init": "zero"}, "No gradient at all reaches the first layer."),
    ],
)
def test_the_headline_says_what_becomes_of_the_gradient(setting, headline):
    assert GradientFlow(**setting).result["texts"][0].startswith(headline)


def test_the_last_line_speaks_of_the_units():
    line = {name: GradientFlow(**s).result["texts"][0].splitlines()[-1] for name, s in {
        "tanh": {"activation": "tanh", "init": "large"}, "relu": {"activation": "relu", "init": "zero"},
        "selu": {"activation": "selu"}, "skip": {"activation": "tanh", "skip": "add"},
    }.items()}  # fmt: skip
    share = np.mean(np.abs(run("tanh", 20, "large", "none")[-1].activations) >= 0.9)
    assert line["tanh"].startswith(f"In layer 20, {100 * share:.0f} % of the activations are within 5 %")
    assert line["relu"] == "In layer 20, 100 of 100 units are 0 for the whole batch."
    assert line["selu"].startswith("In layer 20 the mean activation is")
    assert line["skip"].startswith("In layer 20 the mean activation is")


@pytest.mark.parametrize(
    "setting",
    [{}, {"activation": "relu", "init": "large", "depth": 50, "skip": "add"}, {"init": "he", "skip": "scaled"}],
)
def test_the_code_cell_prints_the_sizes_of_the_picture(setting):
    result = GradientFlow(**setting).result
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(result["code"], {})
    printed = re.findall(r"layer (\d+): std of a (\S+), std of dL/da (\S+)", out.getvalue())
    assert [int(n) for n, _, _ in printed] == result["picture"]["layers"]
    for column in (0, 1):
        powers = np.log10([float(row[column + 1]) for row in printed])
        assert powers == pytest.approx(result["picture"]["rows"][column]["sizes"], abs=0.006)


def test_a_histogram_shows_the_shape_at_every_scale():
    values = np.random.default_rng(1).normal(size=(50, 40))
    heights, limits = histogram(values)
    tiny, _ = histogram(1e-30 * values)
    assert np.array_equal(heights, tiny)
    assert heights.max() == 1
    assert limits == pytest.approx((-3, 3), abs=0.1)
    ends, _ = histogram(np.array([[-1.0, 1.0, 1.0]]), (-1.0, 1.0))
    assert ends[[0, -1]].tolist() == [0.5, 1]
    assert histogram(np.zeros((2, 3)))[0].sum() == 1


def test_prediction_asks_for_the_power_of_ten():
    question = GradientFlow(predict=True).result["questions"][0]
    assert question["low"] < -11.95 < question["high"]
    assert GradientFlow(init="zero").result["questions"][0] is None


def test_sizes_that_are_zero_are_left_out_and_the_axis_holds_the_rest():
    picture = GradientFlow(init="zero").result["picture"]
    assert picture["rows"][1]["sizes"][0] is None
    assert picture["rows"][1]["texts"][0] == "0"
    for setting in ({}, {"activation": "relu", "init": "large", "depth": 50}):
        picture = GradientFlow(**setting).result["picture"]
        known = [x for row in picture["rows"] for x in row["sizes"] if x is not None]
        assert picture["scale"]["low"] <= min(known) <= max(known) <= picture["scale"]["high"]
        assert len(picture["scale"]["ticks"]) <= 8


def test_controls_state_and_stored_picture():
    explorer = GradientFlow(activation="relu", depth=50, init="he", skip="scaled")
    assert explorer.state == "activation=relu&depth=50&init=he&skip=scaled"
    assert dict(GradientFlow.from_state(explorer.state).values) == dict(explorer.values)
    assert (set(NAMES), set(INIT_NAMES), set(SKIP_NAMES)) == (set(ACTIVATIONS), set(INITS), set(SKIPS))
    assert shown_layers(10)[0] == 1
    assert shown_layers(10)[-1] == 10
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 200_000
    assert metadata["image/png"]["alt"].startswith(
        "50 layers of 100 units, ReLU, weights He, skip connections a + f(Wa)/√depth. The gradient arrives"
    )
    with pytest.raises(ValueError, match="activation: got 'swish'"):
        GradientFlow(activation="swish")


def test_the_whole_table_fits_into_an_export(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(GradientFlow().recipe())) < LIMIT
