"""Drives for questions about the first weights of a network."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, Watch, function, numbers, several

__all__ = [
    "deep_start",
    "fans",
    "gradients_at_zero",
    "initialise",
    "scale_layers",
    "signal",
    "start_deviation",
    "uniform",
]


def fans(student: Any, linear: Array, convolution: Array) -> dict[str, Array]:
    """Ask for fan-in and fan-out of a linear layer's weights and of a convolution's."""
    return {
        name: np.array(several(function(student)(tuple(shape.tolist())), ("fan_in", "fan_out"), "fans"))
        for name, shape in (("linear", linear), ("convolution", convolution))
    }


def start_deviation(student: Any, fan_in: Array, fan_out: Array) -> dict[str, Array]:
    """Ask for the deviation under each rule."""
    return {
        rule: numbers(function(student)(rule, int(fan_in), int(fan_out)), "start_deviation")
        for rule in ("lecun", "xavier", "he")
    }


def uniform(student: Any, shape: Array, std: Array, seed: Array) -> dict[str, Array]:
    """Draw weights twice from one seed and once from another."""
    size, deviation = tuple(shape.tolist()), float(std)
    draws: dict[str, Array] = {}
    for name, offset in (("W", 0), ("again", 0), ("other", 1)):
        draws[name] = numbers(function(student)(size, deviation, np.random.default_rng(int(seed) + offset)), "uniform")
    return draws


def gradients_at_zero(student: Any, X: Array, Y: Array, hidden: Array) -> dict[str, Array]:
    """Ask for the first gradients of a network whose weights are all 0, once for tanh and once for the sigmoid."""

    def sigmoid(z: Array) -> Array:
        return 1 / (1 + np.exp(-z))

    outputs: dict[str, Array] = {}
    for name, activation in (("tanh", np.tanh), ("sigmoid", sigmoid)):
        found = several(
            function(student)(X, Y, int(hidden), activation), ("dW1", "db1", "dW2", "db2"), "gradients_at_zero"
        )
        outputs |= {f"{part} with {name}": array for part, array in zip(("dW1", "db1", "dW2", "db2"), found)}
    return outputs


def signal(student: Any, X: Array, W1: Array, W2: Array, W3: Array) -> dict[str, Array]:
    """Ask how the signal of a ReLU network changes from layer to layer."""
    return {"deviations": numbers(function(student)(X, [W1, W2, W3]), "signal")}


def scale_layers(student: Any, X: Array, W1: Array, W2: Array, W3: Array) -> dict[str, Array]:
    """Have three layers scaled, and look whether the weights that were given are still there."""
    watch = Watch(W1, W2, W3)
    scaled = several(function(student)(X, [W1, W2, W3]), ("W1", "W2", "W3"), "scale_layers")
    return {**dict(zip(("W1", "W2", "W3"), scaled)), "the weights given are unchanged": watch.unchanged()}


def initialise(student: Any, widths: Array, seed: Array) -> dict[str, Array]:
    """Have a network with nested layers initialised, and return its parameters."""
    import torch

    nn = torch.nn
    a, b, c = (int(width) for width in widths)
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        torch.manual_seed(int(seed))
        body: Any = nn.Sequential(nn.Linear(a, b), nn.LayerNorm(b), nn.ReLU())
        model = nn.Sequential(body, nn.Sequential(nn.Linear(b, c), nn.ReLU()), nn.Linear(c, 3)).double()
        with torch.no_grad():
            body[1].weight.fill_(1.5)
            body[1].bias.fill_(0.25)
        function(student)(model)
    names = ("W1", "b1", "norm weight", "norm bias", "W2", "b2", "W3", "b3")
    return {name: numbers(parameter, name) for name, parameter in zip(names, model.parameters())}


def deep_start(student: Any, X: Array, y: Array, X_test: Array, widths: Array, seed: Array) -> dict[str, Array]:
    """Train a deep ReLU network by plain SGD from each of three starts: one in thirty He starts is unlucky."""
    rng = np.random.default_rng(int(seed))
    starts = [_start(student, [int(width) for width in widths], rng) for _ in range(_STARTS)]
    first = starts[0][0].copy()
    signals = [float(a.std()) for a in _activations(starts[0], X)[1:]]
    for W in starts:
        for _ in range(_UPDATES):
            rows = rng.integers(0, len(X), _BATCH)
            _update(W, X[rows], y[rows])
    predictions = [_activations(W, X_test)[-1].argmax(axis=1) for W in starts]
    return {"signals": np.array(signals), "first": first, "predictions": np.array(predictions)}


def _start(student: Any, widths: list[int], rng: np.random.Generator) -> list[Array]:
    given = function(student)(list(widths), rng)
    if not isinstance(given, (list, tuple)) or len(given) != len(widths) - 1:
        what = f"{len(given)} matrices" if isinstance(given, (list, tuple)) else f"one {type(given).__name__}"
        raise Unusable(f"deep_start returned {what}, expected a list of {len(widths) - 1}")
    W = [numbers(part, "deep_start").astype(float) for part in given]
    shapes = [(after, before) for before, after in pairwise(widths)]
    if [part.shape for part in W] != shapes:
        raise Unusable(f"deep_start returned shapes {[part.shape for part in W]}, expected {shapes}")
    return W


_STARTS, _UPDATES, _BATCH, _RATE = 3, 300, 50, 0.05


def _activations(W: list[Array], X: Array) -> list[Array]:
    values = [X]
    for layer, part in enumerate(W):
        with np.errstate(all="ignore"):  # a start that explodes is diagnosed, not warned of
            z = values[-1] @ part.T
        values.append(z if layer == len(W) - 1 else np.maximum(z, 0))
    return values


def _update(W: list[Array], X: Array, y: Array) -> None:
    values = _activations(W, X)
    with np.errstate(all="ignore"):
        p = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    d = p / len(y)
    for layer in reversed(range(len(W))):
        gradient = d.T @ values[layer]
        d = (d @ W[layer]) * (values[layer] > 0)
        W[layer] -= _RATE * gradient
