"""Units, confusion, calibration, gradient flow, update ratios and reports."""

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.diagnostics import (
    Finding,
    Report,
    confusion_matrix,
    dead_units,
    expected_calibration_error,
    gradient_flow,
    reliability,
    saturation_share,
    update_ratios,
)
from dlcourse.models import mlp

TWINS = pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
rng = np.random.default_rng(0)


# Units ---------------------------------------------------------------------------------------------------------------


def test_dead_units_of_vectors_and_maps():
    activations = np.maximum(rng.normal(size=(50, 6)), 0)
    activations[:, [1, 4]] = 0
    assert dead_units(activations).tolist() == [False, True, False, False, True, False]
    maps = np.maximum(rng.normal(size=(5, 3, 4, 4)), 0)
    maps[:, 2] = 0
    assert dead_units(maps).tolist() == [False, False, True]
    assert dead_units(maps).sum() == 1


def test_a_large_negative_bias_kills_relus():
    dl = dlcourse.numpy
    dl.manual_seed(0)
    model = dl.nn.Sequential(dl.nn.Linear(8, 100), dl.nn.ReLU())
    x = dl.tensor(rng.normal(size=(200, 8)).astype(np.float32))
    assert dead_units(model(x).data).mean() == 0
    model[0].bias.data[:] = -20
    assert dead_units(model(x).data).mean() == 1


def test_saturation_share():
    z = np.linspace(-10, 10, 2001)[:, None]
    sigmoid, tanh = 1 / (1 + np.exp(-z)), np.tanh(z)
    # A sigmoid is within 5 % of its ends beyond log 19 = 2.944; tanh, twice as steep, beyond 1.472.
    assert saturation_share(sigmoid, 0, 1) == pytest.approx(1 - 2.944 / 10, abs=1e-3)
    assert saturation_share(tanh, -1, 1) == pytest.approx(1 - 1.472 / 10, abs=1e-3)


def test_units_name_wrong_inputs():
    for function in (dead_units, lambda a: saturation_share(a, 0, 1)):
        with pytest.raises(ValueError, match=r"activations has shape \(0, 3\), expected \(N, units"):
            function(np.zeros((0, 3)))
        with pytest.raises(ValueError, match=r"activations has shape \(3,\)"):
            function(np.zeros(3))
    with pytest.raises(ValueError, match="activations run from -1 to 1, expected 0 to 1"):
        saturation_share([[-1.0, 1.0]], 0, 1)


# Confusion -----------------------------------------------------------------------------------------------------------


def test_confusion_agrees_with_scikit_learn():
    from sklearn import metrics

    y, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    confusion = confusion_matrix(y, predicted)
    assert np.array_equal(confusion.counts, metrics.confusion_matrix(y, predicted))
    assert confusion.accuracy == pytest.approx(metrics.accuracy_score(y, predicted))
    assert confusion.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(y, predicted))
    np.testing.assert_allclose(confusion.recall, metrics.recall_score(y, predicted, average=None))
    np.testing.assert_allclose(confusion.precision, metrics.precision_score(y, predicted, average=None))


def test_confusion_names_the_worst_mistakes_and_prints():
    confusion = confusion_matrix([0, 0, 0, 1, 1, 2], [0, 1, 1, 1, 2, 2], ["cat", "dog", "eel"])
    assert confusion.most_confused() == [("cat", "dog", 2), ("dog", "eel", 1)]
    assert str(confusion).splitlines()[1].split() == ["cat", "1", "2", "0"]
    page = confusion._repr_html_()
    assert page.count("<tr>") == 4
    assert "Rows: truth" in page
    lonely = confusion_matrix([0, 0], [0, 0], ["a", "b"])
    assert np.isnan(lonely.recall[1])
    assert np.isnan(lonely.precision[1])
    assert lonely.balanced_accuracy == 1


