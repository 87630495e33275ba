"""Exercise 06: the library's own optimizers are right, and mistakes as students write them are named."""

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check

TWINS = pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
SEEDS = pytest.mark.parametrize("seed", [3, 4])


def verdict(question, student, seed=3):
    return run_check(load(f"06.{question}"), student, seed)


def names(question, student, seed=3):
    """The status and the name of the variant that a student's object gets."""
    found = verdict(question, student, seed)
    return found.status, found.variant


def library(dl, name, options):
    """The library's optimizer in the form of the exercise; ``options`` turns the settings into its arguments."""

    class Adapter:
        def __init__(self, *settings):
            self.settings = options(*settings)
            self.w = self.optimizer = None

        def step(self, w, g, lr):
            if self.w is None:
                self.w = dl.from_numpy(w.copy()).requires_grad_() if dl is dlcourse.torch else leaf(w)
                self.optimizer = getattr(dl.optim, name)([self.w], **self.settings)
            self.optimizer.param_groups[0]["lr"] = lr
            self.w.grad = dl.from_numpy(g.copy()) if dl is dlcourse.torch else g.copy()
            self.optimizer.step()
            return np.array(dl.to_numpy(self.w))

    return Adapter


def leaf(w):
    return dlcourse.numpy.tensor(w.copy(), requires_grad=True)


FAMILY = {
    "momentum": ("SGD", lambda mu: {"momentum": mu}),
    "adagrad": ("Adagrad", lambda eps: {"eps": eps}),
    "rmsprop": ("RMSprop", lambda alpha, eps: {"alpha": alpha, "eps": eps}),
    "adadelta": ("Adadelta", lambda rho, eps: {"rho": rho, "eps": eps}),
    "adam": ("Adam", lambda b1, b2, eps: {"betas": (b1, b2), "eps": eps}),
    "adamw": ("AdamW", lambda b1, b2, eps, decay: {"betas": (b1, b2), "eps": eps, "weight_decay": decay}),
    # 0.96 to a large power is 0, so that beta1 does not rise
    "nadam": ("NAdam", lambda b1, b2, eps: {"betas": (b1, b2), "eps": eps, "momentum_decay": 1e6}),
}


@TWINS
@SEEDS
@pytest.mark.parametrize("question", FAMILY)
def test_the_library_computes_what_the_questions_ask(question, dl, seed):
    name, options = FAMILY[question]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # or torch's NAdam keeps its product of beta1 in float32
    try:
        assert names(question, library(dl, name, options), seed)[0] == "right"
    finally:
        torch.set_default_dtype(before)


def test_the_librarys_rising_beta_is_named_as_a_convention():
    rising = library(dlcourse.numpy, "NAdam", lambda b1, b2, eps: {"betas": (b1, b2), "eps": eps})
    assert names("nadam", rising) == ("convention", "RisingBeta")


def test_l2_inside_adam_is_named():
    inside = library(
        dlcourse.torch, "Adam", lambda b1, b2, e, decay: {"betas": (b1, b2), "eps": e, "weight_decay": decay}
    )
    assert names("adamw", inside) == ("wrong", "InsideAdam")


@SEEDS
def test_torchs_adamax_is_right_and_its_nesterov_a_convention(seed):
    assert names("adamax", torch.optim.Adamax, seed)[0] == "right"

    class StoresThePlaceAhead:
        def __init__(self, mu):
            self.mu, self.optimizer = mu, None

        def step(self, w, gradient, lr):
            if self.optimizer is None:
                self.w = torch.tensor(w, requires_grad=True)
                self.optimizer = torch.optim.SGD([self.w], momentum=self.mu, nesterov=True)
            self.optimizer.param_groups[0]["lr"] = lr
            self.w.grad = torch.tensor(gradient(w))
            self.optimizer.step()
            return self.w.detach().numpy().copy()

    assert names("nesterov", StoresThePlaceAhead, seed) == ("convention", "StoresAhead")


# ---- as students write them


class Momentum:
    def __init__(self, mu):
        self.mu, self.b = mu, 0.0


class ChangesW(Momentum):
    def step(self, w, g, lr):
        self.b = self.mu * self.b + g
        w -= lr * self.b
        return w


class KeepsTheGradientItself(Momentum):
    """The first velocity is the caller's own array, and grows in it."""

    def step(self, w, g, lr):
        if isinstance(self.b, float):
            self.b = g
        else:
            self.b *= self.mu
            self.b += g
        return w - lr * self.b


class NegativeVelocity(Momentum):
    """A form with the minus sign in the velocity, and the rate outside."""

    def step(self, w, g, lr):
        self.b = self.mu * self.b - g
        return w + lr * self.b


class AddsANegativeVelocityWrongly(Momentum):
    def step(self, w, g, lr):
        self.b = self.mu * self.b - g
        return w - lr * self.b


