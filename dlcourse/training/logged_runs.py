"""A folder of run logs as the runs of a search: what a monitor reads, also while the search is running."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcourse.training import search_space
from dlcourse.training.runlog import read_run_log
from dlcourse.training.search_space import Choice, Distribution, Space, Uniform

__all__ = ["LoggedRun", "read_runs", "read_space", "save_space"]

SPACE_FILE = "space.json"


@dataclass(frozen=True)
class LoggedRun:
    """One run log: the hyperparameters, the results of each finished epoch, and how it ended.

    ``reason`` is why a run stopped early, else None; ``ended`` is False while it is still running.
    """

    name: str
    configuration: dict[str, Any]
    epochs: list[dict[str, Any]]
    ended: bool
    reason: str | None

    def curve(self, name: str = "val_accuracy") -> list[float | None]:
        """One result over the epochs; None where it was not measured or not finite."""
        return [epoch.get(name) for epoch in self.epochs]


def read_runs(folder: str | Path) -> list[LoggedRun]:
    """The runs logged in ``folder`` by ``RunLog``, in the order in which they began; files are ``*.jsonl``.

    Logs may still be written to. Files without a start line yet are left out.
    Raises ``FileNotFoundError`` when there is no such folder.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"read_runs: there is no folder {str(folder)!r}")
    begun = []
    for path in sorted(Path(folder).glob("*.jsonl")):
        lines = read_run_log(path)
        if lines and lines[0].get("event") == "start":
            begun.append((lines[0]["date"], path.name, _run(path.stem, lines)))
    return [run for _, _, run in sorted(begun, key=lambda entry: entry[:2])]


def _run(name: str, lines: list[dict[str, Any]]) -> LoggedRun:
    """The last start counts, together with the earlier epochs that it continues."""
    starts = [place for place, line in enumerate(lines) if line["event"] == "start"]
    first = lines[starts[-1]]
    earlier = [line for line in lines[: starts[-1]] if line["event"] == "epoch" and line["step"] <= first["from_step"]]
    later = lines[starts[-1] :]
    epochs = [*earlier, *(line for line in later if line["event"] == "epoch")]
    end = next((line for line in later if line["event"] == "end"), None)
    return LoggedRun(name, first.get("configuration", {}), epochs, end is not None, end["reason"] if end else None)


def save_space(folder: str | Path, space: Space) -> None:
    """Keep the ranges of a search beside its logs, so that a monitor can tell when the best lies at an edge."""
    written = {name: _written(distribution) for name, distribution in space.items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / SPACE_FILE).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def read_space(folder: str | Path) -> dict[str, Distribution] | None:
    """The ranges that :func:`save_space` kept, or None where there are none."""
    path = Path(folder) / SPACE_FILE
    if not path.exists():
        return None
    written = json.loads(path.read_text(encoding="utf-8"))
    return {name: getattr(search_space, kind)(*arguments) for name, (kind, arguments) in written.items()}


def _written(distribution: Distribution) -> tuple[str, list[Any]]:
    kind = type(distribution).__name__
    if isinstance(distribution, Choice):
        return kind, [distribution.options]
    if isinstance(distribution, Uniform):
        return kind, [distribution.low, distribution.high]
    raise TypeError(f"save_space: got a {kind}, expected a distribution of dlcourse.training.search")
