"""Two-dimensional data sets to look at decision boundaries with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.dataset import Dataset

__all__ = ["make_circles", "make_gaussians", "make_moons", "make_spirals", "make_xor"]


def make_spirals(n: int = 300, classes: int = 2, turns: float = 1.0, noise: float = 0.02, seed: int = 0) -> Dataset:
    """``classes`` interleaved spiral arms within the unit circle; ``noise`` is a standard deviation.

    No straight line separates them: the classic test for a hidden layer.
    """
    rng, y = _start("make_spirals", n, classes, noise, seed)
    radius = rng.uniform(0.1, 1, n)
    angle = 2 * np.pi * (turns * radius + y / classes)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _dataset("spirals", points + rng.normal(0, noise, (n, 2)), y, classes)


def make_xor(n: int = 300, noise: float = 0.05, seed: int = 0) -> Dataset:
    """Points in the square [-1, 1]²; the class is 1 where x and y have different signs.

    ``noise`` is the standard deviation of what is added to a point after its label is fixed.
    """
    rng, _ = _start("make_xor", n, 2, noise, seed)
    points = rng.uniform(-1, 1, (n, 2))
    y = (points[:, 0] * points[:, 1] < 0).astype(np.int64)
    return _dataset("xor", points + rng.normal(0, noise, (n, 2)), y, 2)


def make_gaussians(n: int = 300, classes: int = 2, spread: float = 0.25, seed: int = 0) -> Dataset:
    """Round Gaussian clouds of standard deviation ``spread``, their centres evenly spaced on a circle of radius 0.6."""
    rng, y = _start("make_gaussians", n, classes, spread, seed)
    angle = 2 * np.pi * y / classes
    centres = 0.6 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _dataset("gaussians", centres + rng.normal(0, spread, (n, 2)), y, classes)


def make_moons(n: int = 300, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two interleaving half circles, from scikit-learn."""
    _start("make_moons", n, 2, noise, seed)
    from sklearn import datasets

    points, y = datasets.make_moons(n, noise=noise, random_state=seed)
    return _dataset("moons", points, y, 2)


def make_circles(n: int = 300, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """A small circle inside a large one, from scikit-learn; ``factor`` is the ratio of their radii."""
    _start("make_circles", n, 2, noise, seed)
    if not 0 <= factor < 1:
        raise ValueError(f"make_circles: factor is {factor}, expected 0 or more and less than 1")
    from sklearn import datasets

    points, y = datasets.make_circles(n, noise=noise, factor=factor, random_state=seed)
    return _dataset("circles", points, y, 2)


def _start(who: str, n: int, classes: int, noise: float, seed: int) -> tuple[np.random.Generator, NDArray[np.int64]]:
    """Check the arguments; give a generator and balanced labels in random order."""
    if n < classes or classes < 2:
        raise ValueError(f"{who}: n is {n} and classes is {classes}, expected two or more classes and a point for each")
    if noise < 0:
        raise ValueError(f"{who}: noise is {noise}, expected 0 or more")
    rng = np.random.default_rng(seed)
    return rng, rng.permutation(np.arange(n) % classes)


def _dataset(name: str, points: NDArray[np.float64], y: NDArray[np.int64], classes: int) -> Dataset:
    names = tuple(f"class {label}" for label in range(classes))
    return Dataset(name, points.astype(np.float32), y.astype(np.int64), names, f"{len(y)} points in the plane.")
