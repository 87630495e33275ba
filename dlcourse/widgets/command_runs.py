"""The searches behind the command center: real runs on digits, or those that a folder of run logs holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.models import mlp
from dlcourse.training.logged_runs import LoggedRun, read_runs, read_space
from dlcourse.training.metrics import accuracy
from dlcourse.training.search import random_search, successive_halving
from dlcourse.training.search_results import Mode
from dlcourse.training.search_space import Choice, Configuration, Distribution, IntUniform, LogUniform, Uniform
from dlcourse.training.trainer import Trainer

__all__ = ["BATCH_SIZE", "EPOCHS", "IMAGES", "SPACES", "TRIALS", "Board", "board_of", "curve", "logged"]

IMAGES = 540
BATCH_SIZE = 32
EPOCHS = 5  # of each trial of a random search
TRIALS = {"coarse": 20, "finer": 20, "wider": 20, "halving": 27}
SEED = 3
_WIDTH = IntUniform(8, 128)
SPACES: dict[str, dict[str, Distribution]] = {
    "coarse": {"lr": LogUniform(1e-5, 0.1), "weight_decay": LogUniform(1e-6, 1), "width": _WIDTH},
    "finer": {"lr": LogUniform(1e-2, 0.1), "weight_decay": LogUniform(1e-6, 1e-2), "width": _WIDTH},
    "wider": {"lr": LogUniform(1e-2, 10), "weight_decay": LogUniform(1e-6, 1e-2), "width": _WIDTH},
    "halving": {"lr": LogUniform(1e-3, 10), "weight_decay": LogUniform(1e-6, 0.1), "width": _WIDTH},
}
MOST_RUNS = 200
MOST_AXES = 6

Curve = list[float | None]


@dataclass(frozen=True)
class Board:
    """Runs side by side, in the order in which they began.

    ``curves`` hold the score after each epoch, None where there is none. ``events`` say how the search went:
    (run, epochs that it has after this trial). ``ranges_known`` is False where the space was read off the runs,
    ``stopped`` are the runs that ended before their time, ``running`` is how many have not ended.
    """

    space: Mapping[str, Distribution]
    configurations: list[Configuration]
    curves: list[Curve]
    events: list[tuple[int, int]]
    metric: str = "val_accuracy"
    ranges_known: bool = True
    stopped: frozenset[int] = frozenset()
    running: int = 0

    @property
    def mode(self) -> Mode:
        """Whether a larger or a smaller score is better."""
        return "max" if "accuracy" in self.metric else "min"

    @property
    def is_halving(self) -> bool:
        """Whether some runs were continued: then those with more epochs come first."""
        return len(self.events) > len(self.curves)


@lru_cache(maxsize=8)
def board_of(search: str) -> Board:
    """Run one of the built-in searches. The reader's random numbers are left alone."""
    space, trials = SPACES[search], TRIALS[search]
    seen: dict[str, Curve] = {}
    state = dl.get_rng_state()

    def objective(configuration: Configuration, epochs: int = EPOCHS) -> float:
        seen[repr(configuration)] = curve(configuration, epochs)
        return _last(seen[repr(configuration)])

    try:
        if search == "halving":
            results = successive_halving(objective, space, trials=trials, seed=SEED, progress=False)
        else:
            results = random_search(objective, space, trials=trials, seed=SEED, progress=False)
    finally:
        dl.set_rng_state(state)
    places = {key: place for place, key in enumerate(seen)}
    configurations = [trial.configuration for trial in results.trials[:trials]]
    events = [(places[repr(trial.configuration)], trial.budget or EPOCHS) for trial in results.trials]
    return Board(space, configurations, list(seen.values()), events)


def curve(configuration: Configuration, epochs: int) -> Curve:
    """Train 64-width-10 with plain SGD: the validation accuracy after each epoch."""
    train, val, _ = data.stratified_split(data.load_digits(), (0.6, 0.2, 0.2), seed=0)
    dl.manual_seed(0)
    model = mlp(dl, [64, configuration["width"], 10])
    optimizer = dl.optim.SGD(model.parameters(), lr=configuration["lr"], weight_decay=configuration["weight_decay"])
    trainer = Trainer(model, optimizer, dl.nn.CrossEntropyLoss(), {"accuracy": accuracy})
    batches = data.Batches(train.X[:IMAGES], train.y[:IMAGES], batch_size=BATCH_SIZE, seed=0)
    with np.errstate(all="ignore"):  # a rate that is too high may end in numbers that are not finite
        history = trainer.fit(batches, epochs, validation=(val.X, val.y))
    return [value if math.isfinite(value) else None for value in history["val_accuracy"]]


def logged(folder: str) -> Board:
    """The latest runs that ``folder`` holds. Raises ``ValueError`` when there is none."""
    if not Path(folder).is_dir():
        raise ValueError(f"there is no folder {folder!r} yet")
    runs = read_runs(folder)[-MOST_RUNS:]
    if not runs:
        raise ValueError(f"there is no run log (*.jsonl) in {folder!r} yet")
    space = read_space(folder)
    found = dict(list((space or _space_of(runs)).items())[:MOST_AXES])
    kept = [run for run in runs if all(name in run.configuration for name in found)]
    if not found or not kept:
        raise ValueError(f"the runs in {folder!r} have no hyperparameters: RunLog(path, configuration=...)")
    metric = "val_accuracy" if any("val_accuracy" in epoch for run in kept for epoch in run.epochs) else "val_cost"
    curves = [run.curve(metric) for run in kept]
    return Board(
        found,
        [run.configuration for run in kept],
        curves,
        [(place, len(values)) for place, values in enumerate(curves)],
        metric,
        space is not None,
        frozenset(place for place, run in enumerate(kept) if run.reason is not None),
        sum(not run.ended for run in kept),
    )


def _space_of(runs: Sequence[LoggedRun]) -> dict[str, Distribution]:
    """Ranges as wide as the values seen: factors for positive numbers that differ by more than twenty times."""
    names = dict.fromkeys(name for run in runs for name in run.configuration)
    values = {name: [run.configuration[name] for run in runs if name in run.configuration] for name in names}
    return {name: _distribution(list(found)) for name, found in values.items()}


def _distribution(values: list[Any]) -> Distribution:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return Choice(sorted(set(values), key=str))
    low, high = min(values), max(values)
    if low == high:
        return Choice([low])
    if low > 0 and high / low > 20:
        return LogUniform(low, high)
    return Uniform(low, high)


def _last(values: Curve) -> float:
    return values[-1] if values and values[-1] is not None else math.nan
