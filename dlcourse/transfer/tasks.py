"""The tasks to which the networks of the zoo are transferred: near to glyphs, and far from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data import load_digits, make_glyphs, make_textures
from dlcourse.data.glyphs import DIGITS

__all__ = ["TASKS", "Task", "few", "load_task"]

TASKS = ("digits", "printed digits", "textures", "shuffled digits")
_SEED = 7


@dataclass(frozen=True, eq=False)
class Task:
    """Images (N, 1, 32, 32) in [0, 1] with labels (N,), those to train on and those to test on."""

    name: str
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    X_test: NDArray[np.float32]
    y_test: NDArray[np.int64]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.y.max()) + 1


@cache
def load_task(name: str) -> Task:
    """A task by name; the split is always the same.

    "digits" are handwritten: 1000 to train on, 797 to test. "printed digits" come from the fonts of the pretraining,
    which showed letters only. "textures" have nothing in common with glyphs; of both there are 5000 and 2000.
    "shuffled digits" are the handwritten ones with their pixels in another order, the same for all images.
    """
    if name == "digits":
        digits = load_digits(32)
        return _split(name, digits.X, digits.y, 1000)
    if name == "shuffled digits":
        digits = load_digits(32)
        order = np.random.default_rng(_SEED).permutation(32 * 32)
        shuffled = digits.X.reshape(len(digits), -1)[:, order].reshape(digits.X.shape)
        return _split(name, shuffled, digits.y, 1000)
    if name == "printed digits":
        glyphs = make_glyphs(7000, DIGITS, _SEED)
        return _split(name, glyphs.X, glyphs.y, 5000)
    if name == "textures":
        textures = make_textures(7000, seed=_SEED)
        return _split(name, textures.X, textures.y, 5000)
    raise ValueError(f"load_task: there is no task {name!r}, expected one of {', '.join(TASKS)}")


def few(task: Task, n: int, seed: int) -> NDArray[np.int64]:
    """Positions of ``n`` training images with as many of each class, at random; of all images when n is their number.

    Raises ``ValueError`` for an n that is no multiple of the number of classes, or too large.
    """
    if n == len(task.y):
        return np.arange(n)
    each = n // task.classes
    if each * task.classes != n or n < 1 or each > np.bincount(task.y).min():
        raise ValueError(f"few: n is {n}, expected a multiple of {task.classes} that every class can fill")
    rng = np.random.default_rng([seed, n])
    chosen = [rng.permutation(np.flatnonzero(task.y == label))[:each] for label in range(task.classes)]
    return np.concatenate(chosen)


def _split(name: str, X: NDArray[Any], y: NDArray[Any], train: int) -> Task:
    order = np.random.default_rng(0).permutation(len(y))
    first, rest = order[:train], order[train:]
    return Task(name, X[first], y[first], X[rest], y[rest])
