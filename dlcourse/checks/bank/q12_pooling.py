"""Exercise 12: max pooling, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import AUTOGRAD, LINEAR
from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import images
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS", "cells"]

ORDER = 4

Arrays = dict[str, Any]


def _inputs(rng: np.random.Generator) -> Arrays:
    """Images whose first cell has two equal winners that are positive, and upstream gradients."""
    x = rng.normal(size=(2, 3, 4, 6))
    x[:, :, 0, 1] = x[:, :, 1, 0] = 3 + rng.random((2, 3))
    return {
        "x": x,
        "dz": rng.normal(size=(2, 3, 2, 3)),
        "other_x": rng.normal(size=(2, 3, 4, 6)),
        "wide": rng.normal(size=(1, 2, 6, 9)),
        "dz_wide": rng.normal(size=(1, 2, 2, 3)),
    }


def cells(x: Any, k: int) -> Any:
    """The k·k numbers of every cell on the last axis, (N, C, OH, OW, k·k)."""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // k, k, W // k, k).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, H // k, W // k, k * k)


def _image(values: Any, k: int) -> Any:
    """Undo ``cells``."""
    N, C, OH, OW, _ = values.shape
    return values.reshape(N, C, OH, OW, k, k).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, OH * k, OW * k)


def _first_winner(x: Any, k: int) -> Any:
    """1 for the winner of each cell, the first of equal ones."""
    return np.eye(k * k)[cells(x, k).argmax(axis=-1)]


def _last_winner(x: Any, k: int) -> Any:
    return np.eye(k * k)[k * k - 1 - cells(x, k)[..., ::-1].argmax(axis=-1)]


def _every_winner(x: Any, k: int) -> Any:
    values = cells(x, k)
    return (values == values.max(axis=-1, keepdims=True)).astype(float)


def _gradients(x: Any, dz: Any, wide: Any, dz_wide: Any, share: Any) -> Arrays:
    """Both gradients, when ``share(x, k)`` says which part of a cell's gradient each of its pixels gets."""
    pairs = (("dx", x, dz, 2), ("dx of 3 × 3 cells", wide, dz_wide, 3))
    return {name: _image(share(image, k) * upstream[..., None], k) for name, image, upstream, k in pairs}


def _answer(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    gradients = _gradients(x, dz, wide, dz_wide, _first_winner)
    return {
        "z": cells(x, 2).max(axis=-1),
        **NOTHING_CHANGED,
        "dx": gradients["dx"],
        "z of 3 × 3 cells": cells(wide, 3).max(axis=-1),
        "dx of 3 × 3 cells": gradients["dx of 3 × 3 cells"],
    }


_AXES = ("image", "map", "row", "column")

max_pool = Question(
    "12.max_pool",
    points=4,
    minutes=15,
    title="Max pooling, forward and backward",
    called_as="layer = MaxPool(k); z = layer.forward(x); dx = layer.backward(dz)",
    tested=(
        "cells of 2 × 2 in images of 4 × 6, of which one cell has two equal winners, while a second layer is in use; "
        "cells of 3 × 3 in images of 6 × 9; no array may change"
    ),
    inputs=_inputs,
    drive=images.max_pool,
    answer=_answer,
    axes=dict.fromkeys(("z", "dx", "z of 3 × 3 cells", "dx of 3 × 3 cells"), _AXES),
    off_limits=(*AUTOGRAD, *LINEAR, "torch.max_pool2d", "torch.nn.functional", "dlcourse.torch.functional"),
)
max_pool.hint("x.reshape(N, C, H // k, k, W // k, k) has a cell on axes 3 and 5.")
max_pool.hint("Keep which pixel won. np.argmax gives one winner, also where two are equal.")


@max_pool.wrong(
    "each of several equal winners gets the whole gradient",
    ask="z moves by 1 when the winner moves by 1. Do two equal pixels together send back more than arrived?",
)
def all_winners(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, dz, wide, dz_wide, _every_winner)


@max_pool.accepts("of equal pixels the last one wins")
def last_winner(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, dz, wide, dz_wide, _last_winner)


@max_pool.accepts("equal pixels share the gradient evenly")
def shared_among_winners(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    def share(image: Any, k: int) -> Any:
        winners = _every_winner(image, k)
        return winners / winners.sum(axis=-1, keepdims=True)

    return _gradients(x, dz, wide, dz_wide, share)


@max_pool.wrong("the mean of each cell is taken in forward", ask="What does max pooling keep of the cell 1, 3, 2, 4?")
def mean_forward(x: Any, wide: Any) -> Arrays:
    return {"z": cells(x, 2).mean(axis=-1), "z of 3 × 3 cells": cells(wide, 3).mean(axis=-1)}


@max_pool.wrong(
    "the gradient is shared by all pixels of a cell, as for average pooling",
    ask="What happens to z when a pixel that did not win moves a little?",
)
def shared_by_all(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, dz, wide, dz_wide, lambda image, k: np.full((*cells(image, k).shape[:-1], k * k), 1 / k**2))


@max_pool.wrong(
    "every pixel of a cell gets the whole gradient",
    ask="What happens to z when a pixel that did not win moves a little?",
)
def copied_to_all(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, dz, wide, dz_wide, lambda image, k: np.ones((*cells(image, k).shape[:-1], k * k)))


@max_pool.wrong(
    "the gradient goes to the first pixel of each cell, whoever won", ask="Where did you keep which pixel won?"
)
def to_the_corner(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, dz, wide, dz_wide, lambda image, k: np.eye(k * k)[np.zeros(cells(image, k).shape[:-1], int)])


@max_pool.wrong(
    "the gradient is multiplied by the winner's value", ask="z = x at the winner. What is the derivative of x by x?"
)
def times_value(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, dz, wide, dz_wide, lambda image, k: _first_winner(image, k) * cells(image, k))


@max_pool.wrong(
    "the upstream gradient is left out", ask="Which part of the chain rule says how much the rest cares about z?"
)
def without_upstream(x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(x, np.ones_like(dz), wide, np.ones_like(dz_wide), _first_winner)


@max_pool.wrong(
    "the winners of another layer are used: all share one cache",
    ask="Two layers are alive at the same time. Whose winners do you keep?",
)
def shared_cache(other_x: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    return _gradients(other_x, dz, wide, dz_wide, _first_winner)


QUESTIONS = (max_pool,)
name_writing(*QUESTIONS)
