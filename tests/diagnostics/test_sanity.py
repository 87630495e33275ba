"""The sanity report: right models pass every check, and each kind of mistake is seen by its own check."""

import math

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.data import Standardizer, load_digits
from dlcourse.diagnostics import sanity_report
from dlcourse.models import lenet5, mlp

CHECKS = [
    "inputs",
    "first loss",
    "regularisation",
    "gradient",
    "dead units",
    "saturation",
    "update ratio",
    "overfit 20 examples",
]
TWINS = pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])


@pytest.fixture(scope="module")
def digits():
    data = load_digits().flat()
    return Standardizer().fit_transform(data.X)[:400], data.y[:400]


def failed(report):
    return [finding.name for finding in report.findings if not finding.ok]


@TWINS
@pytest.mark.parametrize("activation", ["ReLU", "Tanh", "Sigmoid"])
def test_a_right_network_passes(dl, activation, digits):
    dl.manual_seed(0)
    report = sanity_report(mlp(dl, [64, 50, 10], getattr(dl.nn, activation)), *digits)
    assert report.names == CHECKS
    assert failed(report) == []
    assert "expected about 2.303 (log of the number of classes)" in report["first loss"].seen


@TWINS
def test_a_convolutional_network_passes(dl):
    dl.manual_seed(0)
    data = load_digits(32)
    X = Standardizer(axis=(0, 2, 3)).fit_transform(data.X[:256])
    assert failed(sanity_report(lenet5(dl, size=32), X, data.y[:256])) == []


def test_batch_norm_and_dropout_pass_and_the_model_is_left_alone(digits):
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(64, 50), nn.BatchNorm1d(50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10))
    model[3].eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random = torch.get_rng_state()
    report = sanity_report(model, *digits)
    assert failed(report) == []
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert [module.training for module in model] == [True, True, True, False, True]
    assert all(parameter.grad is None for parameter in model.parameters())


@TWINS
def test_the_numpy_model_is_left_alone(dl, digits):
    model = mlp(dl, [64, 20, 10])
    before = {key: np.array(value) for key, value in dl.to_numpy(model.state_dict()).items()}
    sanity_report(model, *digits)
    after = dl.to_numpy(model.state_dict())
    assert all(np.array_equal(before[key], after[key]) for key in before)
    assert all(parameter.dtype == dl.float32 for parameter in model.parameters())


def with_weights(dl, scale, **options):
    dl.manual_seed(0)
    model = mlp(dl, [64, 50, 50, 10], **options)
    with dl.no_grad():
        for parameter in model.parameters():
            parameter.data[...] = parameter.data * scale
    return model


@TWINS
def test_weights_that_are_too_large_are_seen(dl, digits):
    report = sanity_report(with_weights(dl, 30.0, activation=dl.nn.Tanh), *digits)
    assert "first loss" in failed(report)
    assert "saturation" in failed(report)
    assert "last layer's weights are too large" in report["first loss"].advice
    assert "Xavier" in report["saturation"].advice


@TWINS
def test_zero_weights_are_seen(dl, digits):
    report = sanity_report(with_weights(dl, 0.0), *digits)
    assert {"regularisation", "dead units", "update ratio", "overfit 20 examples"} <= set(failed(report))
    assert "are all weights zero" in report["regularisation"].advice
    assert "no weight moves" in report["update ratio"].seen


@TWINS
def test_dead_relus_are_seen(dl, digits):
    dl.manual_seed(0)
    model = mlp(dl, [64, 50, 10])
    with dl.no_grad():
        model[1].bias.data[:30] = -50
    report = sanity_report(model, *digits)
    assert "dead units" in failed(report)
    assert "60 % of the units are 0 for every example (layer 2)" in report["dead units"].seen


@TWINS
def test_inputs_that_are_not_prepared_are_seen(dl, digits):
    X, y = digits
    assert "inputs" in failed(sanity_report(mlp(dl, [64, 20, 10]), 255 + 40 * X, y))
    broken = X.copy()
    broken[:, 0] = np.nan
    finding = sanity_report(mlp(dl, [64, 20, 10]), broken, y)["inputs"]
    assert finding.seen == "some inputs are NaN or infinite"


