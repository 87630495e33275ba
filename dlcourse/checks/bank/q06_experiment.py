"""Exercise 06: an experiment with a budget of gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS
from dlcourse.checks.bank.q06_adam import Adam
from dlcourse.checks.drives import optimizers
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 10

Arrays = dict[str, Any]

_FINITE = "the weights are finite numbers"
_FELL = "the training cost is below that of the first W"
_FASTER = "it is below that of SGD at its best rate"
_HALF = "it is at most half of that of SGD at its best rate"

STEPS = 300
_EXAMPLES = 600


def _digits() -> tuple[Any, Any]:
    from dlcourse.data import load_digits

    digits = load_digits()
    images = digits.X.reshape(len(digits), -1).astype(float)
    return images - images.mean(axis=0), digits.y


def _cost(W: Any, X: Any, y: Any) -> float:
    z = X @ W.T
    z = z - z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean())


def _sgd(lr: float) -> Any:
    def train(gradient: Any, W: Any, steps: int) -> Any:
        for _ in range(steps):
            W = W - lr * gradient(W)
        return W

    return train


def _adam(gradient: Any, W: Any, steps: int) -> Any:
    optimizer = Adam(0.9, 0.999, 1e-8)
    for _ in range(steps):
        W = optimizer.step(W, gradient(W), 0.1)
    return W


def _inputs(rng: np.random.Generator) -> Arrays:
    """Digits whose pixels have units from 0.01 to 2, in another order each time, and the best that SGD does."""
    images, labels = _digits()
    rows = rng.permutation(len(images))[:_EXAMPLES]
    units = 10 ** rng.permutation(np.linspace(-2, 0.3, 64))
    X, y = np.column_stack([4 * images[rows] * units, np.ones(_EXAMPLES)]), labels[rows]
    order = rng.integers(_EXAMPLES, size=(STEPS, 32))
    costs = [_cost(optimizers.fast_descent(_sgd(lr), X, y, order)["W"], X, y) for lr in (0.1, 0.3, 1.0, 3.0)]
    return {"X": X, "y": y, "order": order, "sgd_cost": min(cost for cost in costs if np.isfinite(cost))}


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    W, X, y = raw["W"], inputs["X"], inputs["y"]
    if W.shape != (10, X.shape[1]):
        raise Unusable(f"train_fast returned shape {W.shape}, expected {(10, X.shape[1])}")
    finite = bool(np.isfinite(W).all())
    cost = _cost(W, X, y) if finite else np.inf
    return {
        _FINITE: finite,
        _FELL: bool(cost < np.log(10)),
        _FASTER: bool(cost < inputs["sgd_cost"]),
        _HALF: bool(cost <= 0.5 * inputs["sgd_cost"]),
    }


train_fast = Question(
    "06.train_fast",
    points=4,
    minutes=20,
    title="An experiment: twice as good as SGD with the same gradients",
    called_as="W = train_fast(gradient, W, steps), where gradient(W) gives that of the next mini-batch",
    tested="softmax regression on 600 digits whose 64 pixels have units from 0.01 to 2, with 300 gradients; SGD had "
    "the best of four rates",
    inputs=_inputs,
    drive=optimizers.fast_descent,
    judge=Judge(reads=("W",), facts=_facts, hidden=("sgd_cost",)),
    answer=lambda **inputs: _facts(
        optimizers.fast_descent(_adam, **{name: inputs[name] for name in ("X", "y", "order")}), inputs
    ),
    off_limits=OFF_LIMITS,
)
train_fast.hint("Which of your optimizers does not mind that the pixels have different units?")
train_fast.hint("Then the rate, in factors of three. The weights must get from 0 to where they belong in 300 steps.")


@train_fast.wrong("the weights exploded", ask="By which factor would you lower the rate first?")
def exploded() -> Arrays:
    return {_FINITE: False, _FELL: False, _FASTER: False, _HALF: False}


@train_fast.wrong(
    "nothing was learned: the cost is no lower than at the start",
    ask="Is the W that you return the one that you trained?",
)
def not_learned() -> Arrays:
    return {_FELL: False, _FASTER: False, _HALF: False}


@train_fast.wrong(
    "it learns, but no better than SGD at its best rate", ask="Which optimizers have a rate for each weight?"
)
def no_better() -> Arrays:
    return {_FASTER: False, _HALF: False}


@train_fast.wrong(
    "it beats SGD, but not by half: probably the right kind of rule at a rate that is not yet right",
    ask="What happens at three times the rate, and at a third of it?",
)
def not_by_half() -> Arrays:
    return {_HALF: False}


QUESTIONS = (train_fast,)
