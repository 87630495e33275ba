"""Drives for questions about sanity checks: gradient checks, first costs, early breaks, memorising."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, Watch, function, numbers, several

__all__ = [
    "first_cost",
    "gradient_norms",
    "numerical_gradient",
    "overfit",
    "relative_error",
    "stop_early",
    "tiny_rate",
    "update_ratios",
]


def numerical_gradient(student: Any, w: Array, A: Array) -> dict[str, Array]:
    """Ask for the gradient of a curved function in which every weight meets every other."""
    watch = Watch(w)

    def f(v: Array) -> float:
        z = A @ np.asarray(v).ravel()
        return float(np.sin(z).sum() + 0.1 * z.prod())

    gradient = numbers(function(student)(f, w), "numerical_gradient")
    return {"gradient": gradient.astype(float), "w is left as it was": watch.unchanged()}


def relative_error(student: Any, analytic: Array, numeric: Array, flat: Array) -> dict[str, Array]:
    """Compare two gradients, then two that are 0 in some places, then a gradient with itself."""
    ask = function(student)
    with np.errstate(all="ignore"):
        return {
            "error": numbers(ask(analytic, numeric), "relative_error"),
            "error where some gradients are 0": numbers(ask(flat, flat * 1.01), "relative_error"),
            "error of a gradient with itself": numbers(ask(analytic, analytic), "relative_error"),
        }


def first_cost(student: Any, classes: Array, weight_decay: Array, W1: Array, W2: Array) -> dict[str, Array]:
    """Ask for the cost at chance level, without the L2 penalty and with it."""
    ask = function(student)
    return {
        "cost without penalty": numbers(ask(int(classes), 0.0, [W1, W2]), "first_cost"),
        "cost with penalty": numbers(ask(int(classes), float(weight_decay), [W1, W2]), "first_cost"),
    }


def tiny_rate(student: Any, X: Array, y: Array, W: Array) -> dict[str, Array]:
    """Take one small gradient step with the student's measurement before and after it."""
    measure = function(student)
    before = several(measure(X, y, W), ("cost", "accuracy"), "cost_and_accuracy")
    z = X @ W.T
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    after = several(measure(X, y, W - 0.05 * p.T @ X / len(y)), ("cost", "accuracy"), "cost_and_accuracy")
    return {
        "cost": before[0],
        "accuracy": before[1],
        "cost after a step": after[0],
        "accuracy after a step": after[1],
    }


def stop_early(student: Any, fine: Array, explodes: Array, nan: Array, late: Array) -> dict[str, Array]:
    """Run four trainings whose costs are given; keep the costs that the student's loop recorded."""
    outputs = {}
    for name, costs in (("fine", fine), ("explodes", explodes), ("NaN", nan), ("far above its best", late)):
        done: list[float] = []

        def train_step(costs: Array = costs, done: list[float] = done) -> float:
            if len(done) >= len(costs):
                raise Unusable("stop_early: train_step was called more often than `updates` says")
            done.append(float(costs[len(done)]))
            return done[-1]

        outputs[f"costs of the run: {name}"] = numbers(function(student)(train_step, len(costs)), "stop_early").astype(
            float
        )
        outputs[f"updates made: {name}"] = np.array(len(done))
    return outputs


def update_ratios(student: Any, W1: Array, b1: Array, W2: Array, d1: Array, e1: Array, d2: Array) -> dict[str, Array]:
    """Ask for the ratio of update to weight for three arrays of very different size."""
    before, after = [W1, b1, W2], [W1 + d1, b1 + e1, W2 + d2]
    return {"ratios": numbers(function(student)(before, after), "update_ratios")}


def gradient_norms(student: Any, W1: Array, W2: Array, X: Array, y: Array) -> dict[str, Array]:
    """Ask twice for the norms of a small network's gradients, and look whether it is left as it was."""
    import torch

    nn = torch.nn
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        first: Any = nn.Linear(W1.shape[1], W1.shape[0], bias=False)
        second: Any = nn.Linear(W2.shape[1], W2.shape[0], bias=False)
        model: Any = nn.Sequential(first, nn.Tanh(), second).double()
    with torch.no_grad():
        first.weight.copy_(torch.from_numpy(W1))
        second.weight.copy_(torch.from_numpy(W2))
    results = []
    for _ in range(2):
        norms = function(student)(model, nn.functional.cross_entropy, torch.from_numpy(X), torch.from_numpy(y))
        if not isinstance(norms, dict):
            raise Unusable(f"gradient_norms returned a {type(norms).__name__}, expected a dictionary: name -> norm")
        if set(norms) != {"0.weight", "2.weight"}:
            raise Unusable(f"gradient_norms: the keys are {sorted(map(str, norms))}, expected 0.weight and 2.weight")
        results.append(np.array([float(numbers(norms[name], "gradient_norms")) for name in ("0.weight", "2.weight")]))
    return {
        "norms": results[0],
        "norms when asked again": results[1],
        "the weights are unchanged": np.array(bool(torch.equal(first.weight, torch.from_numpy(W1)))),
    }


def overfit(student: Any, X: Array, y: Array, seed: Array) -> dict[str, Array]:
    """Let the student's code learn a few examples by heart."""
    costs, logits = several(
        function(student)(X.copy(), y.copy(), np.random.default_rng(int(seed))), ("costs", "logits"), "overfit"
    )
    return {"costs": costs.astype(float).ravel(), "logits": logits.astype(float)}
