"""Five signs drawn by a program with a shaky hand: classes that are neither letters nor digits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.dataset import Dataset
from dlcourse.data.strokes import SIDE, image_of

__all__ = ["SIGNS", "make_signs", "sketch_signs"]

_Corners = tuple[tuple[int, int], ...]

SIGNS: Mapping[str, tuple[_Corners, ...]] = MappingProxyType(
    {
        "house": (((8, 26), (8, 14), (16, 6), (24, 14), (24, 26), (8, 26)),),
        "arrow": (((5, 16), (26, 16)), ((18, 9), (26, 16), (18, 23))),
        "flash": (((19, 4), (11, 16), (20, 16), (12, 28)),),
        "star": (((16, 4), (22, 27), (4, 12), (28, 12), (10, 27), (16, 4)),),
        "fish": (((5, 16), (12, 9), (20, 12), (27, 22)), ((27, 10), (20, 20), (12, 23), (5, 16))),
    }
)
"""The strokes of each sign, corners as (x, y) in pixels of a 32 × 32 image."""

Sketch = tuple[list[NDArray[np.float64]], float]


def make_signs(each: int, seed: int = 0) -> Dataset:
    """Images (5·each, 1, 32, 32) of :data:`SIGNS`, paper 0 and ink 1, sign by sign. Raises as :func:`sketch_signs`."""
    sketches = [sketch for sign in sketch_signs(each, seed) for sketch in sign]
    images = np.stack([image_of(strokes, pen) for strokes, pen in sketches])
    labels = np.repeat(np.arange(len(SIGNS)), each)
    description = (
        "Five signs, drawn by a program: turned, scaled, moved, their corners unsteady, the pen thin or thick."
    )
    return Dataset("signs", images, labels, tuple(SIGNS), description)


def sketch_signs(each: int, seed: int = 0) -> list[list[Sketch]]:
    """For each sign ``each`` drawings as (strokes, pen), see :mod:`dlcourse.data.strokes`.

    Raises ``ValueError`` for ``each`` below 1.
    """
    if each < 1:
        raise ValueError(f"sketch_signs: each is {each}, expected 1 or more drawings")
    rng = np.random.default_rng(seed)
    return [[_sketch(strokes, rng) for _ in range(each)] for strokes in SIGNS.values()]


def _sketch(sign: tuple[_Corners, ...], rng: np.random.Generator) -> Sketch:
    """A sign turned, scaled and moved at random, its corners unsteady, with a pen of random width."""
    turn, size, pen = rng.normal(0, 0.2), rng.uniform(0.65, 1.1), rng.uniform(1.6, 3)
    spin = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    move, middle = rng.uniform(-4, 4, 2), SIDE / 2
    strokes = [
        (np.array(corners, float) - middle) @ spin.T + middle + move + rng.normal(0, 1.3, (len(corners), 2))
        for corners in sign
    ]
    return strokes, pen
