"""Exercise 08: batch normalisation, backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q08_batchnorm import LIBRARY, UNCHANGED, WRITES, x_hat_of
from dlcourse.checks.drives import norms
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]


def _inputs(rng: np.random.Generator) -> Arrays:
    """Another gamma in each column, and an upstream gradient that is nowhere 1: either would hide mistakes."""
    return {
        "dy": rng.normal(size=(6, 3)),
        "x": 3 + rng.normal(size=(6, 3)) * np.array([2.0, 0.6, 1.2]),
        "gamma": np.array([1.5, 0.7, -1.0]) * rng.uniform(0.8, 1.2, 3),
        "eps": np.array(1e-3),
    }


def _gradients(dy: Any, x: Any, gamma: Any, eps: Any, mean: float = 1.0, var: float = 1.0) -> Arrays:
    """The right gradients for 1 and 1: ``mean`` and ``var`` are factors of the two terms in dx."""
    x_hat, g = x_hat_of(x, eps), gamma * dy
    dx = (g - mean * g.mean(0) - var * x_hat * (g * x_hat).mean(0)) / np.sqrt(x.var(0) + eps)
    return {"dbeta": dy.sum(0), "dgamma": (dy * x_hat).sum(0), "dx": dx, UNCHANGED: True}


def _only_dx(dx: Any) -> Arrays:
    return {"dx": dx}


def _share_along_x_hat(outputs: Any, inputs: Any) -> bool:
    """Whether dx has no part along x̂, but for the little that eps lets through."""
    x_hat, dx = x_hat_of(inputs["x"], inputs["eps"]), outputs["dx"]
    return bool(np.all(np.abs((dx * x_hat).sum(0)) < 0.02 * np.sqrt((dx**2).sum(0) * len(dx))))


batchnorm_backward = Question(
    "08.batchnorm_backward",
    points=5,
    minutes=25,
    title="Batch norm, backward",
    called_as="dx, dgamma, dbeta = batchnorm_backward(dy, x, gamma, eps)",
    tested="six examples of three features, another gamma for each, a random upstream gradient; no array may change",
    inputs=_inputs,
    drive=norms.batchnorm_backward,
    answer=lambda dy, x, gamma, eps: _gradients(dy, x, gamma, eps),
    scales=lambda x: {"N": len(x)},
    axes={"dx": ("example", "feature"), "dgamma": ("feature",), "dbeta": ("feature",)},
    invariants=(
        Invariant(
            "every column of dx sums to 0, since a constant added to x changes no output",
            lambda outputs, inputs: np.allclose(outputs["dx"].sum(0), 0, atol=1e-6 * np.abs(outputs["dx"]).max()),  # noqa: ARG005
        ),
        Invariant("no column of dx points along x̂, since stretching x changes no output", _share_along_x_hat),
    ),
    off_limits=(*LIBRARY, "torch.autograd", "dlcourse.numpy.tensor", "dlcourse.numpy.Tensor"),
)
batchnorm_backward.hint("dbeta and dgamma first: sums over the examples of dy, and of dy · x̂.")
batchnorm_backward.hint("With g = gamma · dy there are three ways from x to the cost: direct, by the mean, by var.")
batchnorm_backward.hint("The last two bring means over the batch. Print the sums of dx and of dx · x̂: both near 0.")
batchnorm_backward.hint("dx = (g - mean(g) - x̂ · mean(g · x̂)) / √(var + eps), with means over the examples.")
_PATHS = "Which of the two sums, of dx and of dx · x̂, is not 0?"


@batchnorm_backward.wrong("the path through the variance is missing in dx", ask=_PATHS)
def no_variance_path(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=0)["dx"])


@batchnorm_backward.wrong("the path through the mean is missing in dx", ask=_PATHS)
def no_mean_path(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, mean=0)["dx"])


@batchnorm_backward.wrong(
    "only the direct path is in dx: mean and variance are taken for constants",
    ask="What happens to the other examples' outputs when one x grows?",
)
def direct_path_only(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, mean=0, var=0)["dx"])


@batchnorm_backward.wrong("gamma is left out of dx", ask="y = gamma · x̂ + beta. What reaches x̂ when dy comes in?")
def no_gamma(dy: Any, x: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, 1.0, eps)["dx"])


@batchnorm_backward.wrong(
    "gamma is in the direct path only, the means are taken of dy", ask="Which gradient arrives at x̂: dy or gamma · dy?"
)
def gamma_in_one_path(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    x_hat = x_hat_of(x, eps)
    return _only_dx((gamma * dy - dy.mean(0) - x_hat * (dy * x_hat).mean(0)) / np.sqrt(x.var(0) + eps))


@batchnorm_backward.wrong("the term of the variance has the wrong sign", ask="When v grows, does |x̂| grow or fall?")
def variance_sign(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=-1)["dx"])


@batchnorm_backward.wrong("the term of the mean has the wrong sign", ask="When the mean grows, does x̂ grow or fall?")
def mean_sign(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, mean=-1)["dx"])


@batchnorm_backward.wrong(
    "the term of the mean is a sum: its 1/N is missing", ask="mean = Σ x / N. What is its derivative by one x?"
)
def mean_not_divided(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, mean=len(x))["dx"])


@batchnorm_backward.wrong(
    "the term of the variance is a sum: its 1/N is missing", ask="var = Σ (x - mean)² / N. What is its derivative?"
)
def variance_not_divided(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=len(x))["dx"])


@batchnorm_backward.wrong(
    "sums stand in dx where means belong: 1/N is missing in both terms", ask="mean = Σ x / N. And its derivative?"
)
def nothing_divided(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, mean=len(x), var=len(x))["dx"])


@batchnorm_backward.wrong(
    "the term of the variance is twice what it should be: the ½ of the root's derivative is missing",
    ask="What is the derivative of (v + ε)^(−1/2) by v?",
)
def variance_doubled(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=2)["dx"])


@batchnorm_backward.wrong(
    "the term of the variance is half of what it should be: the 2 of the square is missing",
    ask="What is the derivative of (x - mean)² by x?",
)
def variance_halved(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=0.5)["dx"])


@batchnorm_backward.wrong(
    "the term of the variance has the power −1/2 where −3/2 belongs", ask="What is the derivative of (v + ε)^(−1/2)?"
)
def variance_power(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=x.var(0) + eps)["dx"])


@batchnorm_backward.wrong(
    "the term of the variance has the deviation x - mean where x̂ belongs, once",
    ask="How many factors 1/√(v + ε) come out of the derivative by v, and how many are left?",
)
def variance_not_scaled(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps, var=np.sqrt(x.var(0) + eps))["dx"])


@batchnorm_backward.wrong("the means in dx are taken over the features", ask="Whom did the forward pass average?")
def means_over_features(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    x_hat, g = x_hat_of(x, eps), gamma * dy
    along = x_hat * (g * x_hat).mean(1, keepdims=True)
    return _only_dx((g - g.mean(1, keepdims=True) - along) / np.sqrt(x.var(0) + eps))


@batchnorm_backward.wrong("dx is not divided by √(var + eps)", ask="x̂ = (x - mean)/√(v + ε). What is its slope in x?")
def not_divided(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps)["dx"] * np.sqrt(x.var(0) + eps))


@batchnorm_backward.wrong("dx is divided by the variance, not by its root", ask="What did forward divide by?")
def divided_by_variance(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    return _only_dx(_gradients(dy, x, gamma, eps)["dx"] / np.sqrt(x.var(0) + eps))


@batchnorm_backward.wrong("eps is left out of everything", ask="Which x̂ did the forward pass compute?")
def eps_forgotten(dy: Any, x: Any, gamma: Any) -> Arrays:
    return _gradients(dy, x, gamma, 0.0)


@batchnorm_backward.wrong(
    "the variance is divided by N - 1, which the forward pass does not do", ask="Which variance did forward use?"
)
def unbiased_variance(dy: Any, x: Any, gamma: Any, eps: Any) -> Arrays:
    std = np.sqrt(x.var(0, ddof=1) + eps)
    x_hat, g = (x - x.mean(0)) / std, gamma * dy
    return {"dgamma": (dy * x_hat).sum(0), "dx": (g - g.mean(0) - x_hat * (g * x_hat).mean(0)) / std}


@batchnorm_backward.wrong("dgamma is made with x, not with x̂", ask="By what is gamma multiplied in forward?")
def dgamma_with_x(dy: Any, x: Any) -> Arrays:
    return {"dgamma": (dy * x).sum(0)}


@batchnorm_backward.wrong(
    "dgamma and dbeta are means over the batch", ask="gamma is used N times. Do gradients add up?"
)
def parameters_averaged(dy: Any, x: Any, eps: Any) -> Arrays:
    return {"dbeta": dy.mean(0), "dgamma": (dy * x_hat_of(x, eps)).mean(0)}


@batchnorm_backward.wrong("dgamma and dbeta have changed places", ask="In which order does the check unpack them?")
def swapped(dy: Any, x: Any, eps: Any) -> Arrays:
    return {"dbeta": (dy * x_hat_of(x, eps)).sum(0), "dgamma": dy.sum(0)}


@batchnorm_backward.wrong("dgamma and dbeta are not summed over the examples", ask="Which shape has gamma?")
def not_summed(dy: Any, x: Any, eps: Any) -> Arrays:
    return {"dbeta": dy, "dgamma": dy * x_hat_of(x, eps)}


@batchnorm_backward.wrong("an array that was given is written into", ask=WRITES)
def backward_writes() -> Arrays:
    return {UNCHANGED: False}


@batchnorm_backward.convention(
    "dgamma and dbeta keep a first axis of length 1", ask="That fits a gamma of shape (1, D); which shape has it here?"
)
def kept_axis(dy: Any, x: Any, eps: Any) -> Arrays:
    return {"dbeta": dy.sum(0, keepdims=True), "dgamma": (dy * x_hat_of(x, eps)).sum(0, keepdims=True)}


QUESTIONS = (batchnorm_backward,)
