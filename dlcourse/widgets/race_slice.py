"""A slice through the cost of a trained network as a surface for the optimizer race: a stored table, interpolated."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.diagnostics import loss_slice, random_direction
from dlcourse.models import mlp

__all__ = ["FILE", "PLACES", "REACH", "WEIGHTS", "cost_and_slope", "costs_at", "table", "train"]

Array = NDArray[np.float64]

FILE = Path(__file__).parent / "race_slice.json"
REACH, SIDE = 1.5, 61
PLACES = np.linspace(-REACH, REACH, SIDE)
"""The coordinates of the table along both directions; 1 is as far as the filter is long (Li et al., 2018)."""
SIZES = (64, 16, 16, 16, 16, 10)
WEIGHTS = sum((inputs + 1) * outputs for inputs, outputs in pairwise(SIZES))
DIGITS, STEPS, BATCH, RATE, SEED = 300, 400, 50, 0.01, 0
DIRECTIONS = (3, 4)  # seeds of the two random directions
OUTSIDE = 10.0  # curvature of the bowl beyond the table


def digits() -> tuple[Array, NDArray[np.int64]]:
    """The training data: 300 digits, (300, 64), centred and scaled, and their classes."""
    everything = data.load_digits()
    X = everything.X.reshape(len(everything), -1)[:DIGITS].astype(float)
    return (X - X.mean()) / X.std(), everything.y[:DIGITS]


@cache
def train() -> Any:
    """The network: four hidden layers of 16 ReLU units, trained with Adam in float64; a second's work."""
    X, y = digits()
    state = dl.get_rng_state()
    try:
        dl.manual_seed(SEED)
        model = mlp(dl, list(SIZES)).double()
    finally:
        dl.set_rng_state(state)
    optimizer, rng = dl.optim.Adam(model.parameters(), lr=RATE), np.random.default_rng(SEED)
    for _ in range(STEPS):
        rows = rng.choice(DIGITS, BATCH)
        optimizer.zero_grad()
        dl.functional.cross_entropy(model(dl.tensor(X[rows])), dl.tensor(y[rows])).backward()
        optimizer.step()
    return model


def costs_at(places: Array) -> Array:
    """The cost of the network itself at w + x·d₁ + y·d₂ for each x and y in ``places``, rows belong to x."""
    model = train()
    X, y = digits()
    return loss_slice(model, X, y, [random_direction(model, seed) for seed in DIRECTIONS], places)


@cache
def table() -> Array:
    """The stored costs (61, 61) at :data:`PLACES`, rows belong to x; ``benchmarks/race_slice.py`` writes them."""
    return np.array(json.loads(FILE.read_text("utf-8"))["costs"])


def cost_and_slope(points: Array) -> tuple[Array, Array]:
    """Cost and gradient at points (N, 2): the logarithm of the table, between its entries bicubic (Catmull-Rom).

    Both belong to one smooth function: the gradient is that of the interpolated cost, and the logarithm keeps it
    above 0. Beyond the table the cost of its nearest border point goes on, plus a bowl that leads back.
    """
    held = np.clip(points, -REACH, REACH)
    beyond = points - held
    place = np.clip((held + REACH) / (2 * REACH) * (SIDE - 1), 0, SIDE - 1)
    cell = np.minimum(np.nan_to_num(place).astype(int), SIDE - 2)
    t = place - cell
    weights, slopes = _catmull_rom(t)  # (4, N, 2)
    near = np.clip(cell + np.arange(-1, 3)[:, None, None], 0, SIDE - 1)
    patch = np.log(table())[near[:, None, :, 0], near[None, :, :, 1]]  # (4, 4, N)
    cost = np.exp(np.einsum("ijn,in,jn->n", patch, weights[..., 0], weights[..., 1]))
    along_x = np.einsum("ijn,in,jn->n", patch, slopes[..., 0], weights[..., 1])
    along_y = np.einsum("ijn,in,jn->n", patch, weights[..., 0], slopes[..., 1])
    slope = cost[:, None] * np.stack([along_x, along_y], axis=1) * (SIDE - 1) / (2 * REACH)
    slope = np.where(beyond == 0, slope, 2 * OUTSIDE * beyond)
    return cost + OUTSIDE * (beyond**2).sum(axis=1), slope


def _catmull_rom(t: Array) -> tuple[Array, Array]:
    """Weights of the four nearest entries at t in [0, 1] between the middle two, and their derivatives."""
    weights = [t * (-1 + t * (2 - t)), 2 + t * t * (-5 + 3 * t), t * (1 + t * (4 - 3 * t)), t * t * (t - 1)]
    slopes = [-1 + t * (4 - 3 * t), t * (-10 + 9 * t), 1 + t * (8 - 9 * t), t * (3 * t - 2)]
    return np.stack(weights) / 2, np.stack(slopes) / 2
