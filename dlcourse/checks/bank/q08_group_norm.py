"""Exercise 08: group norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q08_batchnorm import LIBRARY, UNCHANGED
from dlcourse.checks.drives import norms
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]
_ALONE = "y of one image alone"


def _inputs(rng: np.random.Generator) -> Arrays:
    """Images (3, 12, 2, 3), each channel of another size and place, in 2 or 4 groups."""
    N, C, H, W = 3, 12, 2, 3
    size, place = rng.uniform(0.3, 2.0, (N, C, 1, 1)), rng.normal(0, 2, (N, C, 1, 1))
    return {
        "x": place + size * rng.normal(size=(N, C, H, W)),
        "groups": rng.choice([2, 4]),
        "gamma": rng.choice([-1.0, 1.0], C) * rng.uniform(0.5, 2.0, C),
        "beta": rng.normal(size=C),
        "eps": np.array(1e-3),
    }


def _scaled(x_hat: Any, gamma: Any, beta: Any) -> Any:
    return gamma[:, None, None] * x_hat + beta[:, None, None]


def _usual_std(var: Any, eps: Any) -> Any:
    return np.sqrt(var + eps)


def _standardised(x: Any, eps: Any, axes: Any, ddof: int = 0, std: Any = _usual_std) -> Any:
    return (x - x.mean(axes, keepdims=True)) / std(x.var(axes, keepdims=True, ddof=ddof), eps)


def _grouped(x: Any, groups: Any, eps: Any, axes: Any = (2, 3, 4), **options: Any) -> Any:
    N, C, H, W = x.shape
    parts = x.reshape(N, int(groups), C // int(groups), H, W)
    return _standardised(parts, eps, axes, **options).reshape(x.shape)


def _both(x_hat_of: Any, x: Any, gamma: Any, beta: Any) -> Arrays:
    """The outputs for all images and for the first alone; ``x_hat_of`` normalises."""
    return {"y": _scaled(x_hat_of(x), gamma, beta), _ALONE: _scaled(x_hat_of(x[:1]), gamma, beta)}


group_norm = Question(
    "08.group_norm",
    points=3,
    minutes=12,
    title="Group norm",
    called_as="y = group_norm(x, groups, gamma, beta, eps)",
    tested="three images of 12 channels in 2 or 4 groups, each channel of another size; then one image alone",
    inputs=_inputs,
    drive=norms.group_norm,
    answer=lambda x, groups, gamma, beta, eps: {
        **_both(lambda images: _grouped(images, groups, eps), x, gamma, beta),
        UNCHANGED: True,
    },
    axes={"y": ("image", "channel", "row", "column"), _ALONE: ("image", "channel", "row", "column")},
    off_limits=LIBRARY,
)
group_norm.hint("Reshape to (N, groups, C // groups, H, W): neighbouring channels then share a group.")
group_norm.hint(
    "Mean and variance over the last three axes, back to (N, C, H, W), then gamma and beta of each channel."
)


@group_norm.wrong("all channels form one group: this is layer norm", ask="What does `groups` do in your code?")
def one_group(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _standardised(images, eps, (1, 2, 3)), x, gamma, beta)


@group_norm.wrong("each channel is a group of its own: this is instance norm", ask="How many channels share a mean?")
def group_each(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _standardised(images, eps, (2, 3)), x, gamma, beta)


@group_norm.wrong(
    "mean and variance are taken over the batch: this is batch norm", ask="May one image change another one's output?"
)
def over_batch_instead(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _standardised(images, eps, (0, 2, 3)), x, gamma, beta)


@group_norm.wrong("groups are right, but the batch is averaged too", ask="Why was group norm made for small batches?")
def groups_over_batch(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, axes=(0, 2, 3, 4)), x, gamma, beta)


@group_norm.wrong("`groups` is taken for the number of channels in a group", ask="How many groups came out?")
def size_for_number(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, x.shape[1] // int(groups), eps), x, gamma, beta)


@group_norm.wrong(
    "every k-th channel is grouped, not neighbours", ask="Which channels are in the first group: 0, 1, 2 or 0, 4, 8?"
)
def interleaved(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    def normalise(images: Any) -> Any:
        N, C, H, W = images.shape
        parts = images.reshape(N, C // int(groups), int(groups), H, W)
        return _standardised(parts, eps, (1, 3, 4)).reshape(images.shape)

    return _both(normalise, x, gamma, beta)


@group_norm.wrong(
    "pixels are not averaged: each has a mean and a variance of its own",
    ask="How many numbers are averaged together: the channels of a group, or their pixels as well?",
)
def each_pixel(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, axes=2), x, gamma, beta)


@group_norm.wrong("the variance is divided by its count minus 1", ask="Which variance makes the spread exactly 1?")
def unbiased_group(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, ddof=1), x, gamma, beta)


@group_norm.wrong("eps is left out", ask="What does a group do that is the same everywhere?")
def no_eps_in_group(x: Any, groups: Any, gamma: Any, beta: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, 0.0), x, gamma, beta)


@group_norm.wrong("the variance divides, not its root", ask="Which of the two has the unit of x?")
def no_root(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, std=lambda var, eps: var + eps), x, gamma, beta)


@group_norm.convention(
    "eps is added to the deviation, outside the root; here it belongs under it",
    ask="For a variance of 1e-5: what is √(var + eps), and what is √var + eps?",
)
def eps_outside(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, std=lambda var, eps: np.sqrt(var) + eps), x, gamma, beta)


@group_norm.wrong("gamma and beta are left out", ask="What are gamma and beta for?")
def not_scaled(x: Any, groups: Any, eps: Any) -> Arrays:
    return {"y": _grouped(x, groups, eps), _ALONE: _grouped(x[:1], groups, eps)}


@group_norm.wrong(
    "an array that was given is written into", ask="`x -= m` changes x for its owner. What does x - m do?"
)
def group_writes() -> Arrays:
    return {UNCHANGED: False}


QUESTIONS = (group_norm,)
