"""The same random search on Ray Tune, which spreads trials over processes and machines."""

from __future__ import annotations

import math
from typing import Any

from dlcourse.training.search import Objective, draw_configurations
from dlcourse.training.search_results import Mode, SearchResults, Trial
from dlcourse.training.search_space import Configuration, Space, check_space

__all__ = ["ray_search"]


def ray_search(
    objective: Objective,
    space: Space,
    trials: int = 20,
    seed: int = 0,
    mode: Mode = "max",
    cpus_per_trial: float = 1,
    gpus_per_trial: float = 0,
) -> SearchResults:
    """As ``random_search``, with the same configurations, several at a time.

    Ray sends ``objective`` to other processes, so it must load its data itself. A trial that
    raises an error counts as NaN. Raises ``ImportError`` with the remedy when Ray is not installed.
    """
    check_space(space, "ray_search")
    if trials < 1:
        raise ValueError(f"ray_search: trials is {trials}, expected 1 or more")
    tune = _import_tune()

    def trainable(parameters: dict[str, Any]) -> dict[str, float]:
        return {"score": float(objective(dict(parameters["configuration"])))}

    configurations = draw_configurations(space, trials, seed)
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": cpus_per_trial, "gpu": gpus_per_trial}),
        param_space={"configuration": tune.grid_search(configurations)},
        tune_config=tune.TuneConfig(metric="score", mode=mode),
    )
    scores = {_key(result.config["configuration"]): _score(result) for result in tuner.fit()}
    finished = [Trial(configuration, scores.get(_key(configuration), math.nan)) for configuration in configurations]
    return SearchResults(tuple(finished), space, mode)


def _import_tune() -> Any:
    try:
        from ray import tune
    except ImportError as error:
        raise ImportError(
            "ray_search needs Ray Tune, which is not installed: pip install 'ray[tune]'. "
            "random_search does the same in this process"
        ) from error
    return tune


def _score(result: Any) -> float:
    return math.nan if result.error or not result.metrics else float(result.metrics.get("score", math.nan))


def _key(configuration: Configuration) -> tuple[tuple[str, str], ...]:
    """A configuration as something to look up, since Ray reports trials in the order they end."""
    return tuple((name, repr(value)) for name, value in configuration.items())
