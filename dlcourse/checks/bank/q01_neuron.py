"""Exercise 01: a sigmoid neuron, put together from gates.

a = w0 x0 + w1 x1 + w2        s = σ(a)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import AUTOGRAD
from dlcourse.checks.bank.unchanged import name_changed_inputs
from dlcourse.checks.drives import gates
from dlcourse.checks.drives.values import INPUTS_UNCHANGED
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


def _value(w: Any, x: Any) -> Any:
    return 1 / (1 + np.exp(-(w[:2] @ x + w[2])))


def _gradients(w: Any, x: Any, da: Any) -> Arrays:
    return {"dw": da * np.array([x[0], x[1], 1.0]), "dx": da * w[:2]}


def _answer(w: Any, x: Any) -> Arrays:
    s = _value(w, x)
    return {"s": s, **_gradients(w, x, s * (1 - s))}


sigmoid_neuron = Question(
    "01.sigmoid_neuron",
    points=3,
    minutes=10,
    title="A sigmoid neuron from your gates",
    called_as="s, dw, dx = sigmoid_neuron(w, x)",
    tested="value and gradients for random w with 3 entries and x with 2; neither may change",
    inputs=lambda rng: {"w": rng.uniform(0.5, 1.5, 3) * [1, -1, -1], "x": rng.uniform(0.5, 1.5, 2) * [-1, 1]},
    drive=gates.sigmoid_neuron,
    answer=lambda w, x: {INPUTS_UNCHANGED: True, **_answer(w, x)},
    axes={"dw": ("weight",), "dx": ("input",)},
    off_limits=AUTOGRAD,
)
sigmoid_neuron.hint("Forward: a = w[0] * x[0] + w[1] * x[1] + w[2], then your sigmoid gate.")
sigmoid_neuron.hint("Backward: da = gate.backward(1.0). Then two multiply gates and an add gate share it out.")
sigmoid_neuron.hint("dw has three entries: da times x[0], da times x[1], and for the bias w[2] da times 1.")


@sigmoid_neuron.wrong("the bias weight w[2] gets no gradient", ask="If w[2] moves by 0.1, does a move?")
def no_bias_gradient(w: Any, x: Any) -> Arrays:
    return {"dw": _answer(w, x)["dw"] * [1, 1, 0]}


@sigmoid_neuron.wrong("the bias gradient is multiplied by w[2] itself", ask="a contains w[2] · 1. What is ∂a/∂w[2]?")
def bias_times_itself(w: Any, x: Any) -> Arrays:
    return {"dw": _answer(w, x)["dw"] * [1, 1, w[2]]}


@sigmoid_neuron.wrong("the slope of the sigmoid is left out", ask="What lies between a and s on the way back?")
def no_slope(w: Any, x: Any) -> Arrays:
    return _gradients(w, x, 1.0)


@sigmoid_neuron.wrong("s stands where the slope (1 − s) s belongs", ask="What is the local derivative of the sigmoid?")
def value_as_slope(w: Any, x: Any) -> Arrays:
    return _gradients(w, x, _value(w, x))


@sigmoid_neuron.wrong(
    "the slope is a (1 − a), with the sum a instead of s", ask="Is it a or s that lies between 0 and 1?"
)
def slope_of_sum(w: Any, x: Any) -> Arrays:
    a = w[:2] @ x + w[2]
    return _gradients(w, x, a * (1 - a))


@sigmoid_neuron.wrong(
    "the sign is flipped: one −1 on the way is missing", ask="How many minus signs are on the way back?"
)
def flipped(w: Any, x: Any) -> Arrays:
    s = _value(w, x)
    return _gradients(w, x, -s * (1 - s))


@sigmoid_neuron.wrong(
    "the multiply gates give each side its own value", ask="w[0]·x[0]: which one is the slope by w[0]?"
)
def own_side(w: Any, x: Any) -> Arrays:
    da = _value(w, x) * (1 - _value(w, x))
    return {"dw": da * np.array([w[0], w[1], 1.0]), "dx": da * x}


@sigmoid_neuron.wrong("the bias w[2] is missing in forward", ask="With x = 0, what should s be?")
def no_bias(w: Any, x: Any) -> Arrays:
    s = 1 / (1 + np.exp(-(w[:2] @ x)))
    return {"s": s, **_gradients(w, x, s * (1 - s))}


name_changed_inputs(sigmoid_neuron)

QUESTIONS = (sigmoid_neuron,)
