"""Batch normalisation, forward and backward, in training mode."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

import dlcourse.numpy
import dlcourse.torch
from benchmarks.speed_report import Report, duration, section, table
from benchmarks.speed_timing import Effort, Timing, measure

TWINS = {"NumPy": dlcourse.numpy, "torch": dlcourse.torch}
SHAPES = {"BatchNorm1d": (256, 100), "BatchNorm2d": (32, 32, 16, 16)}
SMALL_SHAPES = {"BatchNorm1d": (4, 3), "BatchNorm2d": (2, 3, 4, 4)}


@section("batchnorm", "Batch normalisation")
def batch_normalisation(effort: Effort) -> Report:
    """BatchNorm1d and BatchNorm2d on both twins."""
    rows = []
    for layer, shape in (SMALL_SHAPES if effort.tiny else SHAPES).items():
        times = measure({name: passes(twin, layer, shape) for name, twin in TWINS.items()}, effort)
        rows.append([f"{layer} on {shape}", *_cells(times["NumPy"], times["torch"])])
    text = "Forward and backward pass with gradients for input, scale and shift, in training mode; the ratio is \
NumPy's time divided by torch's.\n\n"
    return Report(text + table(("layer", "NumPy", "torch", "ratio"), rows))


def passes(twin: ModuleType, layer: str, shape: tuple[int, ...]) -> Callable[[], object]:
    """One forward and backward pass in training mode."""
    rng = np.random.default_rng(0)
    norm = getattr(twin.nn, layer)(shape[1])
    x = twin.tensor(rng.normal(size=shape).astype(np.float32), requires_grad=True)
    upstream = twin.tensor(rng.normal(size=shape).astype(np.float32))

    def run() -> None:
        norm.zero_grad()
        x.grad = None
        norm(x).backward(upstream)

    return run


def _cells(ours: Timing, theirs: Timing) -> tuple[str, str, str]:
    low, high = ours.quartiles_of_ratio_to(theirs)
    return duration(ours.median), duration(theirs.median), f"{ours.ratio_to(theirs):.2f} [{low:.2f}, {high:.2f}]"
