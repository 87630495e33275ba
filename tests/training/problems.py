"""The same small problem and the same network on both backends."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

import dlcourse.numpy
import dlcourse.torch
from dlcourse.data import Batches
from dlcourse.training import Trainer, accuracy

TWINS = [dlcourse.numpy, dlcourse.torch]


def clouds(examples: int = 90, seed: int = 0) -> tuple[Any, Any]:
    """Three clouds in four dimensions that overlap a little: X (N, 4), y (N,)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=examples)
    return (np.eye(3, 4) * 2)[y] + rng.normal(size=(examples, 4)), y


def network(twin: ModuleType, seed: int = 1, hidden: int = 6) -> Any:
    """4-6-3 with ReLU; the weights depend on the seed, not on the twin."""
    nn, rng = twin.nn, np.random.default_rng(seed)
    model = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 3))
    state = {key: rng.normal(0, 0.5, value.shape) for key, value in twin.to_numpy(model.state_dict()).items()}
    model.load_state_dict(twin.from_numpy(state))
    return model


def noisy_network(twin: ModuleType, p: float = 0.3) -> Any:
    """With a batch norm and a dropout: buffers, and random numbers in every forward pass."""
    nn, rng = twin.nn, np.random.default_rng(2)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(p), nn.Linear(6, 3))
    for parameter in model.parameters():
        twin.to_numpy(parameter)[...] = rng.normal(0, 0.5, tuple(parameter.shape))
    return model


def trainer_for(twin: ModuleType, *callbacks: Any, lr: float = 0.1, model: Any = None, **options: Any) -> Trainer:
    model = network(twin) if model is None else model
    optimizer = twin.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return Trainer(model, optimizer, twin.nn.CrossEntropyLoss(), {"accuracy": accuracy}, callbacks, **options)


def batches(seed: int = 3, size: int = 20, **options: Any) -> Batches:
    return Batches(*clouds(), size, seed=seed, **options)
