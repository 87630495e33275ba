"""What an import costs, each in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.speed_report import Report, at_most, duration, section, table
from benchmarks.speed_timing import Effort, Timing

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("numpy", "dlcourse", "dlcourse.numpy")
PROGRAM = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
ROUNDS = 21


@section("imports", "Import time")
def imports(effort: Effort) -> Report:
    """`import dlcourse` beside `import numpy`."""
    times: dict[str, list[float]] = {module: [] for module in MODULES}
    order = list(MODULES)
    for _ in range(effort.size(ROUNDS, 1)):
        for module in order:
            times[module].append(import_seconds(module))
        order.reverse()
    timings = {module: Timing(np.array(seconds)) for module, seconds in times.items()}
    rows = [
        [f"`import {module}`", duration(timing.median), f"{timing.ratio_to(timings['numpy']):.2f}"]
        for module, timing in timings.items()
    ]
    text = "Median CPU time of the import alone, each time in a fresh interpreter, modules in turn.\n\n"
    target = at_most("`import dlcourse` against `import numpy`", timings["dlcourse"].ratio_to(timings["numpy"]), 1.1)
    return Report(text + table(("", "time", "ratio to `import numpy`"), rows), [target])


def import_seconds(module: str) -> float:
    command = [sys.executable, "-c", PROGRAM.format(module)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)
