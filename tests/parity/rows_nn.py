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


def residual(twin: ModuleType, cls: Any, d: int, h: int, scale: float = 1.0, convert: bool = False) -> Any:
    nn = twin.nn
    body = [nn.Linear(d, h), nn.Tanh(), nn.Linear(h, h if convert else d)]
    return cls(*body, shortcut=nn.Linear(d, h) if convert else None, scale=scale)


def dense(twin: ModuleType, cls: Any, d: int, h: int) -> Any:
    return cls(twin.nn.Linear(d, h), twin.nn.Sequential(twin.nn.Linear(d + h, h), twin.nn.Tanh()))


def parametrized(twin: ModuleType, cls: Any, layer_name: str, *arguments: Any, **options: Any) -> Any:
    return cls(getattr(twin.nn, layer_name)(*arguments), **options)


def multi_task(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    module = twin.nn.MultiTaskLoss()
    first = module(twin.tensor(0.5), twin.tensor(4.0))
    second = module(twin.tensor(1.0), twin.tensor(1.0))
    given = twin.nn.MultiTaskLoss([1.0, 0.5])(twin.tensor(3.0), twin.tensor(4.0))
    return {"costs": np.array([first.item(), second.item(), given.item()])}


WEIGHT = "nn.weight_norm"
SPECTRAL = "nn.spectral_norm"

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
    layer("nn.Step", array("N D")),
    layer("nn.ELU", array("N D"), options={"alpha": [1.0, 0.5]}),
    layer("nn.SELU", array("N D")),
    layer("nn.LeakyReLU", array("N D"), options={"negative_slope": [0.01, 0.2]}),
    layer("nn.GELU", array("N D"), options={"approximate": ["none", "tanh"]}),
    layer("nn.Softmax", array("N D"), options={"dim": [0, 1]}, accepts_empty=False),
    layer("nn.LogSoftmax", array("N D"), options={"dim": [0, 1]}, accepts_empty=False),
    layer("nn.Maxout", array("N D"), arguments=lambda d: (d.D, d.M), options={"pieces": [2, 3]}),
    layer(
        "nn.Residual",
        array("N D"),
        arguments=lambda d: (d.D, d.H),
        build=residual,
        options={"scale": [1.0, 0.3], "convert": [False, True]},
    ),
    layer("nn.DenseBlock", array("N D"), arguments=lambda d: (d.D, d.H), build=dense),
    layer(WEIGHT, array("N D"), arguments=lambda d: ("Linear", d.D, d.M), build=parametrized, options={"dim": [0, 1]}),
    layer(
        WEIGHT, array("N C 5 7"), arguments=lambda d: ("Conv2d", d.C, d.K, 3), build=parametrized, id=f"{WEIGHT}-conv"
    ),
    layer(
        SPECTRAL,
        array("N D"),
        arguments=lambda d: ("Linear", d.D, d.M),
        build=parametrized,
        options={"n_power_iterations": [1, 3], "dim": [0, 1]},
    ),
    layer(
        SPECTRAL,
        array("N C 5 7"),
        arguments=lambda d: ("Conv2d", d.C, d.K, 3),
        build=parametrized,
        id=f"{SPECTRAL}-conv",
    ),
    layer("nn.BCEWithLogitsLoss", array("N D"), array("N D", 0.0, 1.0), options=REDUCTIONS),
    layer(
        "nn.BCEWithLogitsLoss",
        array("N D"),
        array("N D", 0.0, 1.0),
        sizes={"D": 3},
        build=lambda twin, cls: cls(twin.tensor([1.0, 2.0, 0.5]), pos_weight=twin.tensor([3.0, 1.0, 0.5])),
        id="nn.BCEWithLogitsLoss-weights",
    ),
    layer("nn.DistillationLoss", array("N C"), array("N C"), options={"temperature": [1.0, 3.0]}),
    scenario("nn.MultiTaskLoss", multi_task),
    layer(
        "nn.CrossEntropyLoss",
        array("N C"),
        integers("N", below="C"),
        sizes={"C": 3},
        build=lambda twin, cls: cls(twin.tensor([1.0, 2.0, 0.5]), ignore_index=1, label_smoothing=0.1),
        id="nn.CrossEntropyLoss-options",
        accepts_empty=False,
    ),
    layer("nn.CrossEntropyLoss", array("N C"), integers("N", below="C"), options=REDUCTIONS),
    layer("nn.MSELoss", array("N D"), array("N D"), options=REDUCTIONS),
    scenario("nn.Parameter", parameter),
]
