"""Drives for questions about optimizers in NumPy: a list of gradients, or a gradient that can be asked for.

An optimizer is an object with ``step(w, g, lr)`` that returns the new weights. Two of one class take turns,
so that state which is kept on the class, and not on the object, shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, Watch, construct, function, numbers, several

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "adamw",
    "batch_gradient",
    "fast_descent",
    "momentum",
    "nesterov",
    "rmsprop",
]

CHANGE = "change of w"
UNCHANGED = "w and g are left as they were"


def batch_gradient(student: Any, w: Array, X: Array, y: Array, rows: Array) -> dict[str, Array]:
    """Ask for the cost of a mini-batch, its gradient and the noise of that."""
    given = Watch(w, X, y, rows)
    cost, g, noise = several(function(student)(w, X, y, rows), ("cost", "g", "noise"), "batch_gradient")
    return {"cost": cost, "g": g, "noise": noise, "the arrays are left as they were": given.unchanged()}


def momentum(student: Any, w: Array, grads: Array, lr: Array, other: Array, mu: Array) -> dict[str, Array]:
    """Walk with momentum."""
    return _walk(student, (mu,), w, grads, lr, other)


def adagrad(student: Any, w: Array, grads: Array, lr: Array, other: Array, eps: Array) -> dict[str, Array]:
    """Walk with a sum of squares for each weight."""
    return _walk(student, (eps,), w, grads, lr, other)


def rmsprop(
    student: Any, w: Array, grads: Array, lr: Array, other: Array, alpha: Array, eps: Array
) -> dict[str, Array]:
    """Walk with a running mean of squares for each weight."""
    return _walk(student, (alpha, eps), w, grads, lr, other)


def adadelta(student: Any, w: Array, grads: Array, lr: Array, other: Array, rho: Array, eps: Array) -> dict[str, Array]:
    """Walk with running means of squared gradients and of squared updates."""
    return _walk(student, (rho, eps), w, grads, lr, other)


def adam(
    student: Any, w: Array, grads: Array, lr: Array, other: Array, beta1: Array, beta2: Array, eps: Array
) -> dict[str, Array]:
    """Walk with two moments."""
    return _walk(student, (beta1, beta2, eps), w, grads, lr, other)


def adamw(
    student: Any,
    w: Array,
    grads: Array,
    lr: Array,
    other: Array,
    beta1: Array,
    beta2: Array,
    eps: Array,
    weight_decay: Array,
) -> dict[str, Array]:
    """Walk with two moments and weight decay."""
    return _walk(student, (beta1, beta2, eps, weight_decay), w, grads, lr, other)


def _walk(
    student: Any, settings: tuple[Array, ...], w: Array, grads: Array, lr: Array, other: Array
) -> dict[str, Array]:
    """Step through a list of gradients (steps, D), while a second optimizer of the class walks along ``other``."""
    values = [float(value) for value in settings]
    optimizer, neighbour = construct(student, *values), construct(student, *values)
    given = Watch(w, grads, other)
    here, there, changes = w, np.ones_like(w), []
    for g, g_there, rate in zip(grads, other, lr, strict=True):
        before = here.copy()
        here = _moved(optimizer.step(here, g, float(rate)), before)
        changes.append(here - before)
        there = _moved(neighbour.step(there, g_there, float(rate)), there)
    return {CHANGE: np.stack(changes), UNCHANGED: given.unchanged()}


def _moved(value: Any, before: Array) -> Array:
    """The weights that a step returned, in the shape that they had."""
    new = numbers(value, "step")
    if new.shape != before.shape:
        raise Unusable(f"step returned shape {new.shape}, expected the new weights, {before.shape}")
    return new.astype(float)


def nesterov(student: Any, w: Array, target: Array, curvature: Array, lr: Array, mu: Array) -> dict[str, Array]:
    """Walk on a surface whose gradient may be asked for anywhere; keep where it was."""
    asked: list[Array] = []

    def gradient(place: Any) -> Array:
        here = numbers(place, "the place given to gradient").astype(float)
        if here.shape != w.shape:
            raise Unusable(f"gradient was asked at shape {here.shape}, expected the shape of the weights, {w.shape}")
        asked.append(here)
        away = here - target
        result: Array = curvature * away + 0.1 * away**3
        return result

    optimizer = construct(student, float(mu))
    given, here, path, calls, places = Watch(w), w, [], [], []
    for rate in lr:
        before = len(asked)
        here = _moved(optimizer.step(here, gradient, float(rate)), w)
        calls.append(len(asked) - before)
        places.append(asked[-1] if len(asked) > before else np.full_like(w, np.nan))
        path.append(here.copy())
    return {
        "calls of gradient in each step": np.array(calls),
        "where the gradient was asked": np.stack(places),
        "w": np.stack(path),
        "the first w is left as it was": given.unchanged(),
    }


def fast_descent(student: Any, X: Array, y: Array, order: Array) -> dict[str, Array]:
    """Hand out the gradients of softmax regression, a mini-batch for each call, as many as ``order`` has rows."""
    batches = iter(order)
    start = np.zeros((10, X.shape[1]))

    def gradient(W: Any) -> Array:
        rows = next(batches, None)
        if rows is None:
            raise Unusable(f"gradient was asked for more than {len(order)} times")
        here = numbers(W, "the W given to gradient")
        if here.shape != start.shape:
            raise Unusable(f"gradient was asked at shape {here.shape}, expected {start.shape}")
        z = X[rows] @ here.T
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(rows)), y[rows]] -= 1
        result: Array = p.T @ X[rows] / len(rows)
        return result

    with np.errstate(all="ignore"):  # a rate that is too high is one of the answers
        trained = function(student)(gradient, start.copy(), len(order))
    return {"W": _moved(trained, start)}
