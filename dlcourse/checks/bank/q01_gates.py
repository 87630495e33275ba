"""Exercise 01: one gate at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import gates
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
_UPSTREAM = "Which part of the chain rule says how much the rest of the graph cares about z?"
_CACHE = "Two gates are alive at the same time. What does self.x belong to, and what does a class attribute belong to?"


# ---- z = x * y

multiply_gate = Question(
    "01.multiply_gate",
    points=3,
    minutes=8,
    title="The multiply gate",
    called_as="gate = MultiplyGate(); z = gate.forward(x, y); dx, dy = gate.backward(dz)",
    tested=(
        "forward and both gradients, x, y and dz random with shape (2, 3), "
        "while a second gate is in use; no array may change"
    ),
    inputs=lambda rng: {name: rng.normal(size=(2, 3)) for name in ("x", "y", "dz", "other_x", "other_y")},
    drive=gates.multiply_gate,
    answer=lambda x, y, dz: {"z": x * y, **NOTHING_CHANGED, "dx": y * dz, "dy": x * dz},
)
multiply_gate.hint("Forward: compute z, and keep on self what backward will need.")
multiply_gate.hint("If y doubles, z moves twice as far for the same nudge of x. So what is ∂z/∂x?")
multiply_gate.hint("Chain rule: dx is the local derivative ∂z/∂x times the upstream gradient dz.")


@multiply_gate.wrong(
    "each input is multiplied by its own value, or dx and dy come back in the wrong order",
    ask="Nudge x a little. Is it x or y that says how far z moves?",
)
def own_value(x: Any, y: Any, dz: Any) -> Arrays:
    return {"dx": x * dz, "dy": y * dz}


@multiply_gate.wrong("the upstream gradient dz is left out", ask=_UPSTREAM)
def product_without_upstream(x: Any, y: Any) -> Arrays:
    return {"dx": y, "dy": x}


@multiply_gate.wrong("dz goes on unchanged to both inputs, as in an add gate", ask="What is ∂(xy)/∂x?")
def add_rule(dz: Any) -> Arrays:
    return {"dx": dz, "dy": dz}


@multiply_gate.wrong("the gate's own output stands where the other input belongs", ask="Is ∂(xy)/∂x equal to xy?")
def own_output(x: Any, y: Any, dz: Any) -> Arrays:
    return {"dx": x * y * dz, "dy": x * y * dz}


@multiply_gate.wrong("the values of another gate are used: all gates share one cache", ask=_CACHE)
def product_shared_cache(dz: Any, other_x: Any, other_y: Any) -> Arrays:
    return {"dx": other_y * dz, "dy": other_x * dz}


@multiply_gate.wrong("x is overwritten by its gradient before dy is computed", ask="Which x does the line of dy see?")
def overwritten(y: Any, dz: Any) -> Arrays:
    return {"dx": y * dz, "dy": y * dz * dz}


@multiply_gate.wrong("forward adds where it should multiply", ask="What is 2 · 3, and what does your gate say?")
def adds(x: Any, y: Any) -> Arrays:
    return {"z": x + y}


# ---- the four gates of 1 / (1 + exp(-x))


def _one_input(rng: np.random.Generator) -> Arrays:
    return {name: rng.normal(size=(2, 3)) for name in ("x", "dz", "other_x")}


exp_gate = Question(
    "01.exp_gate",
    points=2,
    minutes=4,
    title="The exp gate",
    called_as="gate = ExpGate(); z = gate.forward(x); dx = gate.backward(dz)",
    tested=(
        "forward and gradient, x and dz random with shape (2, 3), while a second gate is in use; no array may change"
    ),
    inputs=_one_input,
    drive=gates.one_input_gate,
    answer=lambda x, dz: {"z": np.exp(x), **NOTHING_CHANGED, "dx": np.exp(x) * dz},
)
exp_gate.hint("exp is its own derivative. Which value, already computed, is that?")
exp_gate.hint("Keep z in forward. Then dx is z times the upstream gradient.")


@exp_gate.wrong("the local derivative is x instead of exp(x)", ask="At 0 the slope of exp is 1. And yours?")
def input_as_slope(x: Any, dz: Any) -> Arrays:
    return {"dx": x * dz}


@exp_gate.wrong("the power rule is used: x·exp(x − 1)", ask="In xⁿ the base varies. What varies in eˣ?")
def power_rule(x: Any, dz: Any) -> Arrays:
    return {"dx": x * np.exp(x - 1) * dz}


@exp_gate.wrong("exp is taken of the output again", ask="You kept z, which is exp(x) already. What is exp(z)?")
def exp_of_output(x: Any, dz: Any) -> Arrays:
    return {"dx": np.exp(np.exp(x)) * dz}


@exp_gate.wrong("the upstream gradient dz is left out", ask=_UPSTREAM)
def exp_without_upstream(x: Any) -> Arrays:
    return {"dx": np.exp(x)}


@exp_gate.wrong("the local derivative is left out", ask="dz goes in. What has the gate itself to say?")
def exp_without_local(dz: Any) -> Arrays:
    return {"dx": dz}


@exp_gate.wrong("the values of another gate are used: all gates share one cache", ask=_CACHE)
def exp_shared_cache(dz: Any, other_x: Any) -> Arrays:
    return {"dx": np.exp(other_x) * dz}


reciprocal_gate = Question(
    "01.reciprocal_gate",
    points=2,
    minutes=4,
    title="The reciprocal gate",
    called_as="gate = ReciprocalGate(); z = gate.forward(x); dx = gate.backward(dz)",
    tested=(
        "forward and gradient, x (not near 0) and dz random with shape (2, 3), "
        "while a second gate is in use; no array may change"
    ),
    inputs=lambda rng: {
        "x": rng.uniform(0.5, 3.0, size=(2, 3)) * rng.choice([-1.0, 1.0], size=(2, 3)),
        "dz": rng.normal(size=(2, 3)),
        "other_x": rng.uniform(0.5, 3.0, size=(2, 3)),
    },
    drive=gates.one_input_gate,
    answer=lambda x, dz: {"z": 1 / x, **NOTHING_CHANGED, "dx": -dz / x**2},
)
reciprocal_gate.hint("1/x is x to the power −1. Use the power rule.")
reciprocal_gate.hint("When x grows, 1/x shrinks. Which sign must the local derivative have?")


@reciprocal_gate.wrong("the minus sign is missing", ask="x grows a little: does 1/x grow or shrink?")
def no_minus(x: Any, dz: Any) -> Arrays:
    return {"dx": dz / x**2}


@reciprocal_gate.wrong("the square is missing: −1/x", ask="Bring the exponent −1 down by one. Where do you land?")
def no_square(x: Any, dz: Any) -> Arrays:
    return {"dx": -dz / x}


@reciprocal_gate.wrong("the integral ln|x| stands where the derivative belongs", ask="Which way did you go?")
def logarithm(x: Any, dz: Any) -> Arrays:
    return {"dx": np.log(np.abs(x)) * dz}


@reciprocal_gate.wrong("the upstream gradient dz is left out", ask=_UPSTREAM)
def reciprocal_without_upstream(x: Any) -> Arrays:
    return {"dx": -1 / x**2}


@reciprocal_gate.wrong("−1/z² is used with the output z instead of the input x", ask="Did you keep x or 1/x?")
def output_for_input(x: Any, dz: Any) -> Arrays:
    return {"dx": -dz * x**2}


@reciprocal_gate.wrong("the values of another gate are used: all gates share one cache", ask=_CACHE)
def reciprocal_shared_cache(dz: Any, other_x: Any) -> Arrays:
    return {"dx": -dz / other_x**2}


add_constant_gate = Question(
    "01.add_constant_gate",
    points=1,
    minutes=3,
    title="The add-constant gate",
    called_as="gate = AddConstantGate(c); z = gate.forward(x); dx = gate.backward(dz)",
    tested=(
        "forward and gradient, x and dz random with shape (2, 3), "
        "while a gate with another constant exists; no array may change"
    ),
    inputs=lambda rng: {
        "x": rng.normal(size=(2, 3)),
        "c": rng.uniform(1.5, 3.0),
        "dz": rng.normal(size=(2, 3)),
        "other_c": rng.uniform(-3.0, -1.5),
    },
    drive=gates.add_constant_gate,
    answer=lambda x, c, dz: {"z": x + c, **NOTHING_CHANGED, "dx": dz},
    scales=lambda c: {"c": float(c)},
)
add_constant_gate.hint("Nudge x by 0.1: by how much does x + c move, and does c matter?")


@add_constant_gate.wrong("dz is multiplied by the constant, as in a gate that multiplies", ask="What is ∂(x + c)/∂x?")
def times_constant(c: Any, dz: Any) -> Arrays:
    return {"dx": c * dz}


@add_constant_gate.wrong("the constant is added to the gradient as well", ask="c moves z. Does it move ∂z/∂x?")
def constant_in_gradient(c: Any, dz: Any) -> Arrays:
    return {"dx": dz + c}


@add_constant_gate.wrong("the upstream gradient dz is left out", ask=_UPSTREAM)
def sum_without_upstream(dz: Any) -> Arrays:
    return {"dx": np.ones_like(dz)}


@add_constant_gate.wrong("the gradient is taken by c, which is a constant, so nothing flows", ask="Which one varies?")
def no_flow(dz: Any) -> Arrays:
    return {"dx": np.zeros_like(dz)}


@add_constant_gate.wrong("the constant of another gate is used: all gates share one", ask=_CACHE)
def constant_shared(x: Any, other_c: Any) -> Arrays:
    return {"z": x + other_c}


QUESTIONS = (multiply_gate, exp_gate, reciprocal_gate, add_constant_gate)
name_writing(*QUESTIONS)
