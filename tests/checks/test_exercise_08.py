"""Exercise 08: what the course's own library does is right, and mistakes as students write them are named."""

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check

SEEDS = [3, 4]


def names(question_id, student, seed=3):
    """The status and the name of the variant that a student's object gets."""
    verdict = run_check(load(question_id), student, seed)
    return verdict.status, verdict.variant


@pytest.fixture
def float64():
    dl.set_default_dtype(dl.float64)
    yield
    dl.set_default_dtype(dl.float32)


def filled(layer, gamma, beta):
    layer.weight.data[...], layer.bias.data[...] = gamma, beta
    return layer


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_computes_what_the_questions_ask(seed, float64):
    def batchnorm(x, gamma, beta, eps):
        return filled(dl.nn.BatchNorm1d(len(gamma), eps=eps), gamma, beta)(dl.tensor(x))

    def batchnorm_backward(dy, x, gamma, eps):
        layer = filled(dl.nn.BatchNorm1d(len(gamma), eps=eps), gamma, 0)
        given = dl.tensor(x, requires_grad=True)
        layer(given).backward(dy)
        return given.grad, layer.weight.grad, layer.bias.grad

    class Modes:
        def __init__(self, gamma, beta, momentum, eps):
            self.layer = filled(dl.nn.BatchNorm1d(len(gamma), eps=eps, momentum=momentum), gamma, beta)

        def forward(self, x, training):
            y = self.layer.train(training)(dl.tensor(x))
            self.running_mean, self.running_var = self.layer.running_mean, self.layer.running_var
            return y

    class LayerNorm:
        def __init__(self, gamma, beta, eps):
            self.layer = filled(dl.nn.LayerNorm(len(gamma), eps=eps), gamma, beta)

        def forward(self, x):
            self.x = dl.tensor(x, requires_grad=True)
            self.y = self.layer(self.x)
            return self.y

        def backward(self, dy):
            self.y.backward(dy)
            return self.x.grad, self.layer.weight.grad, self.layer.bias.grad

    def group_norm(x, groups, gamma, beta, eps):
        return filled(dl.nn.GroupNorm(groups, len(gamma), eps=eps), gamma, beta)(dl.tensor(x))

    answers = {
        "batchnorm": batchnorm,
        "batchnorm_backward": batchnorm_backward,
        "batchnorm_modes": Modes,
        "layer_norm": LayerNorm,
        "group_norm": group_norm,
        "norm_module": torch.nn.BatchNorm1d,
    }
    for name, answer in answers.items():
        assert names(f"08.{name}", answer, seed)[0] == "right", name


def loops(x, gamma, beta, eps):
    y = np.empty_like(x)
    for j, column in enumerate(x.T):
        mean = sum(column) / len(column)
        var = sum((value - mean) ** 2 for value in column) / len(column)
        y[:, j] = gamma[j] * (column - mean) / (var + eps) ** 0.5 + beta[j]
    return y


def in_place(x, gamma, beta, eps):
    x -= x.mean(0)
    x /= np.sqrt(x.var(0) + eps)
    return gamma * x + beta


def test_batchnorm_by_other_hands():
    assert names("08.batchnorm", loops)[0] == "right"
    assert names("08.batchnorm", in_place) == ("wrong", "writes")
    assert names("08.batchnorm", lambda x, g, b, e: g * (x - x.mean(0)) / (x.std(0) + e) + b)[0] == "convention"
    summary = run_check(load("08.batchnorm"), lambda x, g, b, e: g * (x - x.mean(1)) / x.std(1) + b, 3)
    assert summary.status == "wrong"
    assert summary.kind == "raised"


class Staged:
    """The backward pass node by node, with places to go wrong."""

    def __init__(self, var_power=-1.5, mean_through_var=True, branches=2):
        self.var_power, self.mean_through_var, self.branches = var_power, mean_through_var, branches

    def __call__(self, dy, x, gamma, eps):
        n = len(x)
        mean, var = x.mean(0), x.var(0)
        x_hat = (x - mean) * (var + eps) ** -0.5
        dx_hat = dy * gamma
        dvar = (dx_hat * (x - mean)).sum(0) * -0.5 * (var + eps) ** self.var_power
        dmean = -(dx_hat * (var + eps) ** -0.5).sum(0)
        if self.mean_through_var:
            dmean += dvar * (-2 * (x - mean)).mean(0)  # which is 0
        dx = dx_hat * (var + eps) ** -0.5 + dvar * self.branches * (x - mean) / n + dmean / n
        return dx, (dy * x_hat).sum(0), dy.sum(0)


