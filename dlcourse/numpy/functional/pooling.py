"""Pooling: images become smaller; each output summarises a window of the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.functional.conv import Pair, output_size, pair, taps
from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["adaptive_avg_pool2d", "avg_pool2d", "max_pool2d"]


class MaxPool2d(Operation):
    """The largest number of each window. The gradient goes to that one input; of equal ones, to the first."""

    def forward(self, x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Any:
        _check_images("max_pool2d", x)
        out = [output_size("max_pool2d", x.shape[2 + a], kernel[a], stride[a], padding[a], dilation[a]) for a in (0, 1)]
        self.rows, self.cols = (
            list(taps(x.shape[2 + a], out[a], kernel[a], stride[a], padding[a], dilation[a])) for a in (0, 1)
        )
        self.shape = x.shape
        y = np.full((*x.shape[:2], *out), -np.inf, x.dtype)
        self.winner = np.zeros(y.shape, np.int32)  # which tap of the window was the largest
        for tap, (seen, read) in enumerate(windows(self.rows, self.cols)):
            larger = x[read] > y[seen]
            y[seen][larger] = x[read][larger]
            self.winner[seen][larger] = tap
        return y

    def backward(self, grad: Array) -> Any:
        dx = np.zeros(self.shape, grad.dtype)
        for tap, (seen, read) in enumerate(windows(self.rows, self.cols)):
            dx[read] += grad[seen] * (self.winner[seen] == tap)
        return dx


class AvgPool2d(Operation):
    """The mean of each window. Every input of a window gets the same share of its gradient.

    ``count_include_pad`` decides whether the zeros of the padding count in the mean.
    """

    def forward(self, x: Array, kernel: Pair, stride: Pair, padding: Pair, count_include_pad: bool) -> Any:
        _check_images("avg_pool2d", x)
        out = [output_size("avg_pool2d", x.shape[2 + a], kernel[a], stride[a], padding[a]) for a in (0, 1)]
        self.rows, self.cols = (list(taps(x.shape[2 + a], out[a], kernel[a], stride[a], padding[a], 1)) for a in (0, 1))
        self.shape = x.shape
        total = np.zeros((*x.shape[:2], *out), x.dtype)
        inside = np.zeros(out, x.dtype)  # how many numbers of each window lie inside the image
        for seen, read in windows(self.rows, self.cols):
            total[seen] += x[read]
            inside[seen[2:]] += 1
        self.count = np.full_like(inside, kernel[0] * kernel[1]) if count_include_pad else inside
        return total / self.count

    def backward(self, grad: Array) -> Any:
        dx = np.zeros(self.shape, grad.dtype)
        share = grad / self.count
        for seen, read in windows(self.rows, self.cols):
            dx[read] += share[seen]
        return dx


class AdaptiveAvgPool2d(Operation):
    """The mean of each cell when the image is cut into ``size`` cells, which may overlap by a pixel.

    Cell i of m along an axis of length n covers floor(i·n/m) to ceil((i+1)·n/m).
    """

    def forward(self, x: Array, size: Pair) -> Any:
        _check_images("adaptive_avg_pool2d", x)
        self.shape, self.size = x.shape, size
        y = np.empty((*x.shape[:2], *size), x.dtype)
        for (i, j), cell in self.cells():
            y[:, :, i, j] = x[cell].mean(axis=(2, 3))
        return y

    def backward(self, grad: Array) -> Any:
        dx = np.zeros(self.shape, grad.dtype)
        for (i, j), cell in self.cells():
            area = (cell[2].stop - cell[2].start) * (cell[3].stop - cell[3].start)
            dx[cell] += grad[:, :, i, j, np.newaxis, np.newaxis] / area
        return dx

    def cells(self) -> list[tuple[Pair, tuple[slice, ...]]]:
        """The position of every output, and the slice of the input that it averages."""
        rows, cols = (
            [slice(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]
            for n, m in zip(self.shape[2:], self.size, strict=True)
        )
        everything = slice(None)
        return [((i, j), (everything, everything, r, c)) for i, r in enumerate(rows) for j, c in enumerate(cols)]


def windows(
    rows: list[tuple[slice, slice]], cols: list[tuple[slice, slice]]
) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """For each tap of the window, row by row: the outputs that see it, and the inputs that they read there."""
    everything = slice(None)
    return [
        ((everything, everything, out_rows, out_cols), (everything, everything, in_rows, in_cols))
        for out_rows, in_rows in rows
        for out_cols, in_cols in cols
    ]


def _check_images(function: str, x: Array) -> None:
    if x.ndim != 4:
        raise ValueError(f"{function}: input has shape {x.shape}, expected images (N, C, H, W)")
    require_floating(function, x)


def _check_padding(function: str, padding: Pair, kernel: Pair) -> None:
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{function}: padding is {padding}, expected at most half of the kernel size {kernel}")


def max_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
) -> Tensor:
    """The largest number of each window; ``stride`` is the kernel size if not given. Padding never wins."""
    kernel = pair("max_pool2d", "kernel_size", kernel_size)
    edge = pair("max_pool2d", "padding", padding, least=0)
    _check_padding("max_pool2d", edge, kernel)
    return MaxPool2d.apply(
        input,
        kernel=kernel,
        stride=kernel if stride is None else pair("max_pool2d", "stride", stride),
        padding=edge,
        dilation=pair("max_pool2d", "dilation", dilation),
    )


def avg_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    *,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window; ``stride`` is the kernel size if not given."""
    kernel = pair("avg_pool2d", "kernel_size", kernel_size)
    edge = pair("avg_pool2d", "padding", padding, least=0)
    _check_padding("avg_pool2d", edge, kernel)
    return AvgPool2d.apply(
        input,
        kernel=kernel,
        stride=kernel if stride is None else pair("avg_pool2d", "stride", stride),
        padding=edge,
        count_include_pad=count_include_pad,
    )


def adaptive_avg_pool2d(input: Tensor, output_size: int | Pair) -> Tensor:
    """Average over cells so that the output has a given size, whatever the input's; 1 averages each channel."""
    return AdaptiveAvgPool2d.apply(input, size=pair("adaptive_avg_pool2d", "output_size", output_size))
