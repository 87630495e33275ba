"""Exercise 08: batch normalisation, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import norms
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
LIBRARY = ("torch.nn", "torch.batch_norm", "dlcourse.numpy.nn", "dlcourse.numpy.functional", "dlcourse.torch")
UNCHANGED = "the arrays given are left as they were"
WRITES = "Others still need the array. `x -= m` changes it for all of them; what does `x - m` do?"


def _inputs(rng: np.random.Generator) -> Arrays:
    """Six examples of three features of different size, far from 0; the third is nearly constant, so ε shows."""
    return {
        "x": 3 + rng.normal(size=(6, 3)) * np.array([2.0, 0.6, 0.003]),
        "gamma": rng.choice([-1.0, 1.0], 3) * rng.uniform(0.5, 2.0, 3),
        "beta": rng.normal(size=3),
        "eps": np.array(1e-5),
    }


def x_hat_of(x: Any, eps: Any) -> Any:
    return (x - x.mean(0)) / np.sqrt(x.var(0) + eps)


batchnorm = Question(
    "08.batchnorm",
    points=3,
    minutes=10,
    title="Batch norm, forward",
    called_as="y = batchnorm(x, gamma, beta, eps)",
    tested="six examples of three features of different size, one of them nearly constant; no array may change",
    inputs=_inputs,
    drive=norms.batchnorm,
    answer=lambda x, gamma, beta, eps: {"y": gamma * x_hat_of(x, eps) + beta, UNCHANGED: True},
    scales=lambda x: {"N": len(x), "√(N/(N-1))": (len(x) / (len(x) - 1)) ** 0.5},
    axes={"y": ("example", "feature")},
    invariants=(
        Invariant(
            "every column of y has the mean beta",
            lambda outputs, inputs: np.allclose(outputs["y"].mean(0), inputs["beta"]),
        ),
    ),
    off_limits=LIBRARY,
)
batchnorm.hint("Mean and variance are taken over the examples: one of each for every column, shape (D,).")
batchnorm.hint("The variance is the mean of (x - mean)², divided by N; eps is added to it, under the root.")


@batchnorm.wrong("the variance is divided by N - 1", ask="Which variance makes the spread of a batch exactly 1?")
def unbiased(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + eps) + beta}


@batchnorm.wrong("mean and variance are taken over the features", ask="How many means do three features have?")
def over_features(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    mean, var = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    return {"y": gamma * (x - mean) / np.sqrt(var + eps) + beta}


@batchnorm.wrong("one mean and one variance serve all features", ask="Is every column of x̂ centred now?")
def one_for_all(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta}


@batchnorm.wrong("the variance divides, not its root", ask="Which of the two has the unit of x?")
def no_root(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x - x.mean(0)) / (x.var(0) + eps) + beta}


@batchnorm.wrong("the variance is a sum: its 1/N is missing", ask="Is the spread of twice as many examples larger?")
def sum_of_squares(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x - x.mean(0)) / np.sqrt(len(x) * x.var(0) + eps) + beta}


@batchnorm.wrong("gamma and beta have changed places", ask="Which of the two scales, and which shifts?")
def swapped(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": beta * x_hat_of(x, eps) + gamma}


@batchnorm.wrong("eps is left out", ask="What does a feature do whose values are all equal?")
def no_eps(x: Any, gamma: Any, beta: Any) -> Arrays:
    return {"y": gamma * (x - x.mean(0)) / x.std(0) + beta}


@batchnorm.wrong("the mean is not subtracted", ask="Where should the middle of x̂ lie?")
def not_centred(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * x / np.sqrt(x.var(0) + eps) + beta}


@batchnorm.wrong("the spread is the root of the mean of x², not of (x - mean)²", ask="The spread around what?")
def second_moment(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x - x.mean(0)) / np.sqrt((x**2).mean(0) + eps) + beta}


@batchnorm.wrong("the shift comes before the scale: gamma (x̂ + beta)", ask="With x̂ = 0, what should y be?")
def shifted_first(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x_hat_of(x, eps) + beta)}


@batchnorm.wrong("x̂ is returned, without gamma and beta", ask="What are gamma and beta for?")
def not_scaled(x: Any, eps: Any) -> Arrays:
    return {"y": x_hat_of(x, eps)}


@batchnorm.wrong("an array that was given is written into", ask=WRITES)
def writes() -> Arrays:
    return {UNCHANGED: False}


@batchnorm.convention(
    "eps is added to the deviation, outside the root; here it belongs under it",
    ask="For a variance of 1e-5: what is √(var + eps), and what is √var + eps?",
)
def eps_outside(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"y": gamma * (x - x.mean(0)) / (x.std(0) + eps) + beta}


QUESTIONS = (batchnorm,)
