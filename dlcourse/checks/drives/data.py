"""Drives for questions about data: splits, folds, standardising, mini-batches, the noise of a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, Watch, function, numbers, several

__all__ = ["cross_validate", "gradient_error", "minibatches", "standardise", "stratified_split", "train"]


def stratified_split(student: Any, y: Array, share: Array, seed: Array) -> dict[str, Array]:
    """Split the labels with one seed twice, and with another seed."""
    train, test = _parts(student, y, share, seed)
    again, _ = _parts(student, y, share, seed)
    other, _ = _parts(student, y, share, seed + 1)
    return {"train": train, "test": test, "again": again, "other": other}


def _parts(student: Any, y: Array, share: Array, seed: Array) -> list[Array]:
    both = several(function(student)(y.copy(), float(share), int(seed)), ("train", "test"), "stratified_split")
    return [_positions(part, len(y), "stratified_split") for part in both]


def _positions(values: Any, total: int, what: str) -> Array:
    positions = numbers(values, what)
    if positions.ndim != 1 or positions.dtype.kind not in "iu" or (positions.size and positions.max() >= total):
        raise Unusable(f"{what}: expected positions, whole numbers from 0 to {total - 1} in one row")
    return positions


def cross_validate(student: Any, values: Array, folds: Array) -> dict[str, Array]:
    """Record which positions each call of ``score`` gets; the score depends on both lists."""
    n = len(values)
    calls: list[tuple[Array, Array]] = []

    def score(train: Any, validation: Any) -> float:
        parts = [_positions(part, n, "score") for part in (train, validation)]
        calls.append((parts[0], parts[1]))
        return float(1 + values[parts[1]].mean() - 0.5 * values[parts[0]].mean())

    mean, deviation = several(function(student)(score, n, int(folds)), ("mean", "deviation"), "cross_validate")
    times_validated = sum((np.bincount(validation, minlength=n) for _, validation in calls), np.zeros(n, dtype=int))
    overlap = [len(set(train) & set(validation)) for train, validation in calls]
    return {
        "number of calls of score": np.array(len(calls)),
        "how often each example validates": times_validated,
        "examples that train and validate at once": np.array(overlap, dtype=int),
        "examples that train in each call": np.array([len(train) for train, _ in calls], dtype=int),
        "mean": mean,
        "deviation": deviation,
    }


def standardise(student: Any, train: Array, validation: Array, test: Array) -> dict[str, Array]:
    """Standardise three sets."""
    names = ("train", "validation", "test")
    parts = several(function(student)(train, validation, test), names, "standardise")
    return dict(zip(names, parts, strict=True))


def minibatches(student: Any, X: Array, y: Array, batch_size: Array, seed: Array) -> dict[str, Array]:
    """Go through two epochs with one random generator, and keep every batch."""
    rng = np.random.default_rng(int(seed))
    watch = Watch(X, y)
    sizes: list[int] = []
    epochs = [_epoch(student, X, y, int(batch_size), rng, sizes) for _ in range(2)]
    return {
        "sizes": np.array(sizes, dtype=int),
        "X1": epochs[0][0],
        "y1": epochs[0][1],
        "X2": epochs[1][0],
        "y2": epochs[1][1],
        "unchanged": watch.unchanged(),
    }


def _epoch(student: Any, X: Array, y: Array, batch_size: int, rng: Any, sizes: list[int]) -> tuple[Array, Array]:
    batches = function(student)(X, y, batch_size, rng)
    if batches is None:
        raise Unusable("minibatches returned None. Is a `yield` (or a `return`) missing?")
    all_inputs, all_labels = [X[:0]], [y[:0]]
    for batch in batches:
        inputs, labels = several(batch, ("X", "y"), "minibatches")
        if inputs.ndim != 2 or labels.ndim != 1 or inputs.shape[1] != X.shape[1]:
            raise Unusable(
                f"minibatches: a batch has shapes {inputs.shape} and {labels.shape}, "
                f"expected (B, {X.shape[1]}) and (B,)"
            )
        all_inputs.append(inputs.copy())
        all_labels.append(labels.copy())
        sizes.append(len(inputs))
    return np.concatenate(all_inputs), np.concatenate(all_labels)


def train(
    student: Any, W: Array, X: Array, y: Array, orders: Array, batch_size: Array, lr: Array, epochs: Array
) -> dict[str, Array]:
    """Run the student's loop on linear regression; ``batches()`` gives the batches of the next epoch."""
    rows = iter(orders)

    def batches() -> list[tuple[Array, Array]]:
        order = next(rows, orders[-1])
        return [(X[part], y[part]) for part in np.split(order, range(int(batch_size), len(order), int(batch_size)))]

    def cost_and_gradient(W: Array, X: Array, y: Array) -> tuple[float, Array]:
        difference = X @ W - y
        return float((difference**2).mean()), 2 * X.T @ difference / len(X)

    weights, costs = several(
        function(student)(W.copy(), cost_and_gradient, batches, float(lr), int(epochs)), ("W", "costs"), "train"
    )
    return {"costs": costs, "W": weights}


def gradient_error(student: Any, gradients: Array, sizes: Array, seed: Array) -> dict[str, Array]:
    """Ask for the error at several batch sizes."""
    rng = np.random.default_rng(int(seed))
    measured = []
    for size in sizes:
        value = numbers(function(student)(gradients.copy(), int(size), rng), "gradient_error")
        if value.size != 1:
            raise Unusable(f"gradient_error returned {value.size} numbers, expected one")
        measured.append(float(value.reshape(())))
    return {"measured": np.array(measured)}