class ForgetsToKeep(Momentum):
    def step(self, w, g, lr):
        b = self.mu * 0 + g
        return w - lr * b


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        (ChangesW, ("wrong", "writes_in_place")),
        (KeepsTheGradientItself, ("wrong", "writes_in_place")),
        (NegativeVelocity, ("right", "")),
        (AddsANegativeVelocityWrongly, ("wrong", "MomentumUphill")),
        (ForgetsToKeep, ("wrong", "Forgetful")),
    ],
)
def test_ways_to_write_momentum(student, expected):
    assert names("momentum", student) == expected


def test_a_velocity_on_the_class_is_found_by_the_second_optimizer():
    class OnTheClass:
        b = 0.0

        def __init__(self, mu):
            self.mu = mu

        def step(self, w, g, lr):
            OnTheClass.b = self.mu * OnTheClass.b + g
            return w - lr * OnTheClass.b

    assert names("momentum", OnTheClass) == ("wrong", "shared_velocity")


def test_a_count_on_the_class_is_found_by_the_second_optimizer():
    class Adam:
        t = 0

        def __init__(self, beta1, beta2, eps):
            self.b1, self.b2, self.eps, self.m, self.v = beta1, beta2, eps, 0.0, 0.0

        def step(self, w, g, lr):
            Adam.t += 1
            self.m = self.b1 * self.m + (1 - self.b1) * g
            self.v = self.b2 * self.v + (1 - self.b2) * g**2
            return w - lr * self.m / (1 - self.b1**Adam.t) / (np.sqrt(self.v / (1 - self.b2**Adam.t)) + self.eps)

    assert names("adam", Adam) == ("wrong", "shared_count")


def test_what_is_no_new_weights_is_said_in_words():
    class NoReturn(Momentum):
        def step(self, w, g, lr):
            self.b = self.mu * self.b + g

    class OneNumber(Momentum):
        def step(self, w, g, lr):
            return 0.0

    assert "returned None" in verdict("momentum", NoReturn).summary
    assert "expected the new weights, (5,)" in verdict("momentum", OneNumber).summary


def test_a_step_without_no_grad_stops_with_torchs_own_words():
    class Remembering(torch.optim.Optimizer):
        def __init__(self, params, lr=2e-3):
            super().__init__(params, {"lr": lr})

        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p -= group["lr"] * p.grad

    assert "RuntimeError" in verdict("adamax", Remembering).summary


def test_groups_as_students_make_them():
    def by_generator(model, lr, weight_decay):
        return torch.optim.AdamW(
            [
                {"params": (p for n, p in model.body.named_parameters() if p.ndim > 1), "lr": lr / 10},
                {"params": (p for p in model.body.parameters() if p.ndim == 1), "lr": lr / 10, "weight_decay": 0},
                {"params": [model.head.weight]},
                {"params": [model.head.bias], "weight_decay": 0},
            ],
            lr=lr,
            weight_decay=weight_decay,
        )

    assert names("parameter_groups", by_generator)[0] == "right"
    assert (
        "expected a torch.optim.AdamW"
        in verdict("parameter_groups", lambda model, lr, decay: torch.optim.SGD(model.parameters(), lr)).summary
    )


# ---- the experiment


def plain(rate):
    def train_fast(gradient, W, steps):
        for _ in range(steps):
            W = W - rate * gradient(W)
        return W

    return train_fast


def with_adam(rate):
    def train_fast(gradient, W, steps):
        weights = leaf(W)
        optimizer = dlcourse.numpy.optim.Adam([weights], lr=rate)
        for _ in range(steps):
            weights.grad = gradient(weights.data)
            optimizer.step()
        return weights.data

    return train_fast


@SEEDS
def test_the_experiment_tells_how_far_an_answer_gets(seed):
    assert names("train_fast", with_adam(0.1), seed)[0] == "right"
    assert names("train_fast", plain(0.03), seed) == ("wrong", "no_better")
    assert names("train_fast", with_adam(0.002), seed) == ("wrong", "no_better")
    assert names("train_fast", lambda gradient, W, steps: W, seed) == ("wrong", "not_learned")
    assert names("train_fast", plain(-0.1), seed) == ("wrong", "not_learned")
    with np.errstate(all="ignore"):
        assert names("train_fast", lambda gradient, W, steps: W + np.nan, seed) == ("wrong", "exploded")


@SEEDS
def test_no_rate_of_sgd_passes(seed):
    for rate in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        assert names("train_fast", plain(rate), seed)[0] == "wrong"


def test_the_budget_of_gradients_is_kept():
    def greedy(gradient, W, steps):
        for _ in range(steps + 1):
            W = W - 0.1 * gradient(W)
        return W

    assert "asked for more than 300 times" in verdict("train_fast", greedy).summary
    assert "asked at shape (65, 10)" in verdict("train_fast", lambda g, W, steps: g(W.T)).summary
