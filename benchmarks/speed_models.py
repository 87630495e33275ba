"""The table of VGG16, which must not cost VGG16's memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.speed_report import Report, at_most, duration, section, table
from benchmarks.speed_timing import Effort

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
WEIGHTS = 4 * 138_357_544  # bytes in float32

# In a fresh interpreter, because the highest memory of a process never falls again. A small network first loads what
# is imported at first use. ru_maxrss counts kilobytes on Linux and bytes on macOS.
PROGRAM = """
import json, resource, sys, time
from dlcourse.models import alexnet, summary, vgg16
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
summary(alexnet, (3, 224, 224))
before, start = peak(), time.process_time()
table = summary(vgg16, (3, 224, 224))
print(json.dumps([time.process_time() - start, peak() - before, table.parameters]))
"""


@section("summary", "Summary of VGG16")
def vgg16_summary(effort: Effort) -> Report:
    """Time and memory of `summary(vgg16, (3, 224, 224))`."""
    rounds = np.array([_measure() for _ in range(effort.size(ROUNDS, 1))])
    seconds, grown, parameters = np.median(rounds, axis=0)
    if parameters != 138_357_544:
        raise AssertionError(f"summary: VGG16 has {parameters:.0f} parameters, expected 138,357,544")
    rows = [[f"{parameters:,.0f}", duration(seconds), f"{grown / 1e6:.1f} MB", f"{WEIGHTS / 1e6:.0f} MB"]]
    text = (
        "`summary(vgg16, (3, 224, 224))` in a fresh interpreter, after a first summary of AlexNet: CPU time, and how "
        "far the highest memory of the process rose.\n\n"
    )
    header = ("parameters", "time", "memory added", "memory of the weights")
    target = at_most("memory that VGG16's summary adds, as a share of its weights", grown / WEIGHTS, 0.1)
    return Report(text + table(header, rows), [target])


def _measure() -> tuple[float, ...]:
    """Seconds, bytes, parameters."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(json.loads(done.stdout))
