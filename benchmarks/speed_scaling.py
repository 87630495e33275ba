"""How the cost grows with batch, width, depth and image size, on log axes, with slopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

import dlcourse.numpy
import dlcourse.torch
from benchmarks.speed_report import Figure, Report, Target, at_most, section, table
from benchmarks.speed_timing import Effort, growth, measure
from dlcourse import plots

TWINS = {"NumPy": dlcourse.numpy, "torch": dlcourse.torch}
SLACK = 0.2  # caches make larger problems a little dearer than their arithmetic
FITTED = 4  # the slope is that of the largest sizes, where arithmetic outweighs the calls

Run = Callable[[], object]


@dataclass(frozen=True)
class Sweep:
    """One quantity that grows while the rest stays, and the slope that the arithmetic predicts."""

    title: str
    axis: str
    sizes: tuple[int, ...]
    expected: float
    build: Callable[[ModuleType, int], Run]


@section("scaling", "How the cost grows")
def scaling(effort: Effort) -> Report:
    """Time a forward and backward pass over each sweep."""
    results = {sweep.title: sweep_times(sweep, effort) for sweep in SWEEPS}
    rows = []
    targets: list[Target] = []
    for sweep in SWEEPS:
        slopes = {name: tail_slope(*times) for name, times in results[sweep.title].items()}
        sizes = results[sweep.title]["NumPy"][0]
        largest = f"{sizes[max(0, len(sizes) - FITTED)]} to {sizes[-1]}"
        rows.append([sweep.title, f"{sweep.expected:g}", *(f"{slope:.2f}" for slope in slopes.values()), largest])
        promise = f"time grows with {sweep.axis} with a slope near {sweep.expected:g}"
        targets.append(at_most(promise, slopes["NumPy"], sweep.expected + SLACK, "slope"))
    text = (
        "Forward and backward pass, one thread. A slope of 1 on log axes is proportional, 2 is quadratic. Slopes are "
        f"fitted to the {FITTED} largest sizes; at small sizes the fixed cost of the calls shows as a flat start.\n\n"
        + table(("sweep", "slope of the arithmetic", "NumPy", "torch", "fitted over"), rows)
    )
    return Report(text, targets, [draw(results)])


def sweep_times(sweep: Sweep, effort: Effort) -> dict[str, tuple[list[int], list[float]]]:
    """For each twin the sizes and the medians."""
    sizes = list(sweep.sizes[:2] if effort.tiny else sweep.sizes)
    quick = Effort(rounds=min(effort.rounds, 7), seconds=effort.seconds, tiny=effort.tiny)
    seconds: dict[str, list[float]] = {name: [] for name in TWINS}
    for size in sizes:
        times = measure({name: sweep.build(twin, size) for name, twin in TWINS.items()}, quick)
        for name, timing in times.items():
            seconds[name].append(timing.median)
    return {name: (sizes, values) for name, values in seconds.items()}


def tail_slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope over the largest sizes."""
    return growth(list(sizes[-FITTED:]), list(seconds[-FITTED:]))


def mlp(twin: ModuleType, batch: int, widths: Sequence[int]) -> Run:
    """Forward and backward pass of an MLP with ReLU and cross-entropy."""
    rng = np.random.default_rng(0)
    layers: list[Any] = []
    for inputs, outputs in pairwise(widths):
        layers += [twin.nn.Linear(inputs, outputs), twin.nn.ReLU()]
    model = twin.nn.Sequential(*layers[:-1])
    x = twin.tensor(rng.normal(size=(batch, widths[0])).astype(np.float32))
    y = twin.tensor(rng.integers(widths[-1], size=batch))

    def run() -> None:
        model.zero_grad()
        twin.functional.cross_entropy(model(x), y).backward()

    return run


def convolution(twin: ModuleType, side: int) -> Run:
    """Forward and backward pass of a 3×3 convolution, 8 to 16 channels, 4 images."""
    rng = np.random.default_rng(0)
    layer = twin.nn.Conv2d(8, 16, 3, padding=1)
    x = twin.tensor(rng.normal(size=(4, 8, side, side)).astype(np.float32), requires_grad=True)

    def run() -> None:
        layer.zero_grad()
        x.grad = None
        layer(x).sum().backward()

    return run


SWEEPS = (
    Sweep(
        "64-100-10, batch N", "batch", (16, 64, 256, 1024, 2048, 4096, 8192), 1, lambda t, n: mlp(t, n, (64, 100, 10))
    ),
    Sweep("M-M-10, batch 64", "width", (32, 64, 128, 256, 512, 1024, 2048), 2, lambda t, n: mlp(t, 64, (n, n, 10))),
    Sweep("L layers of 64, batch 64", "depth", (1, 2, 4, 8, 16, 32, 64), 1, lambda t, n: mlp(t, 64, (64,) * n + (10,))),
    Sweep("conv 3×3, 8 to 16 channels, H×H", "image side", (8, 16, 32, 48, 64, 96, 128), 2, convolution),
)


def draw(results: dict[str, dict[str, tuple[list[int], list[float]]]]) -> Figure:
    """Four panels on log axes; a grey line shows the slope of the arithmetic."""
    figure, axes = plots.subplots(2, 2, size=(9.0, 7.0))
    descriptions = []
    for axis, sweep in zip(axes.flat, SWEEPS, strict=True):
        for (name, (sizes, seconds)), marker in zip(results[sweep.title].items(), "os", strict=True):
            slope = tail_slope(sizes, seconds)
            axis.loglog(sizes, [s * 1e3 for s in seconds], marker=marker, label=f"{name}, slope {slope:.2f}")
        sizes, seconds = results[sweep.title]["NumPy"]
        guide = [1e3 * seconds[-1] * (size / sizes[-1]) ** sweep.expected for size in sizes]
        axis.loglog(sizes, guide, color="#888888", linestyle=":", linewidth=1.2, label=f"slope {sweep.expected:g}")
        axis.set_title(sweep.title)
        axis.set_xlabel(sweep.axis)
        axis.set_ylabel("milliseconds")
        axis.legend()
        descriptions.append(f"{sweep.axis} {tail_slope(*results[sweep.title]['NumPy']):.2f}")
    alt = (
        "Four panels on log axes, time against batch, width, depth and image side, NumPy and torch. The curves "
        f"end along straight lines; NumPy's slopes there are {', '.join(descriptions)}."
    )
    return Figure("scaling.png", plots.png(figure), alt)
