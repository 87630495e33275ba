"""Exercise 09: max-norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


def _rows(rng: np.random.Generator) -> Arrays:
    """Five units: two longer than c, two shorter (one with a square above c), one all zeros, in random order."""
    c = rng.uniform(1.5, 2.5)
    rows = rng.normal(size=(5, 3))
    lengths = c * np.array([*rng.uniform(1.2, 3, size=2), rng.uniform(0.2, 0.6), rng.uniform(0.85, 0.95), 0.0])
    W = rows / np.linalg.norm(rows, axis=1, keepdims=True) * lengths[:, None] + 0.0  # no −0 in the row of zeros
    return {"W": W[rng.permutation(5)], "c": c}


def _norms(W: Any) -> Any:
    return np.sqrt((W**2).sum(axis=1, keepdims=True))


max_norm = Question(
    "09.max_norm",
    points=2,
    minutes=8,
    title="Max-norm: project, if it is too long",
    called_as="W_new = max_norm(W, c)",
    tested="W (5, 3): two units longer than c, two shorter, one with all weights 0; W itself must stay as it is",
    inputs=_rows,
    drive=regularisation.max_norm,
    answer=lambda W, c: {
        "W": W * c / np.maximum(_norms(W), c),
        "the W given is left as it was": True,
    },
    off_limits=("dlcourse.numpy.optim", "dlcourse.torch.optim", "torch.renorm", "torch.nn.utils"),
)
max_norm.hint("W is (out, in): one unit is one row, so a norm for each row, along axis 1, with keepdims=True.")
max_norm.hint("The factor is 1 for short rows and c/‖w‖ for long ones. What is it for a row of zeros?")


@max_norm.wrong(
    "every row is brought to length c, short ones are blown up, and zeros become NaN",
    ask="What should happen to a unit inside the fence?",
)
def always(W: Any, c: Any) -> Arrays:
    return {"W": W * c / _norms(W)}


@max_norm.wrong(
    "every row but that of zeros is brought to length c: short ones are blown up",
    ask="What should happen to a unit inside the fence?",
)
def always_but_zeros(W: Any, c: Any) -> Arrays:
    norms = _norms(W)
    return {"W": W * c / np.where(norms > 0, norms, 1.0)}


@max_norm.wrong("columns are projected instead of rows", ask="W is (out, in). Along which axis lies one unit?")
def columns(W: Any, c: Any) -> Arrays:
    return {"W": W * c / np.maximum(np.sqrt((W**2).sum(axis=0)), c)}


@max_norm.wrong("one norm of the whole matrix decides", ask="Does each unit have a fence of its own?")
def whole_matrix(W: Any, c: Any) -> Arrays:
    return {"W": W * c / max(np.sqrt((W**2).sum()), c)}


@max_norm.wrong("the squared norm is compared with c", ask="How long is a row whose squares sum up to 9?")
def squared_norm(W: Any, c: Any) -> Arrays:
    return {"W": W * c / np.maximum(_norms(W) ** 2, c)}


@max_norm.wrong(
    "a row is projected when its squared norm is above c", ask="How long is a row whose squares sum up to 3?"
)
def square_decides(W: Any, c: Any) -> Arrays:
    norms = _norms(W)
    return {"W": np.where(norms**2 > c, W * c / np.where(norms > 0, norms, 1.0), W)}


@max_norm.wrong("long rows get length 1 instead of c", ask="How long is w / ‖w‖?")
def unit_length(W: Any, c: Any) -> Arrays:
    return {"W": np.where(_norms(W) > c, W / _norms(W), W)}


@max_norm.wrong("each entry is clipped, so the direction changes", ask="Is a projected row parallel to the old one?")
def clipped(W: Any, c: Any) -> Arrays:
    return {"W": np.clip(W, -c, c)}


@max_norm.wrong("long rows become 0", ask="Is a unit that is too loud worth nothing?")
def zeroed(W: Any, c: Any) -> Arrays:
    return {"W": np.where(_norms(W) > c, 0.0, W)}


@max_norm.wrong("0/0: a row of zeros becomes NaN", ask="Which factor does a row have whose norm is 0?")
def nan_for_zeros(W: Any, c: Any) -> Arrays:
    norms = _norms(W)
    return {"W": W / norms * np.minimum(norms, c)}


def _with_small_number(small: float) -> Any:
    """An answer that adds a small number to the norm, as torch.renorm does with 1e-7."""

    def projected(W: Any, c: Any) -> Arrays:
        return {"W": W * np.minimum(1, c / (_norms(W) + small))}

    projected.__name__ = f"small_number_{small:g}"
    return projected


for small in (1e-8, 1e-7, 1e-6):
    max_norm.accepts(f"{small:g} is added to the norm")(_with_small_number(small))


@max_norm.wrong("the W that was given is changed", ask="Who else holds that array? What does W *= factor do to it?")
def writes() -> Arrays:
    return {"the W given is left as it was": False}


QUESTIONS = (max_norm,)
