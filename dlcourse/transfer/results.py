"""What `python -m benchmarks.transfer` measured, as it comes with the course."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

__all__ = ["FILE", "Measured", "conditions", "results"]

FILE = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Measured:
    """A number for each seed, in the order of the seeds, with their mean and (N - 1) deviation."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return fmean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation over the seeds."""
        return stdev(self.values)

    def __str__(self) -> str:
        return f"{self.mean:.1f} ± {self.deviation:.1f}"


def results(experiment: str) -> Mapping[tuple[str, str, int], Measured]:
    """Measurements by (task, case, number of labels): ``results("labels")["digits", "scratch", 50].mean``, in percent.

    Raises ``ValueError`` for an unknown experiment.
    """
    known = _read()["experiments"]
    if experiment not in known:
        raise ValueError(f"results: there is no experiment {experiment!r}, expected one of {', '.join(known)}")
    return {
        (entry["task"], entry["case"], entry["labels"]): Measured(tuple(entry["percent"]))
        for entry in known[experiment]
    }


def conditions() -> Mapping[str, Any]:
    """With which versions, seeds and weights the numbers were measured."""
    found: Mapping[str, Any] = _read()["conditions"]
    return found


@cache
def _read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content