@pytest.mark.parametrize(
    ("y", "predicted", "classes", "message"),
    [
        ([0, 1], [0], None, r"y has shape \(2,\) and predicted \(1,\), expected \(N,\) for both"),
        ([], [], None, "N ≥ 1"),
        ([0, 3], [0, 1], ["a", "b"], "class numbers run from 0 to 3, expected 0 to 1"),
        ([0, -1], [0, 1], None, "class numbers run from -1 to 1, expected 0 to 1"),
    ],
)
def test_confusion_names_wrong_inputs(y, predicted, classes, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(y, predicted, classes)


# Calibration ---------------------------------------------------------------------------------------------------------


def answers(true_confidence, stated_confidence, n=20_000):
    """Two classes; the answer is class 0, right with one probability and stated with another."""
    y = (rng.random(n) > true_confidence).astype(int)
    stated = np.broadcast_to(stated_confidence, n)
    return np.stack([stated, 1 - stated], axis=1), y


def test_a_calibrated_network_has_almost_no_error():
    confidence = rng.uniform(0.5, 1, 20_000)
    assert expected_calibration_error(*answers(confidence, confidence)) < 0.02


def test_overconfidence_is_measured():
    probabilities, y = answers(0.7, 0.95)
    table = reliability(probabilities, y, bins=10)
    assert table.expected_error == pytest.approx(0.25, abs=0.015)
    assert table.overconfidence == pytest.approx(0.25, abs=0.015)
    assert table.counts.tolist() == [0] * 9 + [20_000]
    assert table.accuracy[9] == pytest.approx(0.7, abs=0.015)
    assert np.isnan(table.accuracy[0])
    modest = reliability(*answers(0.95, 0.7))
    assert modest.overconfidence == pytest.approx(-0.25, abs=0.015)


def test_bins_by_hand():
    probabilities = np.array([[0.55, 0.45], [0.6, 0.4], [0.9, 0.1], [1.0, 0.0]])
    table = reliability(probabilities, [0, 1, 0, 0], bins=2)
    assert table.counts.tolist() == [0, 4]
    assert table.expected_error == pytest.approx(abs(0.75 - 0.7625))
    four = reliability(probabilities, [0, 1, 0, 0], bins=4)
    assert four.counts.tolist() == [0, 0, 2, 2]
    assert four.expected_error == pytest.approx((abs(0.5 - 0.575) * 2 + abs(1 - 0.95) * 2) / 4)


def test_calibration_names_wrong_inputs():
    with pytest.raises(ValueError, match=r"probabilities has shape \(2, 2\) and y \(3,\)"):
        reliability(np.full((2, 2), 0.5), [0, 1, 0])
    with pytest.raises(ValueError, match="rows do not add up to 1, expected probabilities; apply softmax"):
        expected_calibration_error([[2.0, -1.0]], [0])
    with pytest.raises(ValueError, match="bins is 0, expected 1 or more"):
        reliability([[0.5, 0.5]], [0], bins=0)


# Gradient flow and updates -------------------------------------------------------------------------------------------

X, Y = rng.normal(size=(30, 6)).astype(np.float32), rng.integers(0, 3, 30)


def test_gradient_flow_agrees_between_the_backends():
    ours, theirs = mlp(dlcourse.numpy, [6, 8, 5, 3]), mlp(dlcourse.torch, [6, 8, 5, 3])
    ours.load_state_dict(theirs.state_dict())
    a, b = gradient_flow(ours, X, Y), gradient_flow(theirs, X, Y)
    assert [layer.name for layer in a.layers] == [layer.name for layer in b.layers] == ["1", "2", "3", "4", "5"]
    for one, other in zip(a.layers, b.layers, strict=True):
        for field in ("activation_std", "gradient_std", "weight_norm", "weight_gradient_norm"):
            assert getattr(one, field) == pytest.approx(getattr(other, field), rel=1e-4)


def test_gradient_flow_by_hand():
    model = torch.nn.Sequential(torch.nn.Linear(6, 3))
    layer = gradient_flow(model, X, Y).layers[0]
    z = model(torch.tensor(X)).detach().numpy()
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    dz = (p - np.eye(3)[Y]) / len(Y)
    assert layer.gradient_std == pytest.approx(dz.std(), rel=1e-4)
    assert layer.weight_gradient_norm == pytest.approx(np.linalg.norm(dz.T @ X), rel=1e-4)


@TWINS
def test_gradient_flow_sees_vanishing_and_leaves_the_model_alone(dl):
    dl.manual_seed(0)
    model = mlp(dl, [6, *[20] * 10, 3], dl.nn.Sigmoid)
    before = {name: np.array(dl.to_numpy(p)) for name, p in model.named_parameters()}
    flow = gradient_flow(model, X, Y)
    assert flow.vanishing < 1e-6
    assert "Sigmoid" in str(flow)
    assert flow._repr_html_().count("<tr>") == 1 + len(flow.layers)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(np.array_equal(before[name], dl.to_numpy(p)) for name, p in model.named_parameters())


def test_gradient_flow_keeps_running_statistics():
    model = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 3))
    gradient_flow(model, X, Y)
    assert model[1].num_batches_tracked == 0
    assert model[1].running_mean.abs().max() == 0


@TWINS
def test_gradient_flow_of_a_frozen_model_is_an_error(dl):
    model = mlp(dl, [6, 3])
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="gradient_flow: every parameter is frozen, so no layer gets a gradient"):
        gradient_flow(model, X, Y)


@TWINS
def test_update_ratios_of_one_step(dl):
    model = dl.nn.Linear(4, 2)
    with dl.no_grad():
        model.weight.data[...] = 2.0
        model.bias.data[...] = 0.0
    with update_ratios(model) as ratios:
        model.weight.data[...] = 2.002
    assert ratios["weight"] == pytest.approx(1e-3, rel=1e-3)
    assert np.isnan(ratios["bias"])


def test_what_is_no_model_is_named():
    with pytest.raises(TypeError, match=r"gradient_flow: model is list, expected a Module"):
        gradient_flow([], X, Y)
    with pytest.raises(TypeError, match=r"update_ratios: model is list"), update_ratios([]):
        pass


# Reports -------------------------------------------------------------------------------------------------------------


def test_a_report_prints_and_finds_by_name():
    report = Report("Check-up", (Finding("pulse", True, "60"), Finding("<eye>", False, "red", "rest")))
    assert not report.ok
    assert "pulse" in report
    assert report["<eye>"].advice == "rest"
    assert str(report).splitlines() == ["Check-up", "[OK]   pulse: 60", "[LOOK] <eye>: red", "       → rest"]
    assert "&lt;eye&gt;" in report._repr_html_()
    with pytest.raises(KeyError, match="Check-up: no finding 'ear', expected one of pulse, <eye>"):
        report["ear"]
