"""Exercise 03: gradients of a network in PyTorch, and twenty examples learned by heart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import sanity
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


def _norms(model: Any, loss_fn: Any, X: Any, y: Any) -> dict[str, float]:
    model.zero_grad()
    loss_fn(model(X), y).backward()
    return {name: parameter.grad.norm().item() for name, parameter in model.named_parameters()}


gradient_norms = Question(
    "03.gradient_norms",
    points=3,
    minutes=10,
    title="Look at the gradients of a network in PyTorch",
    called_as="norms = gradient_norms(model, loss_fn, X, y)",
    tested="a two-layer network, asked twice in a row: the same norms, and the same weights as before",
    inputs=lambda rng: {
        "W1": rng.normal(size=(4, 3)),
        "W2": rng.normal(size=(3, 4)),
        "X": rng.normal(size=(6, 3)),
        "y": rng.permutation([0, 0, 1, 1, 2, 2]),
    },
    drive=sanity.gradient_norms,
    answer=lambda **inputs: sanity.gradient_norms(_norms, **inputs),
    labels=dict.fromkeys(("norms", "norms when asked again"), ("0.weight", "2.weight")),
    rtol=1e-6,
)
gradient_norms.hint("model.named_parameters() gives pairs of name and parameter; p.grad.norm().item() is a number.")
gradient_norms.hint("What is in .grad when your function is called the second time?")


@gradient_norms.wrong(
    "the gradients are not cleared first", ask="Ask twice in a row: why is the answer larger?", as_student=True
)
def not_cleared(model: Any, loss_fn: Any, X: Any, y: Any) -> Any:
    loss_fn(model(X), y).backward()
    return {name: parameter.grad.norm().item() for name, parameter in model.named_parameters()}


@gradient_norms.wrong(
    "the norms of the weights are returned", ask="What is the difference of p and p.grad?", as_student=True
)
def of_weights(model: Any, loss_fn: Any, X: Any, y: Any) -> Any:
    _norms(model, loss_fn, X, y)
    return {name: parameter.norm().item() for name, parameter in model.named_parameters()}


@gradient_norms.wrong("the squared norms are returned", ask="Which length has the vector (3, 4)?", as_student=True)
def squared(model: Any, loss_fn: Any, X: Any, y: Any) -> Any:
    return {name: norm**2 for name, norm in _norms(model, loss_fn, X, y).items()}


@gradient_norms.wrong(
    "a training step is made on the way, so the weights change",
    ask="Should a measurement change what it measures?",
    as_student=True,
)
def with_a_step(model: Any, loss_fn: Any, X: Any, y: Any) -> Any:
    import torch

    norms = _norms(model, loss_fn, X, y)
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return norms


@gradient_norms.wrong("the mean of the absolute values is returned", ask="How is a norm defined?", as_student=True)
def mean_absolute(model: Any, loss_fn: Any, X: Any, y: Any) -> Any:
    _norms(model, loss_fn, X, y)
    return {name: parameter.grad.abs().mean().item() for name, parameter in model.named_parameters()}


_LIMIT = 0.003


def _learned(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    y, logits, costs = inputs["y"], raw["logits"], raw["costs"]
    if logits.shape != (len(y), 10) or costs.ndim != 1 or not costs.size:
        raise Unusable(f"overfit: expected logits of shape ({len(y)}, 10) and a list of costs, got {logits.shape}")
    shifted = logits - logits.max(axis=1, keepdims=True)
    cost = (np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]).mean()
    return {
        "the first cost is at chance level": bool(abs(costs[0] - np.log(10)) < 0.35),
        "the cost of your logits is below 0.003": bool(cost < _LIMIT),
        "all 20 are right": bool((logits.argmax(axis=1) == y).all()),
        "the last cost in the list is near that of the logits": bool(abs(costs[-1] - cost) < 0.05),
    }


def _twenty(rng: np.random.Generator) -> Arrays:
    from dlcourse import data

    digits = data.load_digits()
    rows = np.concatenate([rng.choice(np.flatnonzero(digits.y == digit), 2, replace=False) for digit in range(10)])
    images = digits.X.reshape(len(digits.X), -1).astype(float)[rng.permutation(rows)]
    labels = {
        image.tobytes(): label for image, label in zip(digits.X.reshape(len(digits.X), -1).astype(float), digits.y)
    }
    return {
        "X": (images - images.mean()) / images.std(),
        "y": np.array([labels[image.tobytes()] for image in images]),
        "seed": rng.integers(0, 10_000),
    }


overfit = Question(
    "03.overfit",
    points=4,
    minutes=20,
    title="An experiment: twenty digits by heart",
    called_as="costs, logits = overfit(X, y, rng)",
    tested="20 digits that you have not seen, two of each class: the cost must fall below 0.003, and all must be right",
    inputs=_twenty,
    drive=sanity.overfit,
    judge=Judge(reads=("costs", "logits"), facts=_learned),
    answer=lambda: {
        "the first cost is at chance level": True,
        "the cost of your logits is below 0.003": True,
        "all 20 are right": True,
        "the last cost in the list is near that of the logits": True,
    },
    trains=True,
)
overfit.hint("One hidden layer of 50 ReLU units and plain gradient descent on all 20 at once are enough.")
overfit.hint("If the cost falls too slowly, raise the rate until it jumps, then take a third of that.")


@overfit.wrong(
    "the network has not learned them by heart",
    ask="How small can the cost of 20 examples become, and what holds it up?",
)
def not_enough() -> Arrays:
    return {"the cost of your logits is below 0.003": False, "all 20 are right": False}


@overfit.wrong("all are right, but the cost is not below 0.003", ask="How sure is your network of its answers?")
def not_sure() -> Arrays:
    return {"the cost of your logits is below 0.003": False}


@overfit.wrong("the first cost is not the chance level", ask="How large are your first logits?")
def bad_start() -> Arrays:
    return {"the first cost is at chance level": False}


@overfit.wrong(
    "the costs are those of another network, or were noted at other moments than the logits",
    ask="Which weights made the last cost in your list, and which made the logits?",
)
def other_costs() -> Arrays:
    return {"the last cost in the list is near that of the logits": False}


QUESTIONS = (gradient_norms, overfit)
