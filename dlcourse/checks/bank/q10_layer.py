"""Exercise 10: a dropout layer, forward and backward, with coins that the check tosses."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import dropout
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
_SURVIVE = "With which probability does a unit survive?"


def _inputs(rng: np.random.Generator) -> Arrays:
    """P is never 0.5, where keeping and dropping look alike; one kept entry of x is exactly 0."""
    p = rng.choice([0.22, 0.37, 0.68])  # 1 - p is no share of 30 entries that could be kept
    x, u = rng.normal(size=(5, 6)), rng.random((5, 6))
    u[0, :2], u[1, :2] = (0.95, 0.05), (0.05, 0.95)  # in every draw some are kept, some dropped, not by columns
    x[0, 0] = 0.0
    return {
        "p": p,
        "x": x,
        "u": u,
        "dz": rng.normal(size=(5, 6)),
        "other_p": rng.choice([0.4, 0.6]),
        "other_x": rng.normal(size=(5, 6)),
        "other_u": rng.random((5, 6)),
    }


def _through(factor: Any, x: Any, dz: Any) -> Arrays:
    """What comes out when forward and backward multiply by ``factor``."""
    return {"z": x * factor, "dx": dz * factor}


def _mask(p: Any, u: Any) -> Any:
    return (u >= p) / (1 - p)


layer = Question(
    "10.dropout_layer",
    points=4,
    minutes=12,
    title="A dropout layer",
    called_as="layer = Dropout(p); z = layer.forward(x, u); dx = layer.backward(dz)",
    tested=(
        "forward and gradient for x (5, 6) with given uniform numbers u and a p that is not 0.5, "
        "while a second layer with another p is in use; no array may change"
    ),
    inputs=_inputs,
    drive=dropout.dropout_layer,
    answer=lambda p, x, u, dz: {**_through(_mask(p, u), x, dz), **NOTHING_CHANGED} | {"dx": dz * _mask(p, u)},
    scales=lambda p: {"p": float(p), "1 - p": 1 - float(p)},
    axes={"z": ("example", "unit"), "dx": ("example", "unit")},
    off_limits=("torch", "dlcourse.numpy.functional", "dlcourse.numpy.nn", "dlcourse.torch"),
)
layer.hint("u >= p is an array of True and False. With which probability is an entry True?")
layer.hint("One array does both jobs: (u >= p) / (1 - p). Keep it on self for backward.")


@layer.wrong("nothing is divided by 1 - p", ask="What is the mean of z over many draws of u, compared with x?")
def not_divided(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through(1.0 * (u >= p), x, dz)


@layer.wrong("p is read as the probability to keep", ask="For p = 0.2, how many of 100 units should be zero?")
def keeps_with_p(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through((u < p) / p, x, dz)


@layer.wrong("p and 1 - p have changed places: units survive where u ≥ 1 - p", ask=_SURVIVE)
def turned(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through((u >= 1 - p) / p, x, dz)


@layer.wrong("the right units are dropped, but the others are divided by p", ask=_SURVIVE)
def divided_by_p(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through((u >= p) / p, x, dz)


@layer.wrong("the comparison is the wrong way round: units survive where u < p", ask=_SURVIVE)
def flipped(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through((u < p) / (1 - p), x, dz)


@layer.wrong("what survives is multiplied by 1 - p", ask="Units are missing. Must the others speak louder or softer?")
def multiplied(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through((u >= p) * (1 - p), x, dz)


@layer.wrong(
    "the division by 1 - p happens twice", ask="Where in your code does 1 - p stand, and how often is it used?"
)
def divided_twice(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through(_mask(p, u) / (1 - p), x, dz)


@layer.wrong("all examples share the coins of the first one", ask="u has a number for each example. Do you use them?")
def shared_coins(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return _through(np.broadcast_to(_mask(p, u[:1]), x.shape), x, dz)


@layer.wrong("forward divides by 1 - p, backward does not", ask="z = m·x/(1 − p). What is dz/dx?")
def backward_not_divided(p: Any, u: Any, dz: Any) -> Arrays:
    return {"dx": dz * (u >= p)}


@layer.wrong("backward divides by 1 - p, forward does not", ask="Do both directions use the same numbers?")
def forward_not_divided(p: Any, x: Any, u: Any) -> Arrays:
    return {"z": x * (u >= p)}


@layer.wrong("backward lets the whole gradient pass", ask="Did a dropped unit have any influence on the cost?")
def no_mask_in_backward(dz: Any) -> Arrays:
    return {"dx": dz}


@layer.wrong("backward divides by 1 - p, but drops nothing", ask="Did a dropped unit have any influence on the cost?")
def backward_only_divides(p: Any, dz: Any) -> Arrays:
    return {"dx": dz / (1 - p)}


@layer.wrong("backward multiplies by the output instead of the mask", ask="z = m·x/(1 − p). Is dz/dx equal to z?")
def times_output(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return {"dx": dz * x * _mask(p, u)}


@layer.wrong(
    "backward finds the mask by looking where the output is not 0",
    ask="A kept unit whose activation is exactly 0: may a gradient pass?",
)
def mask_from_output(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    return {"dx": dz * (x * _mask(p, u) != 0) / (1 - p)}


@layer.wrong("backward lets pass what was dropped", ask="Which units does True stand for in your mask?")
def backward_flipped(p: Any, u: Any, dz: Any) -> Arrays:
    return {"dx": dz * (u < p) / (1 - p)}


@layer.wrong(
    "backward uses the mask of another layer: all share one cache",
    ask="Two dropout layers are alive at the same time. Whose mask do you keep?",
)
def shared_cache(dz: Any, other_p: Any, other_u: Any) -> Arrays:
    return {"dx": dz * _mask(other_p, other_u)}


@layer.convention(
    "the share that was really kept divides, as in DropBlock; dropout divides by 1 - p",
    ask="What happens when, by chance, a small layer drops everything?",
)
def by_share_kept(p: Any, x: Any, u: Any, dz: Any) -> Arrays:
    kept = u >= p
    return _through(kept / kept.mean(), x, dz)


QUESTIONS = (layer,)
name_writing(*QUESTIONS)
