"""Drives for hyperparameter search and for ensembles."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, several

__all__ = [
    "coverage",
    "ensemble",
    "find_network",
    "log_sample",
    "next_range",
    "snapshot_schedule",
    "successive_halving",
]

_WIDTH, _BATCH, _FINAL_EPOCHS = 32, 32, 20


def log_sample(student: Any, u: Array, low: Array, high: Array, mu_low: Array, mu_high: Array) -> dict[str, Array]:
    """Ask for rates and momenta at the given places between 0 and 1."""
    given = u.copy()
    rates, momenta = several(
        function(student)(u, float(low), float(high), float(mu_low), float(mu_high)), ("rates", "momenta"), "log_sample"
    )
    return {"rates": rates, "momenta": momenta, "u was changed": np.array(not np.array_equal(given, u))}


def next_range(student: Any, rates: Array, scores: Array, low: Array, high: Array) -> dict[str, Array]:
    """Show the function three searches over the same range and collect what it makes of each."""
    names = ("position", "new_low", "new_high")
    found = []
    for r, s in zip(rates, scores, strict=True):
        triple = several(function(student)(r.copy(), s.copy(), float(low), float(high)), names, "next_range")
        found.append([_one(value, "next_range") for value in triple])
    positions, lows, highs = np.array(found).T
    return {"position of the best": positions, "new low": lows, "new high": highs}


def _one(value: Array, what: str) -> float:
    if value.size != 1:
        raise Unusable(f"{what} returned an array of {value.size} numbers where one was expected")
    return float(value.reshape(()))


def coverage(student: Any, grid: Array, scattered: Array) -> dict[str, Array]:
    """Measure the shadows of a grid and of scattered points."""
    outputs = {}
    for name, points in (("grid", grid), ("random", scattered)):
        different, gap = several(function(student)(points.copy()), ("different", "gap"), "coverage")
        outputs[f"different values, {name}"] = different
        outputs[f"largest gap, {name}"] = gap
    return outputs


def successive_halving(student: Any, scores: Array, budget: Array, eta: Array) -> dict[str, Array]:
    """Let the student's search train configurations: ``scores[i, epochs - 1]`` is what number i reaches."""
    count, longest = scores.shape
    asked: list[tuple[int, int]] = []

    def train(configuration: Any, epochs: Any) -> float:
        number, length = int(configuration), int(epochs)
        if not 0 <= number < count:
            raise Unusable(f"train was asked for configuration {number}; there are 0 to {count - 1}")
        if not 1 <= length <= longest:
            raise Unusable(f"train was asked for {length} epochs, which no rung of this search needs")
        if len(asked) > 50 * count:
            raise Unusable("train is called again and again: does the search ever end?")
        asked.append((number, length))
        return float(scores[number, length - 1])

    result = function(student)(train, count, int(budget), int(eta))
    winner, score = several(result, ("winner", "score"), "successive_halving")
    epochs = np.zeros(count)
    for number, length in asked:
        epochs[number] = max(epochs[number], length)
    return {
        "longest training of each configuration": epochs,
        "epochs in all": np.array(float(sum(length for _, length in asked))),
        "winner": winner.astype(float),
        "its score": score,
    }


def ensemble(student: Any, logits: Array, large: Array, scores: Array, k: Array) -> dict[str, Array]:
    """Average the best k of several networks, on ordinary logits and on logits beyond the range of exp."""
    probabilities, labels = several(
        function(student)(logits, scores.copy(), int(k)), ("probabilities", "labels"), "ensemble"
    )
    beyond, _ = several(function(student)(large, scores.copy(), int(k)), ("probabilities", "labels"), "ensemble")
    return {"probabilities": probabilities, "labels": labels, "probabilities of large logits": beyond}


def snapshot_schedule(student: Any, steps: Array, cycles: Array, lr: Array) -> dict[str, Array]:
    """Ask for the rate of every step and the steps after which a copy is kept."""
    rates, kept = several(function(student)(int(steps), int(cycles), float(lr)), ("rates", "kept"), "snapshot_schedule")
    return {"rates": rates, "kept": kept}


def find_network(
    student: Any,
    X: Array,
    y: Array,
    X_val: Array,
    y_val: Array,
    X_test: Array,
    factors: Array,
    seed: Array,
    budget: Array,
) -> dict[str, Array]:
    """Let the student's search look for a rate and a momentum on each of several scales of the same images."""
    answers, spent, tried = [], [], []
    for place, factor in enumerate(factors):
        used: list[int] = []
        wanted: list[float] = []

        def score(lr: Any, momentum: Any, epochs: Any) -> float:
            length = int(epochs)
            if length < 1:
                raise Unusable(f"score was asked for {length} epochs, expected 1 or more")
            if sum(used) + length > int(budget):  # noqa: B023 - called within this round only
                left = int(budget) - sum(used)  # noqa: B023
                raise Unusable(f"score was asked for {length} epochs, but only {left} of {int(budget)} are left")
            used.append(length)  # noqa: B023
            wanted.append(float(lr))  # noqa: B023
            weights = _train(X * factor, y, float(lr), float(momentum), length, int(seed) + 100 * place)  # noqa: B023
            return float((_answers(weights, X_val * factor) == y_val).mean())  # noqa: B023

        lr, momentum = several(function(student)(score, int(budget)), ("lr", "momentum"), "find_network")
        found = _one(lr, "find_network"), _one(momentum, "find_network")
        final = _train(X * factor, y, *found, _FINAL_EPOCHS, int(seed) + 100 * place + 7)
        answers.append(_answers(final, X_test * factor))
        spent.append(float(sum(used)))
        tried.append(float(len(wanted)))
    return {"answers": np.stack(answers), "epochs": np.array(spent), "calls": np.array(tried)}


def _train(X: Array, y: Array, lr: float, momentum: float, epochs: int, seed: int) -> list[Array]:
    """A network of 32 hidden units without biases, trained with SGD and momentum; the same each time."""
    rng = np.random.default_rng(seed)
    inputs = X.shape[1]
    weights = [rng.normal(size=(_WIDTH, inputs)) * (2 / inputs) ** 0.5, rng.normal(size=(10, _WIDTH)) / _WIDTH**0.5]
    steps = [np.zeros_like(w) for w in weights]
    with np.errstate(all="ignore"):  # a rate that is too high explodes
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for start in range(0, len(X), _BATCH):
                rows = order[start : start + _BATCH]
                for w, step, gradient in zip(weights, steps, _gradients(weights, X[rows], y[rows]), strict=True):
                    step *= momentum
                    step += gradient
                    w -= lr * step
    return weights


def _gradients(weights: list[Array], X: Array, y: Array) -> tuple[Array, Array]:
    hidden = np.maximum(X @ weights[0].T, 0)
    z = hidden @ weights[1].T
    dz = np.exp(z - z.max(axis=1, keepdims=True))
    dz /= dz.sum(axis=1, keepdims=True)
    dz[np.arange(len(y)), y] -= 1
    dz /= len(y)
    return ((dz @ weights[1]) * (hidden > 0)).T @ X, dz.T @ hidden


def _answers(weights: list[Array], X: Array) -> Array:
    with np.errstate(all="ignore"):
        labels: Array = np.nan_to_num(np.maximum(X @ weights[0].T, 0) @ weights[1].T).argmax(axis=1)
    return labels
