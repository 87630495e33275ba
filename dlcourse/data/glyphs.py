"""Images of letters that look handwritten, made from Matplotlib's fonts: a source task for transfer learning.

Every image is a blurred master letter, warped by a random affine and elastic map, thresholded at a
random level (the width of the pen), for half of the images made as coarse as 8×8 digits, and noised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.cache import cached_arrays
from dlcourse.data.dataset import Dataset
from dlcourse.data.fonts import FONTS, MASTER_SIZE, master_images, versions
from dlcourse.data.warp import bilinear_sample, resize

__all__ = ["DIGITS", "LETTERS", "load_glyphs", "make_glyphs"]

DIGITS = "0123456789"
# All capitals, and the small letters whose shape is not that of the capital.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abdefghijlmnqrtuy"

Images = NDArray[np.float32]

SIZE = 32
_CHUNK = 500  # images at a time: keeps the working arrays small enough for the processor's cache
_RECIPE_VERSION = 1


def load_glyphs(n: int = 20_000, characters: str = LETTERS, seed: int = 0) -> Dataset:
    """As :func:`make_glyphs`, kept in the cache folder: the second call only reads a file."""
    _check("load_glyphs", n, characters)
    recipe = {"version": _RECIPE_VERSION, "n": n, "characters": characters, "seed": seed, **versions()}
    arrays = cached_arrays("glyphs", recipe, lambda: _arrays(n, characters, seed))
    return _dataset(arrays, characters)


def make_glyphs(n: int, characters: str = LETTERS, seed: int = 0) -> Dataset:
    """``n`` images (n, 1, 32, 32) of the 22 fonts' ``characters``, values in [0, 1] in steps of 1/255.

    Classes are drawn at random and so nearly balanced. The same arguments give the same images.
    Raises ``ValueError`` for no images, repeated characters, or a character without ink.
    """
    _check("make_glyphs", n, characters)
    return _dataset(_arrays(n, characters, seed), characters)


def _arrays(n: int, characters: str, seed: int) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    masters = master_images(characters)
    labels = rng.integers(0, len(characters), n)
    images = np.empty((n, SIZE, SIZE), np.uint8)
    for start in range(0, n, _CHUNK):
        chunk = slice(start, min(n, start + _CHUNK))
        fonts = rng.integers(0, len(FONTS), len(labels[chunk]))
        images[chunk] = np.rint(_images(masters[fonts, labels[chunk]], rng) * 255)
    return {"images": images, "labels": labels}


def _images(masters: Images, rng: np.random.Generator) -> Images:
    rows, cols = _coordinates(len(masters), rng)
    ink = bilinear_sample(masters[:, None], rows, cols)[:, 0]
    ink = _rescale(_pen(ink, _uniform(rng, 0.2, 0.6, len(masters))))
    coarse = rng.random(len(masters)) < 0.5
    ink[coarse] = _coarsen(ink[coarse])
    brightness, noise = _uniform(rng, 0.7, 1, len(masters)), _uniform(rng, 0, 0.1, len(masters))
    grain = rng.standard_normal(ink.shape, dtype=np.float32)
    return np.clip(ink * brightness + grain * noise, 0, 1)


def _coordinates(n: int, rng: np.random.Generator) -> tuple[Images, Images]:
    """Where each pixel of n images looks in its master: shifted, elastic, rotated, scaled and sheared."""
    grid = np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2
    y = grid[:, None] - _uniform(rng, -2, 2, n) + _smooth_noise(n, rng)
    x = grid[None, :] - _uniform(rng, -2, 2, n) + _smooth_noise(n, rng)
    angle = np.deg2rad(_uniform(rng, -15, 15, n))
    cos, sin = np.cos(angle), np.sin(angle)
    rows = (cos * y - sin * x) / _uniform(rng, 0.8, 1.15, n)
    cols = (sin * y + cos * x) / _uniform(rng, 0.8, 1.15, n) + _uniform(rng, -0.3, 0.3, n) * rows
    scale, centre = np.float32(MASTER_SIZE / SIZE), np.float32((MASTER_SIZE - 1) / 2)
    return rows * scale + centre, cols * scale + centre


def _smooth_noise(n: int, rng: np.random.Generator, knots: int = 4) -> Images:
    """Random displacements with a standard deviation of one pixel at 4×4 knots, smooth in between."""
    place = np.linspace(0, knots - 1, SIZE)
    lower = np.minimum(place.astype(int), knots - 2)
    fraction = (1 - np.cos(np.pi * (place - lower))) / 2
    matrix = np.zeros((SIZE, knots), np.float32)
    matrix[np.arange(SIZE), lower] = 1 - fraction
    matrix[np.arange(SIZE), lower + 1] = fraction
    knot_values = rng.standard_normal((n, knots, knots), dtype=np.float32)
    return (matrix @ knot_values @ matrix.T).astype(np.float32, copy=False)


def _pen(ink: Images, threshold: Images) -> Images:
    """A soft threshold: low thresholds give thick strokes."""
    pressed: Images = 1 / (1 + np.exp(-12 * (ink - threshold)))
    return pressed


def _rescale(ink: Images) -> Images:
    """Each image from 0 to 1."""
    ink = ink - ink.min((1, 2), keepdims=True)
    scaled: Images = ink / (ink.max((1, 2), keepdims=True) + np.float32(1e-6))
    return scaled


def _coarsen(ink: Images) -> Images:
    """Through 8×8 pixels and back, as an enlarged digit looks."""
    blocks = ink.reshape(len(ink), 8, SIZE // 8, 8, SIZE // 8).mean((2, 4))
    return _rescale(resize(blocks, SIZE))


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> Images:
    return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)


def _check(who: str, n: int, characters: str) -> None:
    if n < 1:
        raise ValueError(f"{who}: n is {n}, expected 1 or more images")
    if len(characters) < 2 or len(set(characters)) != len(characters):
        raise ValueError(f"{who}: characters is {characters!r}, expected two or more different characters")


def _dataset(arrays: dict[str, NDArray[Any]], characters: str) -> Dataset:
    images = arrays["images"].astype(np.float32)[:, None] / np.float32(255)
    description = "Letters of Matplotlib's fonts, warped, thresholded and noised to look handwritten."
    return Dataset("glyphs", images, arrays["labels"].astype(np.int64), tuple(characters), description)
