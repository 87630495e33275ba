"""Exercise 05: fans, the three rules, and a uniform distribution with a wanted deviation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import weights
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["OFF_LIMITS", "QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
OFF_LIMITS = ("torch.nn.init", "dlcourse.numpy.init", "dlcourse.torch.init")


def _sizes(rng: np.random.Generator) -> Arrays:
    out, inside, height, width = rng.permutation([5, 7, 11, 13]) + rng.integers(0, 2) * 20
    return {"linear": np.array([out, inside]), "convolution": np.array([inside, out, height % 4 + 2, width % 3 + 2])}


def _both(linear: Any, convolution: Any) -> Arrays:
    return {"linear": linear, "convolution": convolution}


fans = Question(
    "05.fans",
    points=2,
    minutes=6,
    title="Fan-in and fan-out",
    called_as="fan_in, fan_out = fans(shape)",
    tested="weights of a linear layer, shape (out, in), and of a convolution, shape (out, in, height, width)",
    inputs=_sizes,
    drive=weights.fans,
    answer=lambda linear, convolution: _both(linear[[1, 0]], convolution[[1, 0]] * convolution[2] * convolution[3]),
    labels={"linear": ("fan_in", "fan_out"), "convolution": ("fan_in", "fan_out")},
    off_limits=OFF_LIMITS,
)
fans.hint("Fan-in: how many numbers one output is a sum of. Which axes of W does that sum run over?")
fans.hint("A kernel of 3 × 5 looks at 15 places in each input channel.")


@fans.wrong("fan-in and fan-out are swapped", ask="W has the shape (out, in). Which axis does one output sum over?")
def swapped(linear: Any, convolution: Any) -> Arrays:
    return _both(linear, convolution[:2] * convolution[2] * convolution[3])


@fans.wrong("the kernel area is forgotten", ask="How many numbers does one output of a 3 × 3 convolution add up?")
def no_area(convolution: Any) -> Arrays:
    return {"convolution": convolution[[1, 0]]}


@fans.wrong(
    "the kernel area counts for the fan-in alone", ask="How many outputs does one input pixel of a convolution feed?"
)
def area_in_only(convolution: Any) -> Arrays:
    out, inside, height, width = convolution
    return {"convolution": np.array([inside * height * width, out])}


@fans.wrong("both fans are the number of all weights", ask="Does every weight go into every output?")
def all_weights(linear: Any, convolution: Any) -> Arrays:
    return _both(np.full(2, linear.prod()), np.full(2, convolution.prod()))


@fans.wrong("the last two axes are taken for in and out", ask="What do the last two axes of a convolution's W mean?")
def last_axes(convolution: Any) -> Arrays:
    return {"convolution": convolution[[3, 2]]}


def _deviations(fan_in: Any, fan_out: Any) -> Arrays:
    return {
        "lecun": np.sqrt(1 / fan_in),
        "xavier": np.sqrt(2 / (fan_in + fan_out)),
        "he": np.sqrt(2 / fan_in),
    }


start_deviation = Question(
    "05.start_deviation",
    points=3,
    minutes=8,
    title="Three rules for the deviation",
    called_as="std = start_deviation(rule, fan_in, fan_out)",
    tested="the rules 'lecun', 'xavier' and 'he' for one layer whose fans differ",
    inputs=lambda rng: {"fan_in": rng.integers(20, 90), "fan_out": rng.integers(100, 300)},
    drive=weights.start_deviation,
    answer=_deviations,
    off_limits=OFF_LIMITS,
)
start_deviation.hint("Each rule fixes the variance: 1/fan_in, 1/fan_avg, 2/fan_in. Which function of it is asked?")
start_deviation.hint("fan_avg is the mean of the two fans.")


@start_deviation.wrong("the variance is returned, not its root", ask="Which unit has a standard deviation?")
def variance(fan_in: Any, fan_out: Any) -> Arrays:
    return {rule: std**2 for rule, std in _deviations(fan_in, fan_out).items()}


@start_deviation.wrong(
    "Xavier divides by the sum of the fans, not by their mean", ask="What is the mean of 100 and 300?"
)
def xavier_sum(fan_in: Any, fan_out: Any) -> Arrays:
    return {"xavier": np.sqrt(1 / (fan_in + fan_out))}


@start_deviation.wrong(
    "He's rule lacks its factor 2", ask="A ReLU passes half of the signal's second moment. Who makes up for that?"
)
def he_without_two(fan_in: Any) -> Arrays:
    return {"he": np.sqrt(1 / fan_in)}


@start_deviation.wrong(
    "the factor 2 of the ReLU is in LeCun's rule too", ask="For which activation is LeCun's rule meant?"
)
def lecun_with_two(fan_in: Any) -> Arrays:
    return {"lecun": np.sqrt(2 / fan_in)}


@start_deviation.wrong("fan_out stands where fan_in belongs", ask="One output is a sum over how many inputs?")
def by_fan_out(fan_out: Any) -> Arrays:
    return {"lecun": np.sqrt(1 / fan_out), "he": np.sqrt(2 / fan_out)}


@start_deviation.convention(
    "He's rule keeps the backward signal level, with fan_out (torch: mode='fan_out')",
    ask="The lecture keeps the forward signal level. Which fan is that?",
)
def he_backward(fan_out: Any) -> Arrays:
    return {"he": np.sqrt(2 / fan_out)}


@start_deviation.convention(
    "Xavier's rule is taken with fan_in alone, as some libraries do",
    ask="Glorot and Bengio wanted both directions level. Which compromise did they take?",
)
def xavier_fan_in(fan_in: Any) -> Arrays:
    return {"xavier": np.sqrt(1 / fan_in)}


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    W, std = raw["W"], float(inputs["std"])
    ratio = W.std() / std
    return {
        "shape": np.array(W.shape),
        "deviation too small (-1), right (0) or too large (1)": int(ratio > 1.05) - int(ratio < 0.95),
        "both signs are there": bool(abs(W.mean()) < 0.1 * std),
        "level up to its ends, as a uniform distribution is": bool(np.abs(W).max() < 1.85 * W.std()),
        "the same seed gives the same weights": np.array_equal(W, raw["again"]),
        "another seed gives other weights": not np.array_equal(W, raw["other"]),
    }


def _uniform(shape: Any, std: float, rng: Any) -> Any:
    return rng.uniform(-np.sqrt(3) * std, np.sqrt(3) * std, shape)


uniform = Question(
    "05.uniform",
    points=3,
    minutes=8,
    title="A uniform distribution with a wanted deviation",
    called_as="W = uniform(shape, std, rng)",
    tested="a few thousand weights: their shape, deviation, signs and range, and that the generator decides",
    inputs=lambda rng: {
        "shape": np.array([rng.integers(60, 80), rng.integers(90, 120)]),
        "std": rng.uniform(0.02, 0.2),
        "seed": rng.integers(0, 10_000),
    },
    drive=weights.uniform,
    judge=Judge(reads=("W", "again", "other"), facts=_facts),
    answer=lambda **inputs: _facts(weights.uniform(_uniform, **inputs), inputs),
    off_limits=OFF_LIMITS,
)
uniform.hint("The variance of a uniform distribution from −r to r is r²/3. Solve for r.")
uniform.hint("rng.uniform(low, high, shape) draws.")


@uniform.wrong(
    "r is the deviation itself", ask="Which variance has a uniform distribution from −r to r?", as_student=True
)
def r_is_std(shape: Any, std: float, rng: Any) -> Any:
    return rng.uniform(-std, std, shape)


@uniform.wrong("r is 3 times the deviation: the root is missing", ask="r²/3 = σ². What is r?", as_student=True)
def three_std(shape: Any, std: float, rng: Any) -> Any:
    return rng.uniform(-3 * std, 3 * std, shape)


@uniform.wrong(
    "all weights are positive",
    ask="What is the mean of your weights, and what does it add to every unit?",
    as_student=True,
)
def only_positive(shape: Any, std: float, rng: Any) -> Any:
    return rng.uniform(0, np.sqrt(12) * std, shape)


@uniform.wrong(
    "the weights come from a normal distribution", ask="How large can your largest weight be?", as_student=True
)
def normal(shape: Any, std: float, rng: Any) -> Any:
    return rng.normal(0, std, shape)


@uniform.wrong(
    "rng is not used: the same seed gives other weights each time",
    ask="Which generator draws in your code, and who made it?",
    as_student=True,
)
def fresh_generator(shape: Any, std: float, rng: Any) -> Any:  # noqa: ARG001
    return _uniform(shape, std, np.random.default_rng())


@uniform.wrong(
    "rng is not used: every layer gets the same weights",
    ask="What does default_rng(0) give the second time?",
    as_student=True,
)
def own_generator(shape: Any, std: float, rng: Any) -> Any:  # noqa: ARG001
    return _uniform(shape, std, np.random.default_rng(0))


QUESTIONS = (fans, start_deviation, uniform)
