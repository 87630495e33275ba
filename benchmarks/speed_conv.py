"""Convolution: forward and backward against torch, and how much memory the reference takes on the way."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

import dlcourse.numpy
import dlcourse.torch
from benchmarks.speed_report import Report, Target, at_most, duration, section, table
from benchmarks.speed_timing import Effort, Timing, measure
from dlcourse.numpy import functional as F

Array = np.ndarray[Any, Any]
TWINS = {"NumPy": dlcourse.numpy, "torch": dlcourse.torch}


@dataclass(frozen=True)
class Conv:
    """A square convolution of square images."""

    title: str
    images: int
    channels: int
    filters: int
    side: int
    options: dict[str, Any]
    groups: int = 1
    kernel: int = 3

    def arrays(self) -> list[Array]:
        """Input, weight and bias."""
        rng = np.random.default_rng(0)
        shapes = [
            (self.images, self.channels, self.side, self.side),
            (self.filters, self.channels // self.groups, self.kernel, self.kernel),
            (self.filters,),
        ]
        return [rng.normal(size=shape).astype(np.float32) for shape in shapes]

    def run(self, twin: ModuleType) -> Callable[[], object]:
        """Forward and backward pass with gradients for input, weight and bias."""
        tensors = [twin.tensor(array, requires_grad=True) for array in self.arrays()]
        upstream = twin.tensor(np.random.default_rng(1).normal(size=self.output_shape()).astype(np.float32))

        def run() -> None:
            for tensor in tensors:
                tensor.grad = None
            twin.functional.conv2d(*tensors, groups=self.groups, **self.options).backward(upstream)

        return run

    def output_shape(self) -> tuple[int, ...]:
        """(N, K, OH, OW)."""
        with dlcourse.numpy.no_grad():
            x, w, b = map(dlcourse.numpy.Tensor, self.arrays())
            return F.conv2d(x, w, b, groups=self.groups, **self.options).shape

    def im2col_bytes(self) -> int:
        """The size of the im2col matrix of one image: each output position holds what its filters see."""
        height, width = self.output_shape()[2:]
        return 4 * self.channels * self.kernel**2 * height * width


CONVS = (
    Conv("3×3, 16 → 32 channels, 32 images of 32×32", 32, 16, 32, 32, {"padding": 1}),
    Conv("3×3, 32 → 64, 4 groups, dilation 2, 32 images of 32×32", 32, 32, 64, 32, {"padding": 2, "dilation": 2}, 4),
)
LARGE = Conv("3×3, 64 → 64, 4 images of 56×56", 4, 64, 64, 56, {"padding": 1})  # for its memory only
LIMIT = 2.2  # times torch's time, for the first of them


@section("conv", "Convolution")
def convolution(effort: Effort) -> Report:
    """Time and peak memory of two convolutions."""
    convs = [replace(conv, images=2, side=6) if effort.tiny else conv for conv in CONVS]
    results = [measure({name: conv.run(twin) for name, twin in TWINS.items()}, effort) for conv in convs]
    measured = convs if effort.tiny else [*convs, LARGE]
    peaks = [working_memory(conv) for conv in measured]
    times = [_time_row(conv, result) for conv, result in zip(convs, results, strict=True)]
    memory = [_memory_row(conv, *peak) for conv, peak in zip(measured, peaks, strict=True)]
    text = (
        "Forward and backward pass with gradients for input, weight and bias; the ratio is NumPy's time divided by "
        "torch's.\n\n" + table(("convolution", "NumPy", "torch", "ratio"), times) + "\n\nPeak memory of the NumPy "
        "reference beyond its inputs and outputs (`tracemalloc`), in kB, beside the im2col matrix of one image. What "
        "goes beyond that matrix does not grow with the image: NumPy's iteration buffers (3 × 8192 numbers, 98 kB) "
        "and one product of the size of the weights.\n\n"
        + table(("convolution", "forward", "backward", "one im2col", "highest / im2col"), memory)
    )
    return Report(text, _targets(convs, results, measured, peaks))


def working_memory(conv: Conv) -> tuple[int, int]:
    """Peak bytes of forward and of backward that are neither their inputs nor their outputs."""
    x, w, b = (dlcourse.numpy.Tensor(array, requires_grad=True) for array in conv.arrays())
    F.conv2d(x, w, b, groups=conv.groups, **conv.options)  # anything that is loaded or cached once
    tracemalloc.start()
    try:
        y = F.conv2d(x, w, b, groups=conv.groups, **conv.options)
        forward = tracemalloc.get_traced_memory()[1] - y.data.nbytes
        upstream = np.ones_like(y.data)
        assert y.operation is not None
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        grads = y.operation.backward(upstream)
        backward = tracemalloc.get_traced_memory()[1] - before - sum(grad.nbytes for grad in grads)
    finally:
        tracemalloc.stop()
    return forward, backward


def _time_row(conv: Conv, times: dict[str, Timing]) -> list[str]:
    ours, theirs = times["NumPy"], times["torch"]
    low, high = ours.quartiles_of_ratio_to(theirs)
    ratio = f"{ours.ratio_to(theirs):.2f} [{low:.2f}, {high:.2f}]"
    return [conv.title, duration(ours.median), duration(theirs.median), ratio]


def _memory_row(conv: Conv, forward: int, backward: int) -> list[str]:
    im2col = conv.im2col_bytes()
    kilobytes = [f"{size / 1e3:.0f}" for size in (forward, backward, im2col)]
    return [conv.title, *kilobytes, f"{max(forward, backward) / im2col:.2f}"]


def _targets(
    convs: list[Conv], results: list[dict[str, Timing]], measured: list[Conv], peaks: list[tuple[int, int]]
) -> list[Target]:
    slower = results[0]["NumPy"].ratio_to(results[0]["torch"])
    share = max(max(peak) / conv.im2col_bytes() for conv, peak in zip(measured, peaks, strict=True))
    return [
        at_most(f"conv forward and backward against torch, {convs[0].title}", slower, LIMIT),
        at_most("peak memory of conv beyond inputs and outputs", share, 1, "im2col of one image"),
    ]
