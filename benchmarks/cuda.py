"""The torch twins on a GPU: ``python -m benchmarks.cuda`` writes ``benchmarks/CUDA.md``.

Parity: the rows of ``tests/parity`` run once more, NumPy on the CPU and torch on the GPU, in float64,
float32 and bfloat16. Speed: a training step of a small residual network on both. Without a GPU the
command says so and does nothing.
"""

from __future__ import annotations

import copy
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

import dlcourse.numpy
import dlcourse.torch
from benchmarks.speed_report import duration, table
from dlcourse.models import cifar_resnet
from tests.parity import harness
from tests.parity.harness import Arrays, Row
from tests.parity.table import ROWS

FOLDER = Path(__file__).parent
SEEDS = (0, 1)

# The largest difference that passes, as a share of the largest number in the row. One rounding is up to 1e-16, 6e-8 and
# 4e-3; a row rounds several times, and a norm over few numbers that lie close together multiplies that.
TOLERANCES = {"float64": harness.TOLERANCE, "float32": 1e-4, "bfloat16": 1e-1}

# These rows divide and then look for equal numbers, which rounding to 8 bits breaks.
NOT_IN_BFLOAT16 = ("functional.dropout", "functional.dropout2d", "functional.drop_block2d")


# Rows that cannot agree, and why. They stay in the report as rows that do not.
KNOWN = {
    "nn.weight_norm": "torch's fused CUDA kernel rounds the norm to float32, whatever the dtype: on the GPU itself "
    "torch._weight_norm and v * (g / v.norm()) differ by 1.7e-8 in float64, on the CPU not at all",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one row: the largest difference seen, or the error that stopped it."""

    row: str
    difference: float
    error: str = ""

    def passed(self, tolerance: float) -> bool:
        """Whether the row ran and stayed within its tolerance."""
        return not self.error and self.difference <= tolerance


def main() -> int:
    if not torch.cuda.is_available():
        print("No GPU that torch can use: nothing was measured. The CPU figures come from `make bench`.")
        return 0
    outcomes = {dtype: parity("cuda", dtype) for dtype in TOLERANCES}
    text = report(outcomes, step_times())
    (FOLDER / "CUDA.md").write_text(text, "utf-8")
    print(text)
    failed = {o.row for dtype in outcomes for o in outcomes[dtype] if not o.passed(tolerance_of(o.row, dtype))}
    return int(any(not reason(row) for row in failed))


# ---- parity ------------------------------------------------------------------------------------


def parity(device: str, dtype: str, rows: list[Row] | None = None) -> list[Outcome]:
    """Run every row that has numbers in ``dtype``, torch's side on ``device``."""
    return [outcome(row, device, dtype) for row in (ROWS if rows is None else rows) if belongs(row, dtype)]


def belongs(row: Row, dtype: str) -> bool:
    """Layers, functions and optimizers. The rows of optimizers are written for float64."""
    if row.name.startswith("optim."):
        return dtype == "float64"
    if dtype == "bfloat16" and row.name in NOT_IN_BFLOAT16:
        return False
    return row.kind == "value" and row.name.startswith(("functional.", "nn.")) and (dtype == "float64" or row.float32)


def tolerance_of(row_id: str, dtype: str) -> float:
    """The row's own tolerance where it has a larger one, such as for a method that torch computes in float32."""
    own = next(row.tolerance for row in ROWS if str(row) == row_id)
    return max(own, TOLERANCES[dtype])


def reason(row_id: str) -> str:
    """Why a row cannot agree on a GPU; nothing for a row that must."""
    return next((text for name, text in KNOWN.items() if row_id.startswith(name)), "")


def outcome(row: Row, device: str, dtype: str) -> Outcome:
    """Compare the twins on one row, over all its options."""
    worst = 0.0
    try:
        for seed in SEEDS:
            for options in row.choices():
                worst = max(worst, difference(row, device, dtype, seed, options))
    except Exception as error:
        traceback.print_exc()
        return Outcome(str(row), float("inf"), f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return Outcome(str(row), worst)


def difference(row: Row, device: str, dtype: str, seed: int, options: dict[str, Any]) -> float:
    """The largest difference between the twins' arrays, as a share of the largest number among them."""
    rng = np.random.default_rng(seed)
    sizes = harness.draw_sizes(row, rng)
    with default_dtypes(dtype), on_device(device, dtype), np.errstate(all="ignore"):
        got, expected = (row.run(twin, copy.deepcopy(rng), sizes, options) for twin in (dlcourse.torch, dlcourse.numpy))
    if got.keys() != expected.keys():
        raise AssertionError(f"torch gave {sorted(got)}, NumPy {sorted(expected)}")
    scale = largest(expected, row)
    return max((distance(got[key], expected[key]) / scale for key in expected), default=0.0)


def largest(arrays: Arrays, row: Row) -> float:
    """The size of the largest finite number that took part."""
    sizes = [float(np.abs(a[np.isfinite(a)]).max()) for a in map(np.asarray, arrays.values()) if np.isfinite(a).any()]
    return max([1e-300, *sizes, row.scale(arrays) if row.scale else 0.0])


def distance(got: Any, expected: Any) -> float:
    """The largest difference of two arrays; infinite where shapes, or the places of infinities and NaN, differ."""
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    if got.shape != expected.shape:
        return float("inf")
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    differences = np.abs(got[~same] - expected[~same])
    return float(np.where(np.isnan(differences), np.inf, differences).max(initial=0.0))


@contextmanager
def default_dtypes(dtype: str) -> Iterator[None]:
    """Both twins in ``dtype``. NumPy has no bfloat16: it computes in float32 with numbers that bfloat16 can hold."""
    before = dlcourse.numpy.get_default_dtype(), torch.get_default_dtype()
    dlcourse.numpy.set_default_dtype(np.float32 if dtype == "bfloat16" else getattr(np, dtype))
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        yield
    finally:
        dlcourse.numpy.set_default_dtype(before[0])
        torch.set_default_dtype(before[1])


@contextmanager
def on_device(device: str, dtype: str) -> Iterator[None]:
    """Whatever a row makes in torch is made on ``device``: new tensors, and those that come from arrays."""
    from_numpy, to_tensor = torch.from_numpy, harness.to_tensor

    def moved(array: Any) -> torch.Tensor:
        tensor = from_numpy(array).to(device)
        return tensor.bfloat16() if dtype == "bfloat16" and tensor.is_floating_point() else tensor

    def rounded(twin: Any, spec: Any, values: Any) -> Any:
        if dtype == "bfloat16" and not isinstance(values, list) and np.asarray(values).dtype.kind == "f":
            values = from_numpy(np.array(values, dtype=np.float32)).bfloat16().float().numpy()
        return to_tensor(twin, spec, values)

    tf32 = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False  # float32 shall mean 24 bits in convolutions too
    try:
        with (
            torch.device(device),
            mock.patch.object(torch, "from_numpy", moved),
            mock.patch.object(harness, "to_tensor", rounded),
        ):
            yield
    finally:
        torch.backends.cudnn.allow_tf32 = tf32


# ---- speed -------------------------------------------------------------------------------------


def step_times(batch: int = 128, steps: int = 30) -> dict[str, float]:
    """Median seconds of a training step of a ResNet-20 on 32×32 images, CPU and GPU."""
    settings = {
        "CPU, float32": training_step("cpu", batch, mixed=False),
        "GPU, float32": training_step("cuda", batch, mixed=False),
        "GPU, bfloat16 (autocast)": training_step("cuda", batch, mixed=True),
    }
    return {name: median_seconds(step, steps) for name, step in settings.items()}


def training_step(device: str, batch: int, mixed: bool) -> Callable[[], float]:
    """Forward, backward, update; returns the loss, which waits for the device to finish."""
    torch.manual_seed(0)
    model = cifar_resnet(20).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.randn(batch, 3, 32, 32, device=device), torch.randint(10, (batch,), device=device)

    def step() -> float:
        optimizer.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=mixed):
            loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def median_seconds(step: Callable[[], float], steps: int) -> float:
    """Wall-clock time, because a GPU does not use the CPU's; three steps go before to warm up."""
    seconds = []
    for i in range(steps + 3):
        start = time.perf_counter()
        step()
        if i >= 3:
            seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


# ---- report ------------------------------------------------------------------------------------


def report(outcomes: dict[str, list[Outcome]], seconds: dict[str, float]) -> str:
    """CUDA.md."""
    today = datetime.now(UTC).date().isoformat()
    reference = seconds["CPU, float32"]
    speed_rows = [[name, duration(value), f"{reference / value:.1f}"] for name, value in seconds.items()]
    parts = [
        "# The torch twins on a GPU",
        f"Written by `python -m benchmarks.cuda` on {today}: {torch.cuda.get_device_name()}, PyTorch "
        f"{torch.__version__}, CUDA {torch.version.cuda}; CPU with {torch.get_num_threads()} threads.",
        "## Parity",
        "Rows of the parity table, torch on the GPU against NumPy on the CPU: outputs, gradients, buffers, and in "
        "float64 200 steps of every optimizer. NumPy computes in the same dtype, and for bfloat16 in float32 from the "
        "same rounded numbers. A difference is a share of the largest number in its row. TF32 is off.",
        table(("", "rows", "agree", "tolerance", "median difference", "largest, and its row"), parity_rows(outcomes)),
        *failures(outcomes),
        "## Speed",
        "A training step of ResNet-20 on 128 images of 32×32, median wall-clock time.",
        table(("", "time", "times the CPU's speed"), speed_rows),
    ]
    return "\n\n".join(parts) + "\n"


def parity_rows(outcomes: dict[str, list[Outcome]]) -> list[list[str]]:
    rows = []
    for dtype, results in outcomes.items():
        agree = sum(o.passed(tolerance_of(o.row, dtype)) for o in results)
        worst = max(results, key=lambda o: 0.0 if o.error else o.difference / tolerance_of(o.row, dtype))
        median = float(np.median([o.difference for o in results]))
        largest_seen = f"{worst.difference:.1e}, {worst.row}"
        rows.append([dtype, str(len(results)), str(agree), f"{TOLERANCES[dtype]:.0e}", f"{median:.1e}", largest_seen])
    return rows


def failures(outcomes: dict[str, list[Outcome]]) -> list[str]:
    """A list of the rows that do not agree, with the reason."""
    lines = [
        f"- {dtype}, {o.row}: {o.error or f'difference {o.difference:.1e}'}"
        + (f"; {why}" if (why := reason(o.row)) else "")
        for dtype, results in outcomes.items()
        for o in results
        if not o.passed(tolerance_of(o.row, dtype))
    ]
    return ["Rows that do not agree:\n\n" + "\n".join(lines)] if lines else []


if __name__ == "__main__":
    sys.exit(main())
