"""Exercise 04: activations and their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import gates
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
ALPHA = 0.1
_OFF_LIMITS = ("torch.nn", "dlcourse.numpy.functional", "dlcourse.numpy.nn", "dlcourse.torch.functional")
_UPSTREAM = "Which part of the chain rule says how much the rest of the network cares about z?"
_CACHE = "Two activations are alive at the same time. Whose input do you keep?"


def _inputs(rng: np.random.Generator) -> Arrays:
    return {name: rng.normal(size=(3, 4)) for name in ("x", "dz", "other_x")}


def _leaky(x: Any) -> Any:
    return np.where(x > 0, x, ALPHA * x)


leaky_relu = Question(
    "04.leaky_relu",
    points=2,
    minutes=6,
    title="Leaky ReLU",
    called_as="f = LeakyReLU(); z = f.forward(x); dx = f.backward(dz)",
    tested=(
        "forward and gradient with slope 0.1, inputs random with shape (3, 4), "
        "while a second one is in use; no array may change"
    ),
    inputs=_inputs,
    drive=gates.one_input_gate,
    answer=lambda x, dz: {"z": _leaky(x), **NOTHING_CHANGED, "dx": dz * np.where(x > 0, 1.0, ALPHA)},
    off_limits=_OFF_LIMITS,
)
leaky_relu.hint("np.where(condition, this, that) chooses entry by entry.")
leaky_relu.hint("The slope depends on the sign of the input of forward, so keep that.")


@leaky_relu.wrong("the slope is 0 on the left, as for the plain ReLU", ask="What makes a leaky unit come back to life?")
def dead_left(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * (x > 0)}


@leaky_relu.wrong("the slope on the left is 0.01, PyTorch's default", ask="Which slope does the question give?")
def torch_slope(x: Any, dz: Any) -> Arrays:
    return {"z": np.where(x > 0, x, 0.01 * x), "dx": dz * np.where(x > 0, 1.0, 0.01)}


@leaky_relu.wrong("the two slopes are swapped", ask="On which side is the slope 1?")
def swapped(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * np.where(x > 0, ALPHA, 1.0)}


@leaky_relu.wrong("the smaller of x and 0.1 x is taken", ask="Which of 2 and 0.2 should come out at x = 2?")
def minimum(x: Any) -> Arrays:
    return {"z": np.minimum(x, ALPHA * x)}


@leaky_relu.wrong("the sign of the upstream gradient decides", ask="Was the gate set by x or by what comes back?")
def mask_from_upstream(dz: Any) -> Arrays:
    return {"dx": dz * np.where(dz > 0, 1.0, ALPHA)}


@leaky_relu.wrong("the upstream gradient is left out", ask=_UPSTREAM)
def leaky_without_upstream(x: Any) -> Arrays:
    return {"dx": np.where(x > 0, 1.0, ALPHA)}


@leaky_relu.wrong("the input of another one is used: all share one cache", ask=_CACHE)
def leaky_shared(dz: Any, other_x: Any) -> Arrays:
    return {"dx": dz * np.where(other_x > 0, 1.0, ALPHA)}


elu = Question(
    "04.elu",
    points=3,
    minutes=8,
    title="ELU, with its slope from the output",
    called_as="f = ELU(); z = f.forward(x); dx = f.backward(dz)",
    tested=(
        "forward and gradient with alpha = 1, inputs random with shape (3, 4), "
        "while a second one is in use; no array may change"
    ),
    inputs=_inputs,
    drive=gates.one_input_gate,
    answer=lambda x, dz: {"z": _elu(x), **NOTHING_CHANGED, "dx": dz * np.where(x > 0, 1.0, np.exp(x))},
    off_limits=_OFF_LIMITS,
)
elu.hint("For x ≤ 0 the output is e^x − 1. What is its derivative?")
elu.hint("That derivative is the output plus 1, so backward needs no exponential.")


def _elu(x: Any) -> Any:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@elu.wrong("the slope on the left is the output itself", ask="At x just below 0 the slope is near 1. And yours?")
def output_as_slope(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * np.where(x > 0, 1.0, np.expm1(np.minimum(x, 0)))}


@elu.wrong("the minus 1 is missing on the left", ask="What should come out at x = 0, seen from the left?")
def no_minus_one(x: Any) -> Arrays:
    return {"z": np.where(x > 0, x, np.exp(np.minimum(x, 0)))}


@elu.wrong("the slope is 0 on the left, as for ReLU", ask="Is e^x − 1 flat at x = −1?")
def elu_dead_left(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * (x > 0)}


@elu.wrong("the slope is e^x on both sides", ask="What is the slope of z = x?")
def exponential_everywhere(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * np.exp(x)}


@elu.wrong("the upstream gradient is left out", ask=_UPSTREAM)
def elu_without_upstream(x: Any) -> Arrays:
    return {"dx": np.where(x > 0, 1.0, np.exp(x))}


@elu.wrong("the input of another one is used: all share one cache", ask=_CACHE)
def elu_shared(dz: Any, other_x: Any) -> Arrays:
    return {"dx": dz * np.where(other_x > 0, 1.0, np.exp(other_x))}


QUESTIONS = (leaky_relu, elu)
name_writing(*QUESTIONS)
