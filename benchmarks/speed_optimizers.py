"""One step of every optimizer: NumPy against torch's foreach version, and torch's missing ones against their base."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch

import dlcourse.numpy.optim as ours
import dlcourse.torch.optim as theirs
from benchmarks.speed_report import Report, Target, at_most, duration, section, table
from benchmarks.speed_timing import Effort, Timing, measure
from dlcourse.numpy import Tensor

NETWORKS = {"small": (64, 100, 10), "large": (784, 512, 512, 10)}
TINY_NETWORKS = {"small": (5, 4, 3), "large": (7, 4, 3)}
NATIVE = ("SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "NAdam", "Adamax", "RAdam")
OPTIONS: dict[str, dict[str, Any]] = {"SGD": {"lr": 1e-3, "momentum": 0.9}}
BASES = {"Lookahead": "Adam", "Ranger": "RAdam", "SWATS": "Adam"}
ADAM_FOR_EVER = 10**9  # SWATS's patience: it stays with Adam, its dearer half

NATIVE_TEXT = """A step of the reference in NumPy beside torch's foreach version, on the weights of a small MLP \
(64-100-10: 7,510 numbers) and a large one (784-512-512-10: 669,706); the ratio is NumPy's time divided by torch's. \
The reference writes a formula with one temporary array for each term, which costs on large weights and gains on small \
ones. SGD has momentum 0.9."""

ADDED_TEXT = """The optimizers that torch does not have, in their torch twin, against the optimizer they build on. \
SWATS is kept in its Adam phase, the dearer one; Lookahead and Ranger include their slow steps."""

Steps = dict[str, Callable[[], object]]


@section("optimizers", "Optimizers")
def optimizers(effort: Effort) -> Report:
    """A step of each optimizer on the weights of two networks."""
    results = {name: measure(_pairs(shapes_of(layers)), effort) for name, layers in _networks(effort).items()}
    added = {name: measure(_added(shapes_of(layers)), effort) for name, layers in _networks(effort).items()}
    networks = list(results)
    rows = [[name, *(cell for times in results.values() for cell in _compare(times, name))] for name in NATIVE]
    header = ["optimizer", *(f"{column}, {n}" for n in networks for column in ("NumPy", "torch", "ratio"))]
    added_rows = [
        [f"{name} over {base}", *(cell for times in added.values() for cell in _extra(times, name, base))]
        for name, base in BASES.items()
    ]
    added_header = ["torch", *(f"{column}, {n}" for n in networks for column in ("time", "ratio"))]
    return Report(
        f"{NATIVE_TEXT}\n\n{table(header, rows)}\n\n{ADDED_TEXT}\n\n{table(added_header, added_rows)}", _targets(added)
    )


def shapes_of(layers: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Weights and biases of an MLP."""
    shapes: list[tuple[int, ...]] = []
    for inputs, outputs in pairwise(layers):
        shapes += [(outputs, inputs), (outputs,)]
    return shapes


def _networks(effort: Effort) -> dict[str, tuple[int, ...]]:
    return TINY_NETWORKS if effort.tiny else NETWORKS


def _pairs(shapes: list[tuple[int, ...]]) -> Steps:
    """Both versions of every optimizer that torch has."""
    steps: Steps = {}
    for name in NATIVE:
        options = OPTIONS.get(name, {})
        steps[f"{name}, NumPy"] = getattr(ours, name)(numpy_weights(shapes), **options).step
        steps[f"{name}, torch"] = getattr(theirs, name)(torch_weights(shapes), foreach=True, **options).step
    return steps


def _added(shapes: list[tuple[int, ...]]) -> Steps:
    """The optimizers that torch lacks, and their bases. Ranger makes its own RAdam, with torch's defaults."""
    adam = theirs.Adam(torch_weights(shapes), foreach=True)
    inside = theirs.Adam(torch_weights(shapes), foreach=True)
    radam = theirs.RAdam(torch_weights(shapes), decoupled_weight_decay=True)
    return {
        "Adam": adam.step,
        "RAdam": radam.step,
        "Lookahead": theirs.Lookahead(inside).step,
        "Ranger": theirs.Ranger(torch_weights(shapes)).step,
        "SWATS": theirs.SWATS(torch_weights(shapes), patience=ADAM_FOR_EVER).step,
    }


def numpy_weights(shapes: list[tuple[int, ...]]) -> list[Tensor]:
    rng = np.random.default_rng(0)
    weights = [Tensor(rng.normal(size=shape).astype(np.float32), requires_grad=True) for shape in shapes]
    for w in weights:
        w.grad = rng.normal(size=w.shape).astype(np.float32)
    return weights


def torch_weights(shapes: list[tuple[int, ...]]) -> list[torch.Tensor]:
    """The same numbers."""
    weights = []
    for w in numpy_weights(shapes):
        weights.append(torch.from_numpy(w.data).requires_grad_())
        weights[-1].grad = torch.from_numpy(w.grad)
    return weights


def _compare(times: dict[str, Timing], name: str) -> tuple[str, str, str]:
    numpy_time, torch_time = times[f"{name}, NumPy"], times[f"{name}, torch"]
    return duration(numpy_time.median), duration(torch_time.median), f"{numpy_time.ratio_to(torch_time):.2f}"


def _extra(times: dict[str, Timing], name: str, base: str) -> tuple[str, str]:
    low, high = times[name].quartiles_of_ratio_to(times[base])
    return duration(times[name].median), f"{times[name].ratio_to(times[base]):.2f} [{low:.2f}, {high:.2f}]"


def _targets(added: dict[str, dict[str, Timing]]) -> list[Target]:
    return [
        at_most(f"torch's {name} over {base}, {network}", times[name].ratio_to(times[base]), 1.15)
        for name, base in BASES.items()
        for network, times in added.items()
    ]
