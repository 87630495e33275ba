"""A small trained network, block by block: images, its first convolution, ReLU, max-pooling, and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl

__all__ = ["FILE", "FRAME", "KERNELS", "LETTERS", "SAMPLES", "SIDE", "Maps", "network", "pixels_of", "run", "sample"]

Array = NDArray[np.float64]

FILE = Path(__file__).parent / "convolution_weights.json"
SIDE = 16
"""Images have 16 × 16 pixels, as the letters of lecture 12."""
LETTERS = "ABDEGHKRST"
KERNELS = 6
SAMPLES = ("A", "E", "K", "R", "S")
"""The letters that are shown; none of the images was in the training."""
FRAME = "0000" * 3 + "1ff8" + "1008" * 8 + "1ff8" + "0000" * 3
"""The drawing at the start, a square: its four edges and four corners show what a kernel answers to."""


@dataclass(frozen=True)
class Maps:
    """What the first block makes of an image x (16, 16) with one kernel W (3, 3) and its bias b.

    z and relu are (16, 16), pooled is (8, 8); ``answer`` (10,) are the whole network's probabilities of ``LETTERS``.
    """

    x: Array
    W: Array
    b: float
    z: Array
    relu: Array
    pooled: Array
    answer: Array


@cache
def network() -> dict[str, Any]:
    """The stored weights by name, as float64 arrays, ``samples``, and accuracies on new letters in %.

    ``benchmarks/convolution_weights.py`` trains and writes them. Kernels and biases of the first layer, and the
    images, are whole hundredths: what is shown is all there is, so that a reader can check it by hand.
    """
    stored = json.loads(FILE.read_text("utf-8"))
    arrays = {name: np.array(values) for name, values in stored["weights"].items()}
    return {**stored, "weights": arrays}


def sample(letter: str) -> Array:
    """One stored image (16, 16) of a letter in ``SAMPLES``: 0 is paper, 1 is ink."""
    return np.array(network()["samples"][letter]) / 100


def pixels_of(drawing: str) -> Array:
    """The image (16, 16) of a drawing: 64 digits of base 16, four to a row, a bit for each pixel.

    Raises ``ValueError`` for anything else.
    """
    if len(drawing) != len(FRAME) or not set(drawing) <= set("0123456789abcdef"):
        raise ValueError(f"a drawing is {len(FRAME)} digits from 0 to 9 and a to f, four for each row of pixels")
    bits = np.array([int(digit, 16) >> place & 1 for digit in drawing for place in (3, 2, 1, 0)])
    return bits.reshape(SIDE, SIDE).astype(float)


def run(x: Array, kernel: int, turned: bool = False) -> Maps:
    """The first block's maps of image x for one of its kernels, and what the network answers.

    ``turned`` is the bug: every kernel of both layers is turned by 180°, as in the mathematician's convolution.
    """
    weights = _turned(network()["weights"]) if turned else network()["weights"]
    functional = dl.functional
    with dl.no_grad():
        w = {name: dl.tensor(values) for name, values in weights.items()}
        z = functional.conv2d(dl.tensor(x[None, None]), w["conv1.weight"], w["conv1.bias"], padding=1)
        relu = functional.relu(z)
        pooled = functional.max_pool2d(relu, 2)
        second = functional.conv2d(pooled, w["conv2.weight"], w["conv2.bias"], padding=1)
        features = functional.max_pool2d(functional.relu(second), 2).reshape(1, -1)
        answer = functional.softmax(functional.linear(features, w["dense.weight"], w["dense.bias"]), dim=1)
    first = weights["conv1.weight"][kernel, 0]
    bias = float(weights["conv1.bias"][kernel])
    return Maps(x, first, bias, _exact(z, kernel), _exact(relu, kernel), _exact(pooled, kernel), answer.data[0])


def _exact(maps: dl.Tensor, kernel: int) -> Array:
    """One map without the last digits' rounding: products of hundredths have four decimals."""
    exact: Array = np.round(maps.data[0, kernel], 4) + 0.0
    return exact


def _turned(weights: dict[str, Array]) -> dict[str, Array]:
    return {name: w[..., ::-1, ::-1].copy() if name in _KERNELS else w for name, w in weights.items()}


_KERNELS = ("conv1.weight", "conv2.weight")
