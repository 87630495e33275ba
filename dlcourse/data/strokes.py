"""Line drawings: strokes of a pen, the short text that holds them, and the image that a network sees.

A drawing is a list of strokes, each an array of corners (K, 2) as x and y in pixels of a 32 × 32 image, and the
width of its pen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIGITS", "SIDE", "Strokes", "image_of", "strokes_from_text", "text_of"]

Strokes = Sequence[NDArray[np.float64]]

SIDE = 32
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""A digit of base 64 is half a pixel of a corner's x or y, or a tenth of a pixel of the pen."""
_FORM = re.compile(r"[\w-](\.([\w-]{2})+)+", re.ASCII)


def image_of(strokes: Strokes, pen: float) -> NDArray[np.float32]:
    """The drawing as an image (1, 32, 32): paper 0, ink 1, with an edge one pixel soft.

    A pixel's ink is ``pen`` minus its distance to the nearest line, held between 0 and 1. What lies outside is cut off.
    """
    rows, cols = np.mgrid[:SIDE, :SIDE]
    ink = np.zeros((SIDE, SIDE))
    for stroke in strokes:
        ends = stroke[1:] if len(stroke) > 1 else stroke  # one corner alone is a dot
        for start, end in zip(stroke, ends, strict=False):
            ink = np.maximum(ink, np.clip(pen - _distance(rows, cols, start, end), 0, 1))
    return ink.astype(np.float32)[None]


def text_of(strokes: Strokes, pen: float) -> str:
    """The drawing as a text, as in ``M.0gWgW4``: the pen, then each stroke behind a point, two digits a corner.

    Corners move to the next half pixel inside the image.
    """
    parts = [DIGITS[_rounded(10 * pen)]]
    for stroke in strokes:
        parts.append("".join(DIGITS[_rounded(2 * value)] for value in np.asarray(stroke).ravel()))
    return ".".join(parts)


def strokes_from_text(text: str) -> tuple[list[NDArray[np.float64]], float]:
    """Strokes and pen of a drawing that :func:`text_of` wrote. Raises ``ValueError`` for any other text."""
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        shown = text[:20] if isinstance(text, str) else text
        raise ValueError(
            f"strokes_from_text: got {shown!r}, expected a pen and strokes, as in 'M.0gWgW4': two digits of "
            f"0-9, A-Z, a-z, - and _ for each corner, a point before each stroke"
        )
    pen, *parts = text.split(".")
    strokes = [np.array([DIGITS.index(digit) for digit in part], float).reshape(-1, 2) / 2 for part in parts]
    return strokes, DIGITS.index(pen) / 10


def _rounded(value: float) -> int:
    return int(min(max(np.rint(value), 0), len(DIGITS) - 1))


def _distance(
    rows: NDArray[np.int64], cols: NDArray[np.int64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From every pixel to the line between two corners."""
    (x0, y0), (dx, dy) = start, end - start
    along = np.clip(((cols - x0) * dx + (rows - y0) * dy) / max(dx**2 + dy**2, 1e-9), 0, 1)
    distance: NDArray[np.float64] = np.hypot(cols - x0 - along * dx, rows - y0 - along * dy)
    return distance
