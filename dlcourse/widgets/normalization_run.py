"""What the normalisation explorer shows: three features of digits through batch norm, and the axes of four norms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data

__all__ = [
    "CHANNELS",
    "DRAWN",
    "EPS",
    "FEATURES",
    "GROUPS",
    "IMAGES",
    "LENGTH",
    "STEPS",
    "Collected",
    "block",
    "collect",
    "epoch",
    "evaluate",
    "features",
    "noise",
    "normalised",
    "sets",
]

Array = NDArray[Any]

IMAGES = 1024  # every batch size divides it
UNITS = [0, 4, 7]  # of eight: one with mean below 0, one around it, one above
FEATURES = len(UNITS)
STEPS = 30  # training batches that move the running statistics
EPS = 1e-5
CHANNELS, LENGTH, GROUPS = 6, 4, 2  # of the small block
DRAWN = 4  # images of the block that are drawn


@dataclass(frozen=True, eq=False)
class Collected:
    """Running statistics before and after each training batch (31, 3), and those of the batches (30, 3)."""

    mean: Array
    var: Array
    batch_mean: Array
    batch_var: Array  # the one that is remembered; nan for one image without the bug


@lru_cache(maxsize=1)
def features() -> Array:
    """Three features of the third layer of a new ReLU network, before its activation, for digits, (1024, 3)."""
    images = data.load_digits().X.reshape(-1, 64).astype(float)
    images = (images - images.mean(axis=0)) / (images - images.mean(axis=0)).std()
    hidden = images[np.random.default_rng(0).permutation(len(images))[:IMAGES]]
    rng = np.random.default_rng(0)
    for inputs, outputs in ((64, 32), (32, 32)):
        hidden = np.maximum(hidden @ rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)), 0)
    result: Array = (hidden @ rng.normal(0, np.sqrt(2 / 32), (32, 8)))[:, UNITS]
    return result


@lru_cache(maxsize=8)
def epoch(size: int) -> Array:
    """What train mode gives all images, batch after batch, before γ and β, (1024, 3).

    A batch of one is computed by the formula, which gives 0: the layer itself refuses it.
    """
    if size == 1:
        return np.zeros_like(features())
    return np.concatenate(
        [_batch_norm(batch, None, None, training=True) for batch in features().reshape(-1, size, FEATURES)]
    )


def evaluate(mean: Array, var: Array) -> Array:
    """What eval mode gives all images with these running statistics (3,), before γ and β, (1024, 3)."""
    return _batch_norm(features(), mean, var, training=False)


@lru_cache(maxsize=64)
def collect(size: int, momentum: float, biased: bool) -> Collected:
    """The running statistics over the training batches.

    ``biased`` is the bug: the variance divided by N, not by N - 1, is remembered. Without it one
    image alone has no variance to remember, the layer refuses it and nothing moves.
    """
    rng, X = np.random.default_rng(1), features()
    batches = np.array([X[rng.choice(IMAGES, size, replace=False)] for _ in range(STEPS)])
    batch_var = batches.var(axis=1) if biased else _unbiased(batches)
    mean, var = np.zeros((STEPS + 1, FEATURES)), np.ones((STEPS + 1, FEATURES))
    for step, batch in enumerate(batches):
        mean[step + 1], var[step + 1] = mean[step], var[step]
        if biased:
            mean[step + 1] += momentum * (batch.mean(axis=0) - mean[step])
            var[step + 1] += momentum * (batch_var[step] - var[step])
        elif size > 1:
            _batch_norm(batch, mean[step + 1], var[step + 1], training=True, momentum=momentum)
    return Collected(mean, var, batches.mean(axis=1), batch_var)


@lru_cache(maxsize=8)
def noise(size: int) -> tuple[float, float]:
    """How far a batch is from all images, root mean square: its mean in deviations, its unbiased variance in shares.

    The share is nan for batches of one, which have no unbiased variance.
    """
    batches, mean, var = features().reshape(-1, size, FEATURES), features().mean(axis=0), features().var(axis=0)
    means = (batches.mean(axis=1) - mean) / np.sqrt(var)
    return float(np.sqrt((means**2).mean())), float(np.sqrt(((_unbiased(batches) / var - 1) ** 2).mean()))


def _unbiased(batches: Array) -> Array:
    """The variances (B, 3) of batches (B, N, 3), divided by N - 1; nan where N is 1."""
    size = batches.shape[1]
    return batches.var(axis=1, ddof=1) if size > 1 else np.full((len(batches), FEATURES), np.nan)


def _batch_norm(X: Array, mean: Array | None, var: Array | None, **mode: Any) -> Array:
    result: Array = dl.to_numpy(dl.functional.batch_norm(dl.tensor(X), mean, var, eps=EPS, **mode))
    return result


@lru_cache(maxsize=8)
def block(size: int) -> Array:
    """Whole numbers from 0 to 9, (N, 6, 4): images, channels, places. Larger blocks begin as smaller ones do."""
    return np.random.default_rng(4).integers(0, 10, (size, CHANNELS, LENGTH)).astype(float)


@lru_cache(maxsize=32)
def normalised(norm: str, size: int) -> Array:
    """The block after batch, layer, instance or group norm in train mode, (N, 6, 4)."""
    functional, x = dl.functional, dl.tensor(block(size))
    norms = {
        "batch": lambda: functional.batch_norm(x, None, None, training=True, eps=EPS),
        "layer": lambda: functional.layer_norm(x, (CHANNELS, LENGTH), eps=EPS),
        "instance": lambda: functional.instance_norm(x, eps=EPS),
        "group": lambda: functional.group_norm(x, GROUPS, eps=EPS),
    }
    result: Array = dl.to_numpy(norms[norm]())
    return result


@lru_cache(maxsize=32)
def sets(norm: str, size: int) -> Array:
    """Which cells share a mean, for each mean that reaches a drawn image: (means, N, 6, 4), True for its cells."""
    images, together = min(size, DRAWN), CHANNELS // GROUPS
    n, c, _ = np.indices((size, CHANNELS, LENGTH))
    index, count = {
        "batch": (c, CHANNELS),
        "layer": (n, images),
        "instance": (CHANNELS * n + c, CHANNELS * images),
        "group": (GROUPS * n + c // together, GROUPS * images),
    }[norm]
    result: Array = index == np.arange(count)[:, None, None, None]
    return result
