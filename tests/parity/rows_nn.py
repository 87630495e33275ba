"""Rows for ``nn``."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.parity.harness import Arrays, array, integers, layer, scenario

REDUCTIONS = {"reduction": ["mean", "sum", "none"]}


def small_network(twin: ModuleType, cls: Any, d: int, h: int, m: int) -> Any:
    nn = twin.nn
    return nn.Sequential(nn.Linear(d, h), nn.Tanh(), nn.Sequential(nn.Linear(h, m), nn.Identity()))


def own_module(twin: ModuleType, cls: Any, d: int, m: int) -> Any:
    class TwoBranches(cls):  # type: ignore[misc]
        """A shared layer, a parameter of its own, a buffer that moves, and a frozen part."""

        def __init__(self) -> None:
            super().__init__()
            self.shared = twin.nn.Linear(d, d)
            self.same = self.shared
            self.head = twin.nn.Linear(d, m, bias=False)
            self.scale = twin.Parameter(twin.tensor([0.5]))
            self.frozen = twin.nn.Linear(d, d)
            self.frozen.requires_grad_(False)

        def forward(self, x: Any) -> Any:
            h = twin.functional.relu(self.shared(x)) * self.scale
            return self.head(self.same(h) + self.frozen(x))

    return TwoBranches()


def module_list(twin: ModuleType, cls: Any, d: int) -> Any:
    class Chain(twin.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.steps = cls([twin.nn.Linear(d, d) for _ in range(2)])
            self.steps.append(twin.nn.Tanh())

        def forward(self, x: Any) -> Any:
            assert len(self.steps) == 3
            for step in self.steps:
                x = step(x)
            return self.steps[0](x)

    return Chain()


def parameter(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    w = twin.nn.Parameter(twin.tensor(rng.normal(size=3)))
    (w * w).sum().backward()
    return {"w": twin.to_numpy(w), "grad": twin.to_numpy(w.grad), "leaf": np.array([w.is_leaf, w.requires_grad])}


ROWS = [
    layer("nn.Linear", array("N D"), arguments=lambda d: (d.D, d.M), options={"bias": [True, False]}),
    layer("nn.ReLU", array("N D")),
    layer("nn.Sigmoid", array("N D")),
    layer("nn.Tanh", array("N D")),
    layer("nn.Identity", array("N D")),
    layer("nn.Flatten", array("N C H W")),
    layer("nn.Flatten", array("N C H W"), options={"start_dim": [0, 1, -2], "end_dim": [-1, 3]}, id="nn.Flatten-axes"),
    layer("nn.Sequential", array("N D"), arguments=lambda d: (d.D, d.H, d.M), build=small_network),
    layer("nn.Module", array("N D"), arguments=lambda d: (d.D, d.M), build=own_module),
    layer("nn.ModuleList", array("N D"), arguments=lambda d: (d.D,), build=module_list),
    layer("nn.CrossEntropyLoss", array("N C"), integers("N", below="C"), options=REDUCTIONS),
    layer("nn.MSELoss", array("N D"), array("N D"), options=REDUCTIONS),
    scenario("nn.Parameter", parameter),
]
