"""Exercise 09: bias, variance and noise, estimated by resampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]


def _inputs(rng: np.random.Generator) -> Arrays:
    rounds, n = 12, 9
    xs = rng.uniform(-1, 1, size=(rounds, n)) + np.linspace(-1, 1, n)
    x = np.linspace(-1.5, 1.5, 7)
    frequency = rng.uniform(1.5, 2.5)
    return {
        "xs": xs,
        "ys": 2 * np.sin(frequency * xs) + 0.7 * rng.normal(size=xs.shape),
        "x": x,
        "truth": 2 * np.sin(frequency * x),
        "noise": np.array(0.7),
        "rounds": np.array(rounds),
    }


def _guesses(draw: Any, fit: Any, x: Any, rounds: int) -> Any:
    """Predictions of ``rounds`` models at the points x, each from a training set of its own: (rounds, points)."""
    guesses = []
    for _ in range(rounds):
        X, y = draw()
        guesses.append(fit(X, y)(x))
    return np.array(guesses)


def _bias_variance(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = ((guesses.mean(axis=0) - truth) ** 2).mean()
    variance = guesses.var(axis=0).mean()
    return bias2, variance, bias2 + variance + noise**2


bias_variance = Question(
    "09.bias_variance",
    points=4,
    minutes=15,
    title="Bias, variance and noise by resampling",
    called_as="bias2, variance, error = bias_variance(draw, fit, x, truth, noise, rounds)",
    tested="12 training sets, a parabola fitted to each, and the truth at 7 points",
    inputs=_inputs,
    drive=regularisation.bias_variance,
    answer=lambda **inputs: regularisation.bias_variance(_bias_variance, **inputs),
    scales=lambda x, rounds: {"the number of points": len(x), "rounds": int(rounds)},
)
bias_variance.hint("Collect the predictions at x in an array of shape (rounds, points). What is its mean over axis 0?")
bias_variance.hint("Bias is a number for each point, and so is the variance. Square and average over points last.")


@bias_variance.wrong(
    "one training set is drawn and used in every round", ask="What differs between two of your rounds?", as_student=True
)
def drawn_once(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    once = draw()
    return _bias_variance(lambda: once, fit, x, truth, noise, rounds)


@bias_variance.wrong(
    "the bias is averaged over the points before it is squared, so that signs cancel",
    ask="A model is 1 too high on the left and 1 too low on the right. What is its bias²?",
    as_student=True,
)
def signs_cancel(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = (guesses.mean(axis=0) - truth).mean() ** 2
    variance = guesses.var(axis=0).mean()
    return bias2, variance, bias2 + variance + noise**2


@bias_variance.wrong(
    "every single prediction is compared with the truth, which gives bias² plus variance",
    ask="Whose distance from the truth is the bias: that of each model, or that of their mean?",
    as_student=True,
)
def bias_of_each(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = ((guesses - truth) ** 2).mean()
    variance = guesses.var(axis=0).mean()
    return bias2, variance, bias2 + variance + noise**2


@bias_variance.wrong(
    "the variance is taken along x instead of over the training sets",
    ask="Does a curve that bends have variance, if every training set gives the same curve?",
    as_student=True,
)
def along_the_curve(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = ((guesses.mean(axis=0) - truth) ** 2).mean()
    variance = guesses.var(axis=1).mean()
    return bias2, variance, bias2 + variance + noise**2


@bias_variance.wrong(
    "the deviation stands where the variance is meant", ask="Which unit has each of the three terms?", as_student=True
)
def deviation(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = ((guesses.mean(axis=0) - truth) ** 2).mean()
    spread = guesses.std(axis=0).mean()
    return bias2, spread, bias2 + spread + noise**2


@bias_variance.wrong(
    "draw is called more often than `rounds` times",
    ask="Each call of draw is a new training set. What is the additional one for?",
    as_student=True,
)
def one_draw_more(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    draw()
    return _bias_variance(draw, fit, x, truth, noise, rounds)


@bias_variance.wrong(
    "one variance is taken of all predictions together: it contains the bend of the curves",
    ask="At each point x: around which mean do the predictions scatter?",
    as_student=True,
)
def of_everything(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = ((guesses.mean(axis=0) - truth) ** 2).mean()
    return bias2, guesses.var(), bias2 + guesses.var() + noise**2


@bias_variance.wrong(
    "bias² and variance have changed places", ask="In which order does the check unpack them?", as_student=True
)
def exchanged(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    bias2, variance, error = _bias_variance(draw, fit, x, truth, noise, rounds)
    return variance, bias2, error


@bias_variance.wrong("the bias is not squared", ask="Can you add minutes and square minutes?", as_student=True)
def bias_not_squared(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias = np.abs(guesses.mean(axis=0) - truth).mean()
    variance = guesses.var(axis=0).mean()
    return bias, variance, bias + variance + noise**2


@bias_variance.wrong(
    "the noise is left out of the error", ask="How well does the truth itself predict a new y?", as_student=True
)
def no_noise(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    bias2, variance, error = _bias_variance(draw, fit, x, truth, noise, rounds)
    return bias2, variance, error - noise**2


@bias_variance.wrong(
    "the deviation of the noise is added, not its square", ask="What is the expected square of ε?", as_student=True
)
def noise_not_squared(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    bias2, variance, error = _bias_variance(draw, fit, x, truth, noise, rounds)
    return bias2, variance, error - noise**2 + noise


@bias_variance.convention(
    "the variance divides by rounds - 1; then the three parts add up in expectation only",
    ask="How much do the two differ for 500 rounds?",
    as_student=True,
    full=True,
)
def sample_variance(draw: Any, fit: Any, x: Any, truth: Any, noise: float, rounds: int) -> Any:
    guesses = _guesses(draw, fit, x, rounds)
    bias2 = ((guesses.mean(axis=0) - truth) ** 2).mean()
    variance = guesses.var(axis=0, ddof=1).mean()
    return bias2, variance, bias2 + variance + noise**2


QUESTIONS = (bias_variance,)
