"""Exercise 01: the sigmoid as one gate, and ReLU."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import RELU, SIGMOID
from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import gates
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]
_UPSTREAM = "Which part of the chain rule says how much the rest of the graph cares about {}?"


# ---- s = σ(x)


def _sigmoid_inputs(rng: np.random.Generator) -> Arrays:
    x = rng.normal(size=(3, 4))
    x[1, 2], x[2, 0] = 1000.0, -1000.0
    return {"x": x, "ds": rng.normal(size=(3, 4)), "other_x": rng.normal(size=(3, 4))}


def _sigmoid(x: Any) -> Any:
    return np.where(x >= 0, 1, np.exp(-np.abs(x))) / (1 + np.exp(-np.abs(x)))


sigmoid_gate = Question(
    "01.sigmoid_gate",
    points=3,
    minutes=6,
    title="The sigmoid as one gate",
    called_as="gate = SigmoidGate(); s = gate.forward(x); dx = gate.backward(ds)",
    tested="forward and gradient, x and ds random with shape (3, 4), and x = 1000 and x = −1000; no array may change",
    inputs=_sigmoid_inputs,
    drive=gates.sigmoid_gate,
    answer=lambda x, ds: {"s": _sigmoid(x), **NOTHING_CHANGED, "dx": _sigmoid(x) * (1 - _sigmoid(x)) * ds},
    off_limits=SIGMOID,
)
sigmoid_gate.hint("Four gates in a row, but their product is short: ∂s/∂x = (1 − s) s.")
sigmoid_gate.hint("Keep the output s in forward: backward needs nothing else.")
sigmoid_gate.hint("1 / (1 + exp(−x)) has no trouble with x = 1000. What does exp(x) / (1 + exp(x)) do there?")


@sigmoid_gate.wrong("the sigmoid is applied to the kept output once more", ask="Is the value you kept x or σ(x)?")
def sigmoid_twice(x: Any, ds: Any) -> Arrays:
    again = _sigmoid(_sigmoid(x))
    return {"dx": again * (1 - again) * ds}


@sigmoid_gate.wrong("x (1 − x) is computed with the input x", ask="s (1 − s) never exceeds 1/4. Does yours?")
def slope_of_input(x: Any, ds: Any) -> Arrays:
    return {"dx": x * (1 - x) * ds}


@sigmoid_gate.wrong("the factor 1 − s is missing", ask="Where the gate is saturated at s = 1, what is its slope?")
def no_one_minus(x: Any, ds: Any) -> Arrays:
    return {"dx": _sigmoid(x) * ds}


@sigmoid_gate.wrong("the factor s is missing", ask="Where the gate is saturated at s = 0, what is its slope?")
def only_one_minus(x: Any, ds: Any) -> Arrays:
    return {"dx": (1 - _sigmoid(x)) * ds}


@sigmoid_gate.wrong("1 − s², the rule of tanh, is used", ask="Which function has the derivative 1 − output²?")
def tanh_rule(x: Any, ds: Any) -> Arrays:
    return {"dx": (1 - _sigmoid(x) ** 2) * ds}


@sigmoid_gate.wrong("the upstream gradient is left out", ask=_UPSTREAM.format("s"))
def sigmoid_without_upstream(x: Any) -> Arrays:
    return {"dx": _sigmoid(x) * (1 - _sigmoid(x))}


@sigmoid_gate.wrong("exp(x) / (1 + exp(x)) meets a large x: infinity over infinity", ask="What is exp(1000)?")
def overflow(x: Any, ds: Any) -> Arrays:
    s = np.exp(x) / (1 + np.exp(x))
    return {"s": s, "dx": s * (1 - s) * ds}


@sigmoid_gate.wrong("the sign in the exponent is missing: 1 / (1 + exp(x))", ask="Should σ(5) be near 1 or near 0?")
def mirrored(x: Any, ds: Any) -> Arrays:
    s = 1 / (1 + np.exp(x))
    return {"s": s, "dx": s * (1 - s) * ds}


@sigmoid_gate.wrong("the output of another gate is used: all gates share one cache", ask="Whose is self.s?")
def sigmoid_shared_cache(ds: Any, other_x: Any) -> Arrays:
    return {"dx": _sigmoid(other_x) * (1 - _sigmoid(other_x)) * ds}


# ---- z = max(0, x)


def _relu_inputs(rng: np.random.Generator) -> Arrays:
    """One x is exactly 0, and every combination of the signs of x and dz occurs."""
    x, dz = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    x[0, 1] = 0.0
    x[1] = np.abs(x[1]) * [1, 1, -1, -1]
    dz[1] = np.abs(dz[1]) * [1, -1, 1, -1]
    return {"x": x, "dz": dz, "other_x": rng.normal(size=(3, 4))}


relu_gate = Question(
    "01.relu_gate",
    points=2,
    minutes=5,
    title="The ReLU gate",
    called_as="gate = ReluGate(); z = gate.forward(x); dx = gate.backward(dz)",
    tested="forward and gradient, x and dz random with shape (3, 4) and both signs, and x = 0; no array may change",
    inputs=_relu_inputs,
    drive=gates.one_input_gate,
    answer=lambda x, dz: {"z": np.maximum(x, 0), **NOTHING_CHANGED, "dx": dz * (x > 0)},
    off_limits=RELU,
)
relu_gate.hint("The slope of max(0, x) is 1 where x > 0 and 0 where x < 0.")
relu_gate.hint("Keep in forward where x was positive. In backward let dz through there, and nowhere else.")


@relu_gate.wrong("the mask is made from dz instead of x", ask="Who opened the gate in the forward pass: x or dz?")
def mask_from_upstream(dz: Any) -> Arrays:
    return {"dx": dz * (dz > 0)}


@relu_gate.wrong("negative gradients are deleted too", ask="May a gradient be negative where x was positive?")
def both_masks(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * (x > 0) * (dz > 0)}


@relu_gate.wrong("dz is multiplied by the output max(0, x)", ask="The slope of ReLU is 0 or 1. Is max(0, x)?")
def output_as_slope(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * np.maximum(x, 0)}


@relu_gate.wrong("dz is multiplied by x", ask="What is the slope of max(0, x) at x = 3?")
def relu_input_as_slope(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * x}


@relu_gate.wrong("the mask is inverted", ask="Which units let the signal through in the forward pass?")
def inverted(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * (x < 0)}


@relu_gate.wrong("there is no mask at all", ask="If x = −2 moves a little, does z move?")
def no_mask(dz: Any) -> Arrays:
    return {"dx": dz}


@relu_gate.wrong("the upstream gradient dz is left out", ask=_UPSTREAM.format("z"))
def relu_without_upstream(x: Any) -> Arrays:
    return {"dx": (x > 0) * 1.0}


@relu_gate.wrong("the mask of another gate is used: all gates share one cache", ask="Whose is self.mask?")
def relu_shared_cache(dz: Any, other_x: Any) -> Arrays:
    return {"dx": dz * (other_x > 0)}


@relu_gate.convention(
    "at exactly 0 your slope is 1", ask="Any slope from 0 to 1 is fine at 0; PyTorch takes 0, and so do we.", full=True
)
def one_at_zero(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * (x >= 0)}


@relu_gate.convention(
    "at exactly 0 your slope is ½", ask="Any slope from 0 to 1 is fine at 0; PyTorch takes 0, and so do we.", full=True
)
def half_at_zero(x: Any, dz: Any) -> Arrays:
    return {"dx": dz * np.heaviside(x, 0.5)}


QUESTIONS = (sigmoid_gate, relu_gate)
name_writing(*QUESTIONS)