class WrongSquare(torch.autograd.Function):
    """x², whose backward forgets the factor 2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, dy):
        return dy * ctx.saved_tensors[0]


class Squared(torch.nn.Module):
    def forward(self, x):
        return WrongSquare.apply(x)


class Detached(torch.nn.Module):
    def forward(self, x):
        return x.detach()


def test_a_wrong_backward_is_seen_in_torch(digits):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(64, 20), Squared(), torch.nn.Linear(20, 10))
    report = sanity_report(model, *digits)
    assert "gradient" in failed(report)
    assert "a backward is wrong" in report["gradient"].advice


def test_a_wrong_backward_is_seen_in_numpy(digits):
    dl = dlcourse.numpy
    from dlcourse.numpy.graph import Operation

    class WrongTanh(Operation):
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y

        def backward(self, dy):
            return dy * (1 - self.y)  # the square is missing

    class Layer(dl.nn.Module):
        def forward(self, x):
            return WrongTanh.apply(x)

    dl.manual_seed(0)
    assert "gradient" in failed(sanity_report(mlp(dl, [64, 20, 10], Layer), *digits))


def test_a_cut_graph_is_seen_with_the_names_of_the_parameters(digits):
    model = torch.nn.Sequential(torch.nn.Linear(64, 20), Detached(), torch.nn.Linear(20, 10))
    finding = sanity_report(model, *digits)["gradient"]
    assert not finding.ok
    assert "no gradient arrives at 0.weight, 0.bias" in finding.seen
    assert "detach" in finding.advice


def test_a_softmax_before_the_cross_entropy_is_seen(digits):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(64, 20), torch.nn.ReLU(), torch.nn.Linear(20, 10), torch.nn.Softmax(-1))
    assert "overfit 20 examples" in failed(sanity_report(model, *digits))


@TWINS
def test_labels_that_contradict_each_other_cannot_be_overfitted(dl, digits):
    X, y = digits
    same = np.repeat(X[:1], 40, axis=0)
    assert "overfit 20 examples" in failed(sanity_report(mlp(dl, [64, 20, 10]), same, y[:40]))


@TWINS
def test_a_loss_and_a_penalty_of_ones_own(dl, digits):
    X, y = digits

    def squared(output, target):
        wanted = dl.tensor(np.eye(10, dtype=dl.to_numpy(output).dtype)[dl.to_numpy(target)])
        return ((output - wanted) ** 2).sum() * (1 / len(y))

    model = mlp(dl, [64, 50, 10])
    report = sanity_report(model, X, y, loss=squared, penalty=lambda model: -1.0)
    assert report["first loss"].ok
    assert "give first_loss to compare it with" in report["first loss"].seen
    assert failed(report) == ["regularisation"]
    assert not sanity_report(model, X, y, loss=squared, first_loss=100.0)["first loss"].ok


@TWINS
def test_the_update_ratio_follows_the_rate(dl, digits):
    dl.manual_seed(0)
    model = mlp(dl, [64, 50, 10])
    small, huge = sanity_report(model, *digits, lr=1e-6), sanity_report(model, *digits, lr=10)
    assert not small["update ratio"].ok
    assert not huge["update ratio"].ok
    assert "change the learning rate by the factor named" in huge["update ratio"].advice


@TWINS
def test_wrong_arguments_are_named(dl, digits):
    X, y = digits
    model = mlp(dl, [64, 20, 10])
    with pytest.raises(ValueError, match=r"X has shape \(400, 64\) and y \(10,\) of int64"):
        sanity_report(model, X, y[:10])
    with pytest.raises(ValueError, match=r"expected \(N, …\) and class numbers \(N,\)"):
        sanity_report(model, X, y.astype(float))
    with pytest.raises(ValueError, match="got 5 examples, expected 20 or more"):
        sanity_report(model, X[:5], y[:5])
    with pytest.raises(TypeError, match=r"sanity_report: model is int, expected a Module of dlcourse"):
        sanity_report(3, X, y)


def test_the_report_works_for_two_classes_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    torch.manual_seed(0)
    report = sanity_report(mlp(dlcourse.torch, [2, 30, 2]), X, y)
    assert f"{math.log(2):.4g}" in report["first loss"].seen
    assert failed(report) == []
