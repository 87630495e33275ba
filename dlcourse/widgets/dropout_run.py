"""A network of eight hidden units, trained with dropout, and all of its sub-networks, for the dropout explorer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data

__all__ = ["ALL_MASKS", "DRAWS", "UNITS", "Network", "cell_centres", "chances", "draw_masks", "moons", "train"]

Array = NDArray[Any]

UNITS = 8
DRAWS = 24
STEPS = 600
RATE = 0.03
NOISE = 0.3
TRAINING, TEST = (120, 1), (400, 2)  # how many points, and the seed that draws them
ALL_MASKS = np.array(list(product((0, 1), repeat=UNITS)))


@dataclass(frozen=True, eq=False)
class Network:
    """The trained network: eight ReLU units, ``W1`` (8, 2) and ``b1`` (8,), and one logit, ``w2`` (8,) and ``b2``."""

    p: float
    W1: Array
    b1: Array
    w2: Array
    b2: float

    def logits(self, X: Array, masks: Array) -> Array:
        """The logits (M, N) of M sub-networks, ``masks`` (M, 8), at the points X (N, 2). What is kept is scaled up."""
        hidden = np.maximum(X @ self.W1.T + self.b1, 0)
        logits: Array = (masks / (1 - self.p)) @ (hidden * self.w2).T + self.b2
        return logits

    def one_pass(self, X: Array, scale: float = 1.0) -> Array:
        """The logits (N,) with every unit speaking, its part of the sum multiplied by ``scale``."""
        hidden = np.maximum(X @ self.W1.T + self.b1, 0)
        logits: Array = scale * (hidden @ self.w2) + self.b2
        return logits


@lru_cache(maxsize=4)
def moons(n: int, seed: int) -> tuple[Array, Array]:
    """Points (n, 2) around the origin, and whether each belongs to class 1."""
    points = data.make_moons(n, noise=NOISE, seed=seed)
    return 0.7 * (points.X - np.array([0.5, 0.25])), points.y == 1


@lru_cache(maxsize=8)
def train(p: float) -> Network:
    """Train with dropout ``p`` on the hidden units. The reader's random numbers are left alone."""
    state = dl.get_rng_state()
    try:
        return _train(p)
    finally:
        dl.set_rng_state(state)


def _train(p: float) -> Network:
    nn, functional = dl.nn, dl.functional
    X, y = moons(*TRAINING)
    inputs, targets = dl.tensor(X.astype(np.float32)), dl.tensor(y[:, None].astype(np.float32))
    dl.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, UNITS), nn.ReLU(), nn.Dropout(p), nn.Linear(UNITS, 1))
    optimizer = dl.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.binary_cross_entropy_with_logits(model(inputs), targets).backward()
        optimizer.step()
    W1, b1, w2, b2 = (dl.to_numpy(weight.detach()).astype(float) for weight in model.parameters())
    return Network(p, W1, b1, w2[0], float(b2[0]))


def draw_masks(p: float) -> Array:
    """The masks (24, 8) that the explorer steps through, 0 where a unit is dropped."""
    return (np.random.default_rng(0).random((DRAWS, UNITS)) >= p).astype(int)


def chances(p: float) -> Array:
    """The probability (256,) of each of :data:`ALL_MASKS`."""
    probability: Array = np.where(ALL_MASKS == 1, 1 - p, p).prod(axis=1)
    return probability


def cell_centres(side: int, extent: float) -> Array:
    """The centres of a map's cells, (side², 2), row by row from the top."""
    edge = extent * (1 - 1 / side)
    across = np.linspace(-edge, edge, side)
    x, y = np.meshgrid(across, across[::-1])
    return np.stack([x.ravel(), y.ravel()], axis=1)
