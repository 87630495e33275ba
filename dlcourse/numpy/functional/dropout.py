"""Dropout and its relatives: in training, drop a random part and scale up the rest.

All of them are a multiplication by a random mask whose mean is 1, so the expected output is the
input, and evaluation needs no change. They differ in what is dropped together: single numbers,
whole channels, or square blocks of an image.
"""

from __future__ import annotations

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.functional.pooling import max_pool2d
from dlcourse.numpy.graph import Array, Tensor
from dlcourse.numpy.random import default_generator

__all__ = ["drop_block2d", "dropout", "dropout2d"]


def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Drop each number with probability ``p`` and divide the others by 1 - p (Srivastava et al., 2014).

    Returns the input itself when ``training`` is False. Raises ``ValueError`` unless 0 <= p <= 1.
    """
    _check("dropout", input, p)
    return input * Tensor(_mask(input.shape, p, input.data.dtype)) if training else input


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Drop whole channels of images (N, C, H, W) (Tompson et al., 2015).

    Neighbouring pixels tell the same story, so dropping single ones hides little.
    """
    _check("dropout2d", input, p)
    if input.ndim != 4:
        raise ValueError(f"dropout2d: input has shape {input.shape}, expected images (N, C, H, W)")
    return input * Tensor(_mask((*input.shape[:2], 1, 1), p, input.data.dtype)) if training else input


def drop_block2d(input: Tensor, p: float = 0.1, block_size: int = 7, training: bool = True) -> Tensor:
    """Drop squares of ``block_size`` pixels in each channel of images (N, C, H, W) (Ghiasi et al., 2018).

    Corners of squares are drawn so often that about a share ``p`` of the pixels is dropped; squares
    may overlap, so it is a little less. What is left of an image is scaled up to keep the mean of
    the mask at 1. Raises ``ValueError`` for a p outside [0, 1) and a block larger than the image.
    """
    _check("drop_block2d", input, p)
    if input.ndim != 4 or not 1 <= block_size <= min(input.shape[2:]):
        raise ValueError(
            f"drop_block2d: input has shape {input.shape} and block_size is {block_size}, expected images "
            f"(N, C, H, W) and a block from 1 to the smaller of H and W"
        )
    if not training or p == 0 or input.numel() == 0:
        return input
    n, channels, height, width = input.shape
    corners_shape = n, channels, height - block_size + 1, width - block_size + 1
    rate = p / block_size**2 * (height * width) / (corners_shape[2] * corners_shape[3])
    corners = default_generator().random(corners_shape) < rate
    kept = 1 - _blocks(corners, block_size)
    share = max(kept.mean(), 1 / kept.size)
    return input * Tensor((kept / share).astype(input.data.dtype))


def _blocks(corners: Array, block_size: int) -> Array:
    """1 in the square below and to the right of each corner, else 0."""
    edge = block_size - 1
    padded = np.pad(corners.astype(np.float64), ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    return max_pool2d(Tensor(padded), block_size, stride=1).data


def _mask(shape: tuple[int, ...], p: float, dtype: np.dtype[np.floating]) -> Array:
    """0 with probability p, else 1 / (1 - p)."""
    kept = default_generator().random(shape) >= p
    mask: Array = kept.astype(dtype) / dtype.type(1 - p if p < 1 else 1)
    return mask


def _check(function: str, input: Tensor, p: float) -> None:
    require_floating(function, input)
    if not 0 <= p <= 1:
        raise ValueError(f"{function}: p is {p}, expected a probability from 0 to 1")
