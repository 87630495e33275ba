"""Exercise 02: what the course's own library does is right, and mistakes as students write them are named."""

import numpy as np
import pytest
import torch

from dlcourse import data
from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check

SEEDS = [3, 4]


def names(question_id, student, seed=3):
    """The status and the name of the variant that a student's object gets."""
    verdict = run_check(load(question_id), student, seed)
    return verdict.status, verdict.variant


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_splits_standardises_and_deals_as_the_questions_ask(seed):
    def stratified_split(y, share, seed):
        return data.stratified_indices(y, (share, 1 - share), seed)

    def standardise(train, validation, test):
        scaler = data.Standardizer().fit(train)
        return [scaler.transform(part) for part in (train, validation, test)]

    def minibatches(X, y, batch_size, rng):
        return data.Batches(X, y, batch_size, seed=int(rng.integers(1 << 30)))

    def cross_validate(score, n, folds):
        scores = [score(*pair) for pair in data.stratified_kfold(np.zeros(n, dtype=int), folds)]
        return np.mean(scores), np.std(scores, ddof=1)

    assert names("02.stratified_split", stratified_split, seed)[0] == "right"
    assert names("02.standardise", standardise, seed)[0] == "right"
    assert names("02.minibatches", minibatches, seed)[0] == "right"
    verdict = run_check(load("02.cross_validate"), cross_validate, seed)
    assert verdict.status != "right"  # folds at random give another mean: the question asks for consecutive ones
    assert "how often" not in verdict.summary


class Network(torch.nn.Module):
    """The right network, with places to go wrong."""

    act, last = torch.nn.ReLU, torch.nn.Identity

    def __init__(self, side, hidden, classes):
        super().__init__()
        nn = torch.nn
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(side**2, hidden), self.act(), nn.Linear(hidden, hidden))
        self.layers.extend([self.act(), nn.Linear(hidden, classes), self.last()])

    def forward(self, images):
        return self.layers(images)


class SoftmaxAtTheEnd(Network):
    def forward(self, images):
        return torch.softmax(self.layers(images), dim=1)


class ReluAtTheEnd(Network):
    last = torch.nn.ReLU


class Linear(Network):
    act = torch.nn.Identity


class Sigmoid(Network):
    act = torch.nn.Sigmoid


@pytest.mark.parametrize(
    ("student", "variant"),
    [
        (SoftmaxAtTheEnd, "with_softmax"),
        (ReluAtTheEnd, "relu_at_the_end"),
        (Linear, "no_activation"),
        (Sigmoid, "sigmoid"),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_mistakes_in_the_network_are_named(student, variant, seed):
    assert names("02.first_network", Network, seed) == ("right", "")
    assert names("02.first_network", student, seed) == ("wrong", variant)


def test_a_network_of_another_shape_is_told_so():
    class OneHidden(torch.nn.Module):
        def __init__(self, side, hidden, classes):
            super().__init__()
            nn = torch.nn
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(side**2, hidden), nn.ReLU(), nn.Linear(hidden, classes))

        def forward(self, images):
            return self.layers(images)

    verdict = run_check(load("02.first_network"), OneHidden, 3)
    assert verdict.status == "wrong"
    assert "shapes of the weights" in verdict.summary
    plain = type("Plain", (), {"__init__": lambda self, *sizes: None})
    assert "base class" in run_check(load("02.first_network"), plain, 3).summary


class Preparation:
    """The right preparation, with places to go wrong."""

    dtype, ddof = torch.float32, 0

    def __init__(self, images):
        self.mean, self.deviation = images.mean(), images.std(ddof=self.ddof)

    def __call__(self, images):
        return ((torch.as_tensor(images, dtype=self.dtype) - self.mean) / self.deviation).unsqueeze(1)


class OwnStatistics(Preparation):
    def __call__(self, images):
        self.mean, self.deviation = images.mean(), images.std()
        return super().__call__(images)


class NoChannel(Preparation):
    def __call__(self, images):
        return super().__call__(images)[:, 0]


class Double(Preparation):
    dtype = torch.float64


class Only255(Preparation):
    def __init__(self, images):
        self.mean, self.deviation = 0, 255


@pytest.mark.parametrize(
    ("student", "variant"),
    [
        (OwnStatistics, "own_statistics"),
        (NoChannel, "no_channel"),
        (Double, "is_float64"),
        (Only255, "only_255"),
    ],
)
def test_mistakes_in_the_preparation_are_named(student, variant):
    assert names("02.data_preparation", Preparation) == ("right", "")
    assert names("02.data_preparation", student) == ("wrong", variant)


def test_torchs_own_deviation_is_a_convention_with_all_points():
    verdict = run_check(load("02.data_preparation"), type("Sample", (Preparation,), {"ddof": 1}), 3)
    assert (verdict.status, verdict.variant, verdict.points) == ("convention", "sample_deviation", verdict.out_of)


@pytest.mark.parametrize(
    ("question", "student", "words"),
    [
        ("02.stratified_split", lambda y, share, seed: (y + 1000, y), "expected positions"),
        ("02.minibatches", lambda X, y, batch_size, rng: None, "missing"),
        ("02.minibatches", lambda X, y, batch_size, rng: [(X[0], y[0])], "shapes"),
        ("02.gradient_error", lambda gradients, batch_size, rng: gradients[0], "expected one"),
        ("02.train", lambda W, cost_and_gradient, batches, lr, epochs: W, "costs"),
        ("02.data_preparation", type("NoCall", (), {"__init__": lambda self, images: None}), "__call__"),
    ],
)
def test_unusable_answers_are_explained(question, student, words):
    verdict = run_check(load(question), student, 3)
    assert verdict.status == "wrong"
    assert words in verdict.summary


def test_a_running_root_mean_square_and_other_estimators_are_right_too():
    def root_mean_square(gradients, batch_size, rng):
        whole = gradients.mean(axis=0)
        squares = [
            ((gradients[rng.choice(len(gradients), batch_size, replace=False)].mean(axis=0) - whole) ** 2).sum()
            for _ in range(300)
        ]
        return np.sqrt(np.mean(squares))

    assert names("02.gradient_error", root_mean_square)[0] == "right"
