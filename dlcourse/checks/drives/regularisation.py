"""Drives for the decomposition of the error, penalties, weight decay, rare classes, and training on wrong labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import (
    Array,
    Unusable,
    Watch,
    function,
    numbers,
    returned_function,
    several,
)

__all__ = [
    "adam_decay",
    "bias_variance",
    "elastic_net",
    "max_norm",
    "rebalance",
    "shrink_step",
    "train_on_noisy",
    "weighted_cross_entropy",
]


def bias_variance(
    student: Any, xs: Array, ys: Array, x: Array, truth: Array, noise: Array, rounds: Array
) -> dict[str, Array]:
    """Hand over a source of training sets, a way to fit a parabola, and the truth at some points."""
    calls = 0

    def draw() -> tuple[Array, Array]:
        nonlocal calls
        place = calls % len(xs)
        calls += 1
        return xs[place].copy(), ys[place].copy()

    def fit(inputs: Array, targets: Array) -> Any:
        powers = np.stack([np.ones_like(inputs), inputs, inputs**2], axis=1)
        w = np.linalg.solve(powers.T @ powers, powers.T @ targets)
        return lambda points: w[0] + w[1] * points + w[2] * points**2

    names = ("bias2", "variance", "error")
    found = several(function(student)(draw, fit, x, truth, float(noise), int(rounds)), names, "bias_variance")
    return {"training sets drawn": np.array(calls), **{name: _number(value) for name, value in zip(names, found)}}


def elastic_net(student: Any, W: Array, l1: Array, l2: Array) -> dict[str, Array]:
    """Ask for the penalty and its gradient; W has an entry that is exactly 0."""
    watch = Watch(W)
    penalty, dW = several(function(student)(W, float(l1), float(l2)), ("penalty", "dW"), "elastic_net")
    return {"penalty": _number(penalty), "dW": dW, "W is left as it was": watch.unchanged()}


def shrink_step(student: Any, W: Array, dW: Array, lr: Array, l1: Array) -> dict[str, Array]:
    """Take one step for the data and the L1 penalty."""
    watch = Watch(W, dW)
    W_new = numbers(function(student)(W, dW, float(lr), float(l1)), "shrink_step")
    return {"W": W_new, "entries that are exactly 0": np.array(W_new == 0), "W and dW are left": watch.unchanged()}


def max_norm(student: Any, W: Array, c: Array) -> dict[str, Array]:
    """Project the rows of W: some are longer than c, some shorter, and one is all zeros."""
    watch = Watch(W)
    projected = numbers(function(student)(W, float(c)), "max_norm")
    return {"W": projected, "the W given is left as it was": watch.unchanged()}


def adam_decay(student: Any, w: Array, grads: Array, lr: Array, weight_decay: Array) -> dict[str, Array]:
    """Follow the weights through Adam with the penalty in the gradient, then with decoupled decay."""
    outputs, unchanged = {}, []
    for name, decoupled in (("w with L2 in the gradient", False), ("w with decoupled decay", True)):
        given = w.copy(), grads.copy()  # anew for each call: a w that is written into must not spoil the other path
        watch = Watch(*given)
        path = function(student)(*given, float(lr), float(weight_decay), decoupled)
        outputs[name] = numbers(path, "adam_decay").astype(float)
        unchanged.append(watch.unchanged())
    return {**outputs, "w and grads are left as they were": np.array(all(unchanged))}


def weighted_cross_entropy(student: Any, z: Array, y: Array, weights: Array) -> dict[str, Array]:
    """Ask for the weighted cost of a batch and its gradient."""
    watch = Watch(z)
    cost, dz = several(function(student)(z, y, weights), ("cost", "dz"), "weighted_cross_entropy")
    return {"cost": _number(cost), "dz": dz, "z is left as it was": watch.unchanged()}


def rebalance(student: Any, y: Array, seed: Array) -> dict[str, Array]:
    """Ask for positions, over- and under-sampled: with one generator, with its twin, and with another one."""
    unchanged, outputs = [], {}
    for name, extra in (("", 0), (" twin", 0), (" other", 1)):
        for how in ("over", "under"):
            given, rng = y.copy(), np.random.default_rng(int(seed) + extra)
            watch = Watch(given)
            outputs[how + name] = _positions(function(student)(given, how, rng), len(y))
            unchanged.append(watch.unchanged())
    return {**outputs, "unchanged": np.array(all(unchanged))}


def train_on_noisy(student: Any, X: Array, y: Array, X_val: Array, y_val: Array, X_test: Array) -> dict[str, Array]:
    """Train on digits of which many labels are wrong, then ask about new ones: all at once, and a few of them."""
    given = function(student)(X.copy(), y.copy(), X_val.copy(), y_val.copy())
    predict = returned_function(given, "train_on_noisy", "predict")
    return {
        "all": _answers(predict(X_test.copy()), len(X_test)),
        "some": _answers(predict(X_test[:20].copy()), 20),
        "validation": _answers(predict(X_val.copy()), len(X_val)),
    }


def _answers(value: Any, count: int) -> Array:
    answers = numbers(value, "predict")
    if answers.shape != (count,):
        raise Unusable(f"predict returned shape {answers.shape} for {count} images, expected ({count},): class numbers")
    return answers


def _positions(value: Any, total: int) -> Array:
    positions = numbers(value, "rebalance")
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        got = f"an array of {positions.dtype}, shape {positions.shape}"
        raise Unusable(f"rebalance returned {got}, expected positions in y: whole numbers in one row")
    if positions.size == 0 or positions.min() < 0 or positions.max() >= total:
        span = f"from {positions.min()} to {positions.max()}" if positions.size else "that are none at all"
        raise Unusable(f"rebalance returned positions {span}, expected some from 0 to {total - 1}")
    return positions


def _number(value: Array) -> Array:
    if value.size != 1:
        raise Unusable(f"expected one number, got an array of shape {value.shape}. Is a mean or a sum missing?")
    return value.reshape(())
