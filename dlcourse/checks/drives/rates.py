"""Drives for questions about the learning rate: schedules, the range test, a loop with a scheduler."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, construct, function, numbers, several

__all__ = [
    "cosine",
    "descend",
    "noisy_descent",
    "plateau",
    "range_test",
    "scheduled_training",
    "smooth",
    "step",
    "warm_up",
]


def _curve(student: Any, epochs: Array, *settings: float) -> Array:
    values = [numbers(function(student)(int(epoch), *settings), "the schedule") for epoch in epochs]
    if any(value.size != 1 for value in values):
        raise Unusable("the schedule returned several numbers for one epoch, expected one rate")
    return np.array([float(value.reshape(())) for value in values])


def step(student: Any, epochs: Array, eta0: Array, gamma: Array, step_size: Array) -> dict[str, Array]:
    """Ask for the rate of every epoch."""
    return {"rates": _curve(student, epochs, float(eta0), float(gamma), int(step_size))}


def smooth(student: Any, epochs: Array, eta0: Array, epsilon: Array) -> dict[str, Array]:
    """Ask for both smooth schedules."""
    pairs = [
        several(function(student)(int(epoch), float(eta0), float(epsilon)), ("inverse", "exponential"), "smooth")
        for epoch in epochs
    ]
    return {"inverse": np.array([pair[0] for pair in pairs]), "exponential": np.array([pair[1] for pair in pairs])}


def cosine(student: Any, epochs: Array, period: Array, eta_max: Array, eta_min: Array) -> dict[str, Array]:
    """Ask for the rate over several periods."""
    return {"rates": _curve(student, epochs, int(period), float(eta_max), float(eta_min))}


def warm_up(student: Any, updates: Array, warm: Array, total: Array, peak: Array) -> dict[str, Array]:
    """Ask for the rate of every update."""
    return {"rates": _curve(student, updates, int(warm), int(total), float(peak))}


def plateau(student: Any, costs: Array, lr: Array, factor: Array, patience: Array) -> dict[str, Array]:
    """Show the costs one after the other; keep the rate after each."""
    schedule = construct(student, float(lr), float(factor), int(patience))
    return {"rates": np.array([numbers(schedule.step(float(cost)), "step") for cost in costs], dtype=float)}


def range_test(student: Any, low: Array, high: Array, count: Array, costs: Array) -> dict[str, Array]:
    """Give a ``train_at(rate)`` whose costs fall, turn and explode; keep what it was called with."""
    asked: list[float] = []

    def train_at(rate: float) -> float:
        asked.append(float(rate))
        return float(costs[min(len(asked), len(costs)) - 1])

    chosen = numbers(function(student)(train_at, float(low), float(high), int(count)), "range_test")
    return {"rates tried": np.array(asked), "chosen rate": chosen.astype(float)}


def scheduled_training(student: Any, W: Array, X: Array, y: Array, epochs: Array) -> dict[str, Array]:
    """Train a small linear model with an exponential schedule; keep the rate of every update."""
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = torch.nn.Linear(W.shape[1], W.shape[0], bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(W))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rates: list[float] = []
    optimizer.register_step_pre_hook(lambda it, *_: rates.append(float(it.param_groups[0]["lr"])))
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    batches = [(torch.from_numpy(inputs), torch.from_numpy(targets)) for inputs, targets in zip(X, y)]
    with np.errstate(all="ignore"):
        listed = function(student)(model, optimizer, scheduler, torch.nn.functional.mse_loss, batches, int(epochs))
    return {
        "rate of each update": np.array(rates),
        "weights": model.weight.detach().numpy().copy(),
        "rates returned": numbers(listed, "train"),
    }


def noisy_descent(student: Any, curvature: Array, start: Array, noise: Array, peak: Array) -> dict[str, Array]:
    """Follow the student's schedule on a bowl whose gradient is noisy, as that of a mini-batch is."""
    total = noise.shape[1]
    schedule = np.array([numbers(function(student)(update, total), "decay") for update in range(total)], dtype=float)
    if schedule.shape != (total,):
        raise Unusable("decay: expected one number for each update")
    return {"multipliers": schedule, "costs": descend(schedule, curvature, start, noise, float(peak))}


def descend(schedule: Array, curvature: Array, start: Array, noise: Array, peak: float) -> Array:
    """The final cost of each run: ``noise`` is (runs, updates, weights)."""
    w = np.repeat(start[None], len(noise), axis=0)
    with np.errstate(all="ignore"):
        for update, multiplier in enumerate(schedule):
            w = w - peak * multiplier * (curvature * w + noise[:, update])
        cost: Array = (curvature * w**2).sum(axis=1) / 2
    return cost
