"""Rows for ``init``: what is random is compared as a distribution, what is not as values."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from tests.parity.harness import Arrays, Row, distribution, scenario


def sample(name: str, shape: tuple[int, ...] = (80, 50), **arguments: Any) -> Callable[[ModuleType, int], np.ndarray]:
    def draw(twin: ModuleType, seed: int, **options: Any) -> np.ndarray:
        twin.manual_seed(seed)
        tensor = twin.zeros(*shape)
        assert getattr(twin.init, name)(tensor, **arguments, **options) is tensor
        return np.array(twin.to_numpy(tensor))

    return draw


def rows(name: str, **options: Any) -> list[Row]:
    full = f"init.{name}"
    return [
        distribution(full, sample(name), options=options),
        distribution(full, sample(name, shape=(30, 20, 2, 3)), options=options, id=f"{full}-conv"),
    ]


def gains(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    names = ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    results = {name: np.array(float(twin.init.calculate_gain(name))) for name in names}
    return results | {"slope": np.array(twin.init.calculate_gain("leaky_relu", 0.2))}


def constants(name: str, *arguments: float) -> Callable[[ModuleType, np.random.Generator], Arrays]:
    return lambda twin, rng: {"w": twin.to_numpy(getattr(twin.init, name)(twin.ones(3, 2) * 4, *arguments))}


GAINS = {"gain": [1.0, 1.7]}
KAIMING = {"mode": ["fan_in", "fan_out"], "nonlinearity": ["relu", "leaky_relu", "linear"], "a": [0.0, 0.3]}

ROWS = [
    scenario("init.zeros_", constants("zeros_")),
    scenario("init.ones_", constants("ones_")),
    scenario("init.constant_", constants("constant_", 2.5)),
    distribution("init.normal_", sample("normal_"), options={"mean": [0.0, 1.5], "std": [1.0, 0.2]}),
    distribution("init.uniform_", sample("uniform_"), options={"a": [-1.0, 0.3], "b": [1.0, 2.0]}),
    *rows("xavier_normal_", **GAINS),
    *rows("xavier_uniform_", **GAINS),
    *rows("kaiming_normal_", **KAIMING),
    *rows("kaiming_uniform_", **KAIMING),
    *rows("lecun_normal_"),
    *rows("lecun_uniform_"),
    scenario("init.calculate_gain", gains),
]
