"""Hyperparameter search: grid, random, coarse to fine, successive halving.

A search calls ``objective(configuration)``, which trains and returns a score, for example the
accuracy on the *validation* set:

    space = {"lr": LogUniform(1e-4, 1), "momentum": OneMinusLogUniform(0.5, 0.999)}
    results = random_search(objective, space, trials=20)
    results.best.configuration, results.edge_warnings()

Trial i of a seed is always the same, however many trials are asked for.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from dlcourse.training.progress import bars_are_off
from dlcourse.training.search_results import Mode, SearchResults, Trial, merge
from dlcourse.training.search_space import (
    Choice,
    Configuration,
    Distribution,
    IntUniform,
    LogUniform,
    OneMinusLogUniform,
    Space,
    Uniform,
    check_space,
    sample,
)

__all__ = [
    "Choice",
    "Distribution",
    "IntUniform",
    "LogUniform",
    "OneMinusLogUniform",
    "SearchResults",
    "Trial",
    "Uniform",
    "coarse_to_fine",
    "grid_search",
    "random_search",
    "successive_halving",
]

Objective = Callable[[Configuration], float]
BudgetedObjective = Callable[[Configuration, int], float]


def grid_search(
    objective: Objective, space: Space, points: int = 3, mode: Mode = "max", progress: bool = True
) -> SearchResults:
    """Try every combination of ``points`` values of each hyperparameter: points^(their number) trials."""
    _check("grid_search", space, mode, points=points)
    values = [distribution.grid(points) for distribution in space.values()]
    configurations = [dict(zip(space, combination, strict=True)) for combination in itertools.product(*values)]
    return _run(objective, configurations, space, mode, progress, "grid search")


def random_search(
    objective: Objective, space: Space, trials: int = 20, seed: int = 0, mode: Mode = "max", progress: bool = True
) -> SearchResults:
    """Try ``trials`` random combinations (Bergstra & Bengio, 2012).

    With the same number of trials each hyperparameter gets many more different values than on a
    grid, which pays when only one or two of them matter.
    """
    _check("random_search", space, mode, trials=trials)
    return _run(objective, draw_configurations(space, trials, seed), space, mode, progress, "random search")


def coarse_to_fine(
    objective: Objective,
    space: Space,
    rounds: int = 3,
    trials: int = 10,
    share: float = 0.4,
    seed: int = 0,
    mode: Mode = "max",
    progress: bool = True,
) -> SearchResults:
    """Random search in ``rounds``, each on ``share`` of the last ranges, around the best trial so far.

    When the best value lies at the edge of its range, that is said in a warning and in the
    table's notes; logarithmic ranges then move on beyond the edge.
    """
    _check("coarse_to_fine", space, mode, rounds=rounds, trials=trials)
    if not 0 < share < 1:
        raise ValueError(f"coarse_to_fine: share is {share}, expected a number between 0 and 1")
    parts: list[SearchResults] = []
    notes: list[str] = []
    current = dict(space)
    for number in range(rounds):
        configurations = draw_configurations(current, trials, seed, stream=number)
        part = _run(objective, configurations, current, mode, progress, f"round {number + 1} of {rounds}")
        parts.append(part)
        best = merge(parts, ()).best
        for warning in SearchResults((best,), current, mode).edge_warnings():
            notes.append(f"round {number + 1}: {warning}")
            warnings.warn(notes[-1], stacklevel=2)
        current = {name: distribution.around(best.configuration[name], share) for name, distribution in current.items()}
    return merge(parts, notes)


def successive_halving(
    objective: BudgetedObjective,
    space: Space,
    trials: int = 27,
    min_budget: int = 1,
    eta: int = 3,
    seed: int = 0,
    mode: Mode = "max",
    progress: bool = True,
) -> SearchResults:
    """Give many configurations a small budget and the best ``1/eta`` of them ``eta`` times more, until one is left.

    ``objective(configuration, budget)`` trains for ``budget`` epochs, from the start (Jamieson &
    Talwalkar, 2016). With 27 trials and eta 3, 27, 9, 3 and 1 configurations get 1, 3, 9 and 27.
    ``best`` is the best of the last rung. Beware of configurations that start slowly but end well:
    the first rung throws them out.
    """
    _check("successive_halving", space, mode, trials=trials, min_budget=min_budget)
    if eta < 2:
        raise ValueError(f"successive_halving: eta is {eta}, expected 2 or more")
    survivors = draw_configurations(space, trials, seed)
    budget, parts = min_budget, []
    while True:
        part = _run(
            lambda configuration, budget=budget: objective(configuration, budget),  # type: ignore[misc]
            survivors,
            space,
            mode,
            progress,
            f"budget {budget}",
            budget,
        )
        parts.append(part)
        if len(survivors) == 1:
            return merge(parts, ())
        survivors = [trial.configuration for trial in part.top(max(1, len(survivors) // eta))]
        budget *= eta


def draw_configurations(space: Space, trials: int, seed: int, stream: int = 0) -> list[Configuration]:
    """``trials`` random configurations; number i depends on ``seed``, ``stream`` and i only."""
    return [sample(space, np.random.default_rng([seed, stream, number])) for number in range(trials)]


def _run(
    objective: Objective,
    configurations: Sequence[Configuration],
    space: Space,
    mode: Mode,
    progress: bool,
    label: str,
    budget: int | None = None,
) -> SearchResults:
    from tqdm.auto import tqdm

    trials: list[Trial] = []
    with tqdm(configurations, desc=label, disable=not progress or bars_are_off()) as bar:
        for configuration in bar:
            trials.append(Trial(configuration, _score(objective(dict(configuration)), configuration), budget))
            best = SearchResults(tuple(trials), space, mode).ranking()[0].score
            bar.set_postfix(best=f"{best:.4g}")
    return SearchResults(tuple(trials), space, mode)


def _score(value: float, configuration: Configuration) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"search: objective returned {type(value).__name__} for {configuration}, expected a number"
        ) from error
    return math.nan if math.isinf(score) else score


def _check(who: str, space: Space, mode: Mode, **counts: int) -> None:
    check_space(space, who)
    if mode not in ("max", "min"):
        raise ValueError(f"{who}: mode is {mode!r}, expected 'max' or 'min'")
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{who}: {name} is {count}, expected 1 or more")
