"""A deep network, forward and backward once: what becomes of the signal and of the gradient, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl

__all__ = ["ACTIVATIONS", "BATCH", "INITS", "SKIPS", "WIDTH", "LayerRun", "histogram", "run", "shown_layers"]

Array = NDArray[np.float64]
F = dl.functional

WIDTH, BATCH, SEED = 100, 100, 0
SHOWN, BINS = 8, 17

ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "selu": F.selu,
}
INITS: Mapping[str, float] = {
    "zero": 0.0,
    "small": 0.01,
    "xavier": (1 / WIDTH) ** 0.5,  # 2 / (fan_in + fan_out), and both are WIDTH
    "he": (2 / WIDTH) ** 0.5,
    "large": 1.0,
}
SKIPS = ("none", "add", "scaled")


@dataclass(frozen=True)
class LayerRun:
    """One layer's number (from 1), its activations and the gradients dL/da that reach them, both (BATCH, WIDTH)."""

    number: int
    activations: Array
    gradients: Array


def shown_layers(depth: int) -> list[int]:
    """The numbers of the layers that are drawn: the first, the last, and some between."""
    return [int(n) for n in np.linspace(1, depth, SHOWN).round()]


def run(activation: str, depth: int, init: str, skip: str) -> list[LayerRun]:
    """Every layer of a network of ``depth`` layers, in float64 because its numbers may grow past float32.

    a = f(W a), or with a skip connection a = a + s·f(W a), where s is 1 for "add" and 1/√depth for
    "scaled". Inputs are normal with std 1, and so is the gradient that arrives at the last layer.
    The random numbers are the same in all settings.
    """
    rng = np.random.default_rng(SEED)
    f, scale = ACTIVATIONS[activation], depth**-0.5 if skip == "scaled" else 1.0
    a = dl.tensor(rng.normal(size=(BATCH, WIDTH)), requires_grad=True)
    upstream = rng.normal(size=(BATCH, WIDTH))
    outputs = []
    for _ in range(depth):
        W = dl.tensor(INITS[init] * rng.normal(size=(WIDTH, WIDTH)))
        out = f(F.linear(a, W))
        a = out if skip == "none" else a + scale * out
        a.retain_grad()
        outputs.append(a)
    a.backward(upstream)
    return [LayerRun(n, dl.to_numpy(a), np.asarray(a.grad)) for n, a in enumerate(outputs, start=1)]


def histogram(values: Array, limits: tuple[float, float] | None = None) -> tuple[Array, tuple[float, float]]:
    """Heights of the bins, the tallest 1, and the range that they cover.

    Without ``limits`` the range is three root mean squares to both sides of 0, and what lies beyond
    is counted in the outer bins: the picture shows the shape at every scale.
    """
    if limits is None:
        reach = 3 * float(np.sqrt((values**2).mean())) or 1.0
        limits = (-reach, reach)
    counts, _ = np.histogram(values.clip(*limits), bins=BINS, range=limits)
    return counts / counts.max(), limits
