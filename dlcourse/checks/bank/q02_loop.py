"""Exercise 02: the four-step loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import data
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3


def _train(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, list[float]]:
    costs = []
    for _ in range(epochs):
        for X, y in batches():
            cost, dW = cost_and_gradient(W, X, y)
            W = W - lr * dW
            costs.append(cost)
    return W, costs


train = Question(
    "02.train",
    points=3,
    minutes=10,
    title="The four-step loop",
    called_as="W, costs = train(W, cost_and_gradient, batches, lr, epochs)",
    tested="three epochs of linear regression on 10 examples in batches of 4: the cost of each step, then W",
    inputs=lambda rng: {
        "W": rng.normal(size=3),
        "X": rng.normal(size=(10, 3)),
        "y": rng.normal(size=10),
        "orders": np.stack([rng.permutation(10) for _ in range(3)]),
        "batch_size": np.array(4),
        "lr": rng.uniform(0.05, 0.1),
        "epochs": np.array(3),
    },
    drive=data.train,
    answer=lambda **inputs: data.train(_train, **inputs),
    steps=("costs",),
)
train.hint("Two loops: over the epochs, and in each over batches().")
train.hint("A batch, forward and backward with cost_and_gradient(W, X, y), then the update. Keep the cost.")


@train.wrong("the step goes uphill", ask="Where does the gradient point?", as_student=True)
def uphill(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:
    return _train(W, cost_and_gradient, batches, -lr, epochs)


@train.wrong("the learning rate is left out", ask="What does your loop do with lr?", as_student=True)
def no_rate(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:  # noqa: ARG001
    return _train(W, cost_and_gradient, batches, 1.0, epochs)


@train.wrong(
    "batches() is called once, so that every epoch has the order of the first",
    ask="When does batches() shuffle: when it is called, or when you go through it?",
    as_student=True,
)
def never_reshuffled(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:
    first = batches()
    return _train(W, cost_and_gradient, lambda: first, lr, epochs)


@train.wrong(
    "W changes once an epoch, by the sum of all gradients",
    ask="Which weights does the second batch of an epoch see?",
    as_student=True,
)
def once_an_epoch(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:
    costs = []
    for _ in range(epochs):
        pairs = [cost_and_gradient(W, X, y) for X, y in batches()]
        costs += [cost for cost, _ in pairs]
        W = W - lr * sum(dW for _, dW in pairs)
    return W, costs


@train.wrong(
    "the cost is measured after the update", ask="Which weights made the prediction of this step?", as_student=True
)
def cost_after(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:
    costs = []
    for _ in range(epochs):
        for X, y in batches():
            W = W - lr * cost_and_gradient(W, X, y)[1]
            costs.append(cost_and_gradient(W, X, y)[0])
    return W, costs


@train.wrong(
    "the gradient is always taken at the first W: the update is not used",
    ask="Which W do you hand to cost_and_gradient in the second step?",
    as_student=True,
)
def stale_weights(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:
    start, costs = W, []
    for _ in range(epochs):
        for X, y in batches():
            cost, dW = cost_and_gradient(start, X, y)
            W = W - lr * dW
            costs.append(cost)
    return W, costs


@train.wrong("only one epoch is trained", ask="Where does your loop use epochs?", as_student=True)
def one_epoch(W: Any, cost_and_gradient: Any, batches: Any, lr: float, epochs: int) -> tuple[Any, Any]:  # noqa: ARG001
    return _train(W, cost_and_gradient, batches, lr, 1)


QUESTIONS = (train,)