def test_batchnorm_backward_by_other_hands():
    question = "08.batchnorm_backward"
    assert names(question, Staged())[0] == "right"
    assert names(question, Staged(mean_through_var=False))[0] == "right"
    assert names(question, Staged(var_power=-0.5)) == ("wrong", "variance_power")
    assert names(question, Staged(branches=1)) == ("wrong", "variance_halved")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_sums_hold_for_the_right_gradient_and_tell_which_path_is_missing(seed):
    question = load("08.batchnorm_backward")
    inputs = question.draw(seed)
    first, second = question.invariants
    right = question.expected(inputs)
    broken = {}
    for variant in question.variants:
        if variant.name in ("no_mean_path", "no_variance_path"):
            outputs = question.outcome(variant, inputs, right).outputs
            broken[variant.name] = (not first.holds(outputs, inputs), not second.holds(outputs, inputs))
    assert broken == {"no_mean_path": (True, False), "no_variance_path": (False, True)}


class Modes:
    """Two modes, with places to go wrong."""

    def __init__(self, gamma, beta, momentum, eps, forget=False, keepdims=False):
        self.gamma, self.beta, self.momentum, self.eps, self.forget = gamma, beta, momentum, eps, forget
        self.keepdims = keepdims
        shape = (1, len(gamma)) if keepdims else (len(gamma),)
        self.running_mean, self.running_var = np.zeros(shape), np.ones(shape)

    def forward(self, x, training):
        mean, var = x.mean(0, keepdims=self.keepdims), x.var(0, keepdims=self.keepdims)
        if training:
            unbiased = var * len(x) / (len(x) - 1)
            self.running_mean += self.momentum * (mean - self.running_mean)  # in place
            if not self.forget:
                self.running_var += self.momentum * (unbiased - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.gamma * (x - mean) / np.sqrt(var + self.eps) + self.beta


def test_two_modes_by_other_hands():
    question = "08.batchnorm_modes"
    assert names(question, Modes)[0] == "right"
    assert names(question, lambda *given: Modes(*given, keepdims=True))[0] == "right"
    assert names(question, lambda *given: Modes(*given, forget=True)) == ("wrong", "only_the_mean")

    class NoStatistics(Modes):
        def forward(self, x, training):
            y = super().forward(x, training)
            self.running_var = 1.0
            return y

    assert "expected (3,)" in run_check(load(question), NoStatistics, 3).summary

    class OtherNames(Modes):
        def forward(self, x, training):
            y = super().forward(x, training)
            self.mean, self.running_mean = self.running_mean, None
            return y

    assert "There is no self.running_mean" in run_check(load(question), OtherNames, 3).summary


def test_layer_and_group_norm_by_other_hands():
    class SharedCache:
        def __init__(self, gamma, beta, eps):
            self.gamma, self.beta, self.eps = gamma, beta, eps

        def forward(self, x):
            SharedCache.std = np.sqrt(x.var(-1, keepdims=True) + self.eps)
            SharedCache.x_hat = (x - x.mean(-1, keepdims=True)) / SharedCache.std
            return self.gamma * self.x_hat + self.beta

        def backward(self, dy):
            g = dy * self.gamma
            along = (g * self.x_hat).mean(-1, keepdims=True)
            dx = (g - g.mean(-1, keepdims=True) - self.x_hat * along) / self.std
            return dx, (dy * self.x_hat).sum((0, 1)), dy.sum((0, 1))

    def one_group_at_a_time(x, groups, gamma, beta, eps):
        y, size = np.empty_like(x), x.shape[1] // groups
        for n in range(len(x)):
            for start in range(0, x.shape[1], size):
                part = x[n, start : start + size]
                y[n, start : start + size] = (part - part.mean()) / np.sqrt(part.var() + eps)
        return gamma[:, None, None] * y + beta[:, None, None]

    assert names("08.layer_norm", SharedCache) == ("wrong", "shared_cache")
    assert names("08.group_norm", one_group_at_a_time)[0] == "right"
    assert names("08.group_norm", lambda x, k, *rest: one_group_at_a_time(x, 12 // k, *rest)) == (
        "wrong",
        "size_for_number",
    )


class Module(torch.nn.Module):
    """Batch norm with in-place updates, as a student may write it."""

    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(features))
        self.bias = torch.nn.Parameter(torch.zeros(features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.running_mean.lerp_(mean, 0.1)
                self.running_var.lerp_(x.var(0), 0.1)
        return (x - mean) / (var + 1e-5).sqrt() * self.weight + self.bias


def test_the_module_by_other_hands():
    class AllInNoGrad(Module):
        def forward(self, x):
            with torch.no_grad():
                return super().forward(x)

    class NoSuper:
        def __init__(self, features):
            self.weight = torch.ones(features)

    class RandomStart(Module):
        def __init__(self, features):
            super().__init__(features)
            torch.nn.init.uniform_(self.weight)

    assert names("08.norm_module", Module)[0] == "right"
    assert names("08.norm_module", RandomStart) == ("wrong", "other_start")
    assert "no graph" in run_check(load("08.norm_module"), AllInNoGrad, 3).summary
    assert "expected a torch.nn.Module" in run_check(load("08.norm_module"), NoSuper, 3).summary


def train(X, y, prepare, epochs=12):
    torch.manual_seed(0)

    def tensor(images):
        return torch.tensor(prepare(images, X), dtype=torch.float32)

    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs, labels = tensor(X), torch.tensor(y)
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(50):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
            optimizer.step()
    return lambda images: model(tensor(images)).argmax(1).numpy()


def by_training_set(images, X):
    return (images - X.mean(0)) / X.std()


def by_batch(images, X):
    return (images - images.mean(0)) / images.std()


def by_image(images, X):
    return (images - images.mean(1, keepdims=True)) / images.std(1, keepdims=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_only_an_image_s_own_statistics_solve_the_experiment(seed):
    question = "08.train_for_any_scanner"
    assert names(question, lambda X, y: train(X, y, by_image), seed)[0] == "right"
    assert names(question, lambda X, y: train(X, y, by_training_set), seed) == ("wrong", "known_scanner_only")
    assert names(question, lambda X, y: train(X, y, by_batch), seed) == ("wrong", "batch_statistics")


def test_what_else_goes_wrong_in_the_experiment_is_named():
    question = "08.train_for_any_scanner"
    assert names(question, lambda X, y: train(X, y, by_image, epochs=0)) == ("wrong", "not_learned")
    assert "expected the function predict" in run_check(load(question), lambda X, y: 0.9, 1).summary
    assert "Is a `return` missing?" in run_check(load(question), lambda X, y: None, 1).summary
    network = run_check(load(question), lambda X, y: torch.nn.Linear(64, 10), 1)
    assert "returned the network itself (a Linear)" in network.summary
    missed = run_check(load(question), lambda X, y: lambda images: np.full(len(images), 3), 1)
    assert "% of the digits of the first scanner" in missed.summary
    logits = run_check(load(question), lambda X, y: lambda images: np.zeros((len(images), 10)), 1)
    assert "class numbers" in logits.summary


@pytest.mark.parametrize("seed", SEEDS)
def test_every_image_of_the_other_scanners_has_a_contrast_of_its_own(seed):
    inputs = load("08.train_for_any_scanner").draw(seed)
    dark = inputs["X_other"].min(1)  # every digit has black pixels, which are 0 before brightness is added
    spread = np.ptp(inputs["X_other"], axis=1)
    assert dark.min() < -0.9 < 0.9 < dark.max()
    assert spread.min() < 0.25 < 2.5 < spread.max()
    assert len(inputs["X"]) == 1000
    assert {len(inputs[name]) for name in ("X_same", "X_other", "y_same", "y_other")} == {300}
