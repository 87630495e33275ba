"""The convolution as a matrix product, one image at a time.

*im2col* writes the inputs that each output sees into one column of a matrix. The convolution is
then weight @ columns, and its gradients are the matrix product's. Doing one image after the other
needs one such matrix only, and keeps it in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["conv2d"]

Pair = tuple[int, int]


class Conv2d(Operation):
    """y[n, k] = Σ_c w[k, c] ⋆ x[n, c] + b[k], where ⋆ slides the kernel over the image (LeCun et al., 1989).

        x: (N, C, H, W)   w: (K, C/groups, R, S)   b: (K,)   y: (N, K, OH, OW)

    With ``columns`` (C·R·S, OH·OW) of one image and w as a matrix (K, C·R·S):

        y = w @ columns       dw = dy @ columnsᵀ       d columns = wᵀ @ dy       db = Σ dy

    and every entry of d columns is added to the input that it was copied from. ``groups`` splits
    the channels into parts that do not see each other.
    """

    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None = None,
        *,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Any:
        _check_conv(x, weight, bias, groups)
        n, channels, height, width = x.shape
        k, _, r, s = weight.shape
        out_height = output_size("conv2d", height, r, stride[0], padding[0], dilation[0])
        out_width = output_size("conv2d", width, s, stride[1], padding[1], dilation[1])
        self.x, self.weight, self.groups = x, weight, groups
        self.rows = list(taps(height, out_height, r, stride[0], padding[0], dilation[0]))
        self.cols = list(taps(width, out_width, s, stride[1], padding[1], dilation[1]))
        self.columns_shape = channels, r, s, out_height, out_width

        matrix = weight.reshape(groups, k // groups, -1)
        columns = np.zeros(self.columns_shape, x.dtype)
        y = np.empty((n, k, out_height, out_width), x.dtype)
        for image in range(n):
            self.im2col(x[image], columns)
            np.matmul(
                matrix, columns.reshape(groups, matrix.shape[2], -1), out=y[image].reshape(groups, k // groups, -1)
            )
        if bias is not None:
            y += bias[:, np.newaxis, np.newaxis]
        return y

    def backward(self, grad: Array) -> Any:
        n, k = grad.shape[:2]
        matrix = self.weight.reshape(self.groups, k // self.groups, -1)
        columns = np.zeros(self.columns_shape, self.x.dtype)
        as_matrix = columns.reshape(self.groups, matrix.shape[2], -1)
        dx: Array | None = None
        dw: Array | None = None
        if self.needs[1]:
            dw = np.zeros(matrix.shape, matrix.dtype)
            for image in range(n):
                self.im2col(self.x[image], columns)
                dy = grad[image].reshape(self.groups, k // self.groups, -1)
                dw += (as_matrix @ dy.transpose(0, 2, 1)).transpose(0, 2, 1)  # dy @ columnsᵀ; BLAS is faster this way
        if self.needs[0]:
            dx = np.zeros(self.x.shape, self.x.dtype)
            for image in range(n):
                dy = grad[image].reshape(self.groups, k // self.groups, -1)
                np.matmul(matrix.transpose(0, 2, 1), dy, out=as_matrix)
                self.col2im(columns, dx[image])
        dw = None if dw is None else dw.reshape(self.weight.shape)
        return (dx, dw, grad.sum(axis=(0, 2, 3))) if len(self.inputs) == 3 else (dx, dw)

    def im2col(self, image: Array, columns: Array) -> None:
        """Copy what each output sees. Where the kernel reaches beyond the border, the zeros stay."""
        for i, (out_rows, in_rows) in enumerate(self.rows):
            for j, (out_cols, in_cols) in enumerate(self.cols):
                columns[:, i, j, out_rows, out_cols] = image[:, in_rows, in_cols]

    def col2im(self, columns: Array, image: Array) -> None:
        """Add up, for each input, the gradients of all its copies."""
        for i, (out_rows, in_rows) in enumerate(self.rows):
            for j, (out_cols, in_cols) in enumerate(self.cols):
                image[:, in_rows, in_cols] += columns[:, i, j, out_rows, out_cols]


def taps(size: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> Iterator[tuple[slice, slice]]:
    """For each tap of the kernel along one axis: the outputs for which it falls inside the image, and those inputs.

    Output o reads input o · stride + tap · dilation - padding.
    """
    for tap in range(kernel):
        offset = tap * dilation - padding
        first = max(0, -(offset // stride))  # the smallest o with o · stride + offset >= 0
        end = min(out, (size - 1 - offset) // stride + 1)
        if end <= first:
            yield slice(0, 0), slice(0, 0)
        else:
            yield slice(first, end), slice(first * stride + offset, (end - 1) * stride + offset + 1, stride)


def output_size(function: str, size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """How many outputs there are along an axis. Raises ``ValueError`` if the kernel is larger than the image."""
    reach = dilation * (kernel - 1) + 1
    if size + 2 * padding < reach:
        raise ValueError(
            f"{function}: input has {size} pixels along an axis and padding {padding}, expected at least {reach} in "
            f"all: the kernel's reach"
        )
    return (size + 2 * padding - reach) // stride + 1


def pair(function: str, name: str, value: int | Pair, least: int = 1) -> Pair:
    """``3`` means ``(3, 3)``. Raises ``ValueError`` for anything but one or two integers of at least ``least``."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or not all(isinstance(v, int) and v >= least for v in both):
        raise ValueError(f"{function}: {name} is {value}, expected an integer or a pair, at least {least}")
    return both


def _check_conv(x: Array, weight: Array, bias: Array | None, groups: int) -> None:
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError(
            f"conv2d: input has shape {x.shape} and weight {weight.shape}, expected (N, C, H, W) and "
            f"(K, C/groups, R, S)"
        )
    if groups < 1 or x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError(
            f"conv2d: weight has shape {weight.shape} and groups is {groups}; expected input channels "
            f"{x.shape[1]} = {weight.shape[1]} · groups, and {weight.shape[0]} output channels divisible by groups"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"conv2d: bias has shape {bias.shape}, expected {weight.shape[:1]}")
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.dtype != x.dtype:
            raise TypeError(f"conv2d: {name} is {array.dtype} and input is {x.dtype}, expected the same dtype")


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate images (N, C, H, W) with kernels (K, C/groups, R, S), as every framework's "convolution".

    ``padding`` zeros go around the image, the kernel moves by ``stride``, and its taps lie
    ``dilation`` apart. Raises ``ValueError`` for shapes that do not fit, ``TypeError`` for dtypes.
    """
    options = {
        "stride": pair("conv2d", "stride", stride),
        "padding": pair("conv2d", "padding", padding, least=0),
        "dilation": pair("conv2d", "dilation", dilation),
        "groups": groups,
    }
    return Conv2d.apply(input, weight, **options) if bias is None else Conv2d.apply(input, weight, bias, **options)
