"""Procedural textures: a task that has nothing in common with letters or digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.dataset import Dataset

__all__ = ["make_textures"]

SIZE = 32
TEXTURES = (
    "horizontal stripes",
    "vertical stripes",
    "rising stripes",
    "falling stripes",
    "checkerboard",
    "dots",
    "grid",
    "waves",
    "rings",
    "blobs",
)
Grid = NDArray[np.float32]


def make_textures(n: int = 1000, noise: float = 0.7, seed: int = 0) -> Dataset:
    """``n`` images (n, 1, 32, 32) of ten textures, values in [0, 1].

    Frequency, phase, slant and contrast (also its sign) are random for each image, and Gaussian
    noise of standard deviation ``noise`` is added, so single pixels say nothing about the class.
    Raises ``ValueError`` for fewer than 10 images or negative noise.
    """
    if n < len(TEXTURES) or noise < 0:
        raise ValueError(
            f"make_textures: n is {n} and noise is {noise}, expected n of 10 or more and noise of 0 or more"
        )
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % len(TEXTURES))
    images = np.empty((n, 1, SIZE, SIZE), np.float32)
    for label, texture in enumerate(TEXTURES):
        members = np.flatnonzero(y == label)
        images[members, 0] = _draw(texture, *_grid(len(members), rng), rng)
    contrast = rng.uniform(0.15, 0.5, (n, 1, 1, 1)) * rng.choice([-1, 1], (n, 1, 1, 1))
    images = 0.5 + contrast * images + noise * rng.standard_normal(images.shape)
    return Dataset("textures", np.clip(images, 0, 1).astype(np.float32), y, TEXTURES, "Ten noisy procedural textures.")


def _grid(n: int, rng: np.random.Generator) -> tuple[Grid, Grid]:
    """Coordinates of the pixels of n images, in radians: 3 to 6 periods across, random phase, slight slant."""
    line = np.linspace(0, 2 * np.pi, SIZE, endpoint=False, dtype=np.float32)
    frequency = rng.uniform(3, 6, (n, 1, 1)).astype(np.float32)
    angle = np.deg2rad(rng.uniform(-12, 12, (n, 1, 1))).astype(np.float32)
    y, x = frequency * line[:, None], frequency * line[None, :]
    phase = rng.uniform(0, 2 * np.pi, (2, n, 1, 1)).astype(np.float32)
    return np.cos(angle) * y - np.sin(angle) * x + phase[0], np.sin(angle) * y + np.cos(angle) * x + phase[1]


def _draw(name: str, y: Grid, x: Grid, rng: np.random.Generator) -> Grid:
    """The clean textures ``name`` on the coordinates (n, 32, 32), values from -1 to 1."""
    match name:
        case "horizontal stripes":
            pattern = np.sin(y)
        case "vertical stripes":
            pattern = np.sin(x)
        case "rising stripes":
            pattern = np.sin((y + x) / np.sqrt(2))
        case "falling stripes":
            pattern = np.sin((y - x) / np.sqrt(2))
        case "checkerboard":
            pattern = np.sign(np.sin(y) * np.sin(x))
        case "dots":
            pattern = 2.0 * (np.cos(y) + np.cos(x) > 1) - 1
        case "grid":
            pattern = 2.0 * (np.maximum(np.cos(y), np.cos(x)) > 0.8) - 1
        case "waves":
            pattern = np.sin(y + 1.5 * np.sin(x))
        case "rings":
            pattern = np.sin(_distance(y, x, rng.integers(8, 24, (2, len(y)))))
        case _:
            pattern = _waves_in_all_directions(y, x, rng)
    return pattern.astype(np.float32)


def _distance(y: Grid, x: Grid, centre: NDArray[np.int64]) -> Grid:
    images = np.arange(len(y))
    dy = y - y[images, centre[0], centre[1]][:, None, None]
    dx = x - x[images, centre[0], centre[1]][:, None, None]
    distance: Grid = np.hypot(dy, dx)
    return distance


def _waves_in_all_directions(y: Grid, x: Grid, rng: np.random.Generator) -> Grid:
    """Blobs: the sum of eight waves with random directions and phases."""
    angles, phases = rng.uniform(0, 2 * np.pi, (2, 8, len(y), 1, 1))
    blobs: Grid = 2 * np.sin(y * np.sin(angles) + x * np.cos(angles) + phases).mean(0, dtype=np.float32)
    return blobs
