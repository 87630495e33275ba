"""Reading images at any coordinates, for NumPy arrays and torch tensors alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bilinear_sample", "like", "look_up", "resize"]

Images = Any  # a NumPy array or a torch tensor


def like(values: NDArray[Any], images: Images) -> Any:
    """``values`` as the same kind of array as ``images``: same library, floating-point type and device."""
    if isinstance(images, np.ndarray):
        return values.astype(images.dtype, copy=False)
    import torch

    return torch.as_tensor(values, device=images.device).to(images.dtype)


def bilinear_sample(images: Images, rows: NDArray[np.float32], cols: NDArray[np.float32]) -> Images:
    """Read ``images`` (N, C, H, W) at pixel coordinates ``rows`` and ``cols``, both (N, h, w).

        out = (1-u)(1-v) I[r, c] + (1-u) v I[r, c+1] + u (1-v) I[r+1, c] + u v I[r+1, c+1]

    with r = floor(row), c = floor(col), u and v what is left over. Outside an image everything
    is 0. The result is (N, C, h, w), of the same library and dtype as ``images``.
    """
    n, channels, height, width = images.shape
    top, left = np.floor(rows), np.floor(cols)
    down, right = rows - top, cols - left
    planes = (np.arange(n * channels, dtype=np.int64) * (height * width)).reshape(n, channels, 1, 1)
    out = 0
    for row, row_weight in ((top, 1 - down), (top + 1, down)):
        for col, col_weight in ((left, 1 - right), (left + 1, right)):
            inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
            place = np.clip(row, 0, height - 1) * width + np.clip(col, 0, width - 1)
            pixels = _take(images, planes + place.astype(np.int64)[:, None])
            out = out + pixels * like((row_weight * col_weight * inside)[:, None], images)
    return out


def look_up(images: Images, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Images:
    """The pixels of ``images`` (N, C, H, W) at ``rows`` (N, h) and ``cols`` (N, w), 0 outside: (N, C, h, w)."""
    n, channels, height, width = images.shape
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((cols >= 0) & (cols < width))[:, None, :]
    places = np.clip(rows, 0, height - 1)[:, :, None] * width + np.clip(cols, 0, width - 1)[:, None, :]
    planes = (np.arange(n * channels, dtype=np.int64) * (height * width)).reshape(n, channels, 1, 1)
    return _take(images, planes + places[:, None]) * like(inside[:, None], images)


def resize(images: NDArray[Any], size: int) -> NDArray[Any]:
    """Square images (..., S, S) to (..., size, size), bilinear, pixel centres aligned, edges repeated."""
    source = images.shape[-1]
    centres = np.clip((np.arange(size) + 0.5) * source / size - 0.5, 0, source - 1)
    lower = np.minimum(centres.astype(np.int64), source - 2)
    fraction = centres - lower
    matrix = np.zeros((size, source), images.dtype)
    matrix[np.arange(size), lower] = 1 - fraction
    matrix[np.arange(size), lower + 1] = fraction
    resized: NDArray[Any] = matrix @ images @ matrix.T
    return resized


def _take(images: Images, places: NDArray[np.int64]) -> Images:
    """Read flat positions; both libraries have ``take``, torch's wants its own index type."""
    if isinstance(images, np.ndarray):
        return images.take(places)
    import torch

    return images.take(torch.as_tensor(places, device=images.device))
