"""Drives for questions about data: splits, folds, standardising, mini-batches, the noise of a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers, several

__all__ = ["cross_validate", "gradient_error", "minibatches", "standardise", "stratified_split", "train"]

_DRAWS = (4, 16, 64)  # batch sizes at which the error of the gradient is asked for


def stratified_split(student: Any, y: Array, share: Array, seed: Array) -> dict[str, Array]:
    """Split the labels with one seed twice, and with another seed, and look at what the parts have in common."""
    train, test = _parts(student, y, share, seed)
    again, _ = _parts(student, y, share, seed)
    other, _ = _parts(student, y, share, seed + 1)
    classes = np.unique(y)
    counts = np.array([np.sum(y[train] == label) for label in classes])
    expected = np.array([round(float(share) * np.sum(y == label)) for label in classes])
    facts = {
        "every class keeps its share": np.array_equal(counts, expected),
        "no example is in both parts": not set(train) & set(test),
        "no example is left out": set(train) | set(test) == set(range(len(y))),
        "no example comes twice in a part": len(set(train)) == len(train) and len(set(test)) == len(test),
        "the same seed gives the same split": np.array_equal(np.sort(train), np.sort(again)),
        "another seed gives another split": not np.array_equal(np.sort(train), np.sort(other)),
    }
    return {
        "size of the training part": np.array(len(train)),
        **{name: np.array(bool(fact)) for name, fact in facts.items()},
    }


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
    """Go through two epochs with one random generator."""
    rng = np.random.default_rng(int(seed))
    row = {float(value): place for place, value in enumerate(X[:, 0])}
    kept_X, kept_y = X.copy(), y.copy()
    epochs, sizes, together = [], [], True
    for _ in range(2):
        batches = function(student)(X, y, int(batch_size), rng)
        if batches is None:
            raise Unusable("minibatches returned None. Is a `yield` (or a `return`) missing?")
        order: list[int] = []
        for batch in batches:
            inputs, labels = several(batch, ("X", "y"), "minibatches")
            if inputs.ndim != 2 or labels.ndim != 1:
                raise Unusable(
                    f"minibatches: a batch has shapes {inputs.shape} and {labels.shape}, expected two axes and one"
                )
            places = [row.get(float(value), -1) for value in inputs[:, 0]]
            together = together and np.array_equal(kept_y[places], labels)
            order += places
            sizes.append(len(inputs))
        epochs.append(order)
    once = all(sorted(order) == list(range(len(X))) for order in epochs)
    return {
        "sizes of the batches": np.array(sizes, dtype=int),
        "every example comes once an epoch": np.array(once),
        "X and y belong together": np.array(bool(together)),
        "the order is not that of the data": np.array(epochs[0] != sorted(epochs[0])),
        "the second epoch has another order": np.array(epochs[0] != epochs[1]),
        "X and y are left as they were": np.array(np.array_equal(X, kept_X) and np.array_equal(y, kept_y)),
    }


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


def gradient_error(student: Any, gradients: Array, seed: Array) -> dict[str, Array]:
    """Ask for the error at three batch sizes, and compare with √(total variance / B), to a fifth."""
    rng = np.random.default_rng(int(seed))
    measured = []
    for size in _DRAWS:
        value = numbers(function(student)(gradients.copy(), size, rng), "gradient_error")
        if value.size != 1:
            raise Unusable(f"gradient_error returned {value.size} numbers, expected one")
        measured.append(float(value.reshape(())))
    ratio = np.array(measured) / np.sqrt(gradients.var(axis=0).sum() / np.array(_DRAWS))
    quarter = np.array(measured[1:]) / np.maximum(measured[:-1], 1e-300)
    return {
        "too small (-1), right (0) or too large (1)": (ratio > 1.2).astype(int) - (ratio < 0.8).astype(int),
        "four times the batch halves the error": np.array(bool((np.abs(quarter - 0.5) < 0.1).all())),
    }
