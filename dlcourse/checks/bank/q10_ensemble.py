"""Exercise 10: every sub-network of a small layer, and what they say together."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from dlcourse.checks.drives import dropout
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _masks(h: Any) -> Any:
    return np.array(list(product((0.0, 1.0), repeat=h.shape[1])))


def _chances(masks: Any, p: Any) -> Any:
    return np.where(masks == 1, 1 - p, p).prod(axis=1)


def _members(h: Any, W: Any, b: Any, scale: Any) -> Any:
    """The probabilities (32, N, C) of all sub-networks; what is kept is multiplied by ``scale``."""
    return _softmax(np.array([(m * h * scale) @ W.T + b for m in _masks(h)]))


def _normalised(P: Any) -> Any:
    return P / P.sum(axis=1, keepdims=True)


def _geometric(members: Any, chances: Any) -> Any:
    return _normalised(np.exp(np.tensordot(chances, np.log(members), axes=1)))


def _both(members: Any, chances: Any) -> Arrays:
    return {
        "geometric mean": _geometric(members, chances),
        "arithmetic mean": np.tensordot(chances, members, axes=1),
    }


def _answer(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    members = _members(h, W, b, 1 / (1 - p))
    return {"one pass": _softmax(h @ W.T + b), **_both(members, _chances(_masks(h), p))}


_SUMS = Invariant(
    "each row of both means adds up to 1",
    lambda out, _: all(np.allclose(out[name].sum(1), 1) for name in ("geometric mean", "arithmetic mean")),
)

ensemble = Question(
    "10.ensemble",
    points=4,
    minutes=18,
    title="All sub-networks of a small layer",
    called_as="one_pass, geometric, arithmetic = ensemble(h, W, b, p)",
    tested="four examples, five hidden units (32 masks), three classes, and a p that is not 0.5",
    inputs=lambda rng: {
        "h": np.abs(rng.normal(size=(4, 5))) + 0.1,
        "W": rng.normal(size=(3, 5)),
        "b": rng.normal(size=3),
        "p": rng.choice([0.2, 0.3, 0.7]),
    },
    drive=dropout.all_masks,
    answer=_answer,
    axes=dict.fromkeys(("one pass", "geometric mean", "arithmetic mean"), ("example", "class")),
    invariants=(_SUMS,),
    off_limits=("torch", "dlcourse.training", "dlcourse.numpy.functional", "dlcourse.numpy.nn", "scipy"),
)
ensemble.hint("itertools.product((0, 1), repeat=n) gives all masks. Some are more likely than others.")
ensemble.hint("The chance of a mask: (1 - p) for each unit that is kept, times p for each one that is dropped.")
ensemble.hint("A weighted geometric mean: exp of the weighted mean of log P; then divide each row by its sum.")


@ensemble.wrong(
    "all masks count the same", ask="For p = 0.2, which is more likely: to keep all five units, or to drop all five?"
)
def equal_chances(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return _both(_members(h, W, b, 1 / (1 - p)), np.full(2 ** h.shape[1], 0.5 ** h.shape[1]))


@ensemble.wrong("p is taken for the probability to keep", ask="For p = 0.2, which is the most likely mask?")
def chances_exchanged(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return _both(_members(h, W, b, 1 / (1 - p)), _chances(_masks(h), 1 - p))


@ensemble.wrong("the sub-networks are not scaled by 1/(1 - p)", ask="What does dropout do to the units that it keeps?")
def members_not_scaled(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return _both(_members(h, W, b, 1.0), _chances(_masks(h), p))


@ensemble.wrong("what is kept is divided by p, not by 1 - p", ask="With which probability is a unit kept?")
def divided_by_p(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return _both(_members(h, W, b, 1 / p), _chances(_masks(h), p))


@ensemble.wrong(
    "in the geometric mean all masks count the same",
    ask="Where does the probability of a mask stand in a product: as a factor, or as an exponent?",
)
def equal_in_the_product(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    members = _members(h, W, b, 1 / (1 - p))
    return {"geometric mean": _geometric(members, np.full(len(members), 1 / len(members)))}


@ensemble.wrong("the bias is scaled as well", ask="Which part of W·(m ∘ h)/(1 − p) + b is dropped, and so scaled up?")
def bias_scaled(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return _both(_members(h, W, b / (1 - p), 1 / (1 - p)), _chances(_masks(h), p))


@ensemble.wrong("the geometric mean is not scaled to add up to 1", ask="What do the three classes add up to?")
def not_normalised(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    members = _members(h, W, b, 1 / (1 - p))
    return {"geometric mean": np.exp(np.tensordot(_chances(_masks(h), p), np.log(members), axes=1))}


@ensemble.wrong(
    "the arithmetic mean is taken of the logits",
    ask="The softmax of a mean, or the mean of softmaxes: which is asked for?",
)
def mean_of_logits(h: Any, W: Any, b: Any) -> Arrays:
    return {"arithmetic mean": _softmax(h @ W.T + b)}


@ensemble.wrong(
    "the two means are exchanged", ask="Which of your two means multiplies probabilities, and which adds them?"
)
def means_exchanged(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    right = _answer(h, W, b, p)
    return {"geometric mean": right["arithmetic mean"], "arithmetic mean": right["geometric mean"]}


@ensemble.wrong("one pass is scaled by 1 - p", ask="With inverted dropout, what happens at test time?")
def one_pass_scaled(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return {"one pass": _softmax((1 - p) * h @ W.T + b)}


@ensemble.wrong("one pass still divides by 1 - p", ask="All units speak now. What is there to make up for?")
def one_pass_divided(h: Any, W: Any, b: Any, p: Any) -> Arrays:
    return {"one pass": _softmax(h @ W.T / (1 - p) + b)}


QUESTIONS = (ensemble,)
