"""Rows for ``optim`` and ``schedule``: 200 closed-loop steps of each optimizer, the whole list of each schedule."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

import dlcourse.torch
from tests.parity.harness import Arrays, Row, Sizes, numpy_of, scenario
from tests.parity.trajectories import Problem

Make = Callable[[ModuleType, list[Any]], Any]
MakeSchedule = Callable[[ModuleType, Any], Any]


def trajectory(name: str, make: Make, label: str) -> Row:
    """A row that takes 200 steps with ``make(twin.optim, tensors)`` and compares the weights after each."""

    def run(twin: ModuleType, rng: np.random.Generator, sizes: Sizes, options: dict[str, Any]) -> Arrays:
        problem = Problem(seed=int(rng.integers(2**31)))
        result = problem.run(twin, lambda tensors: make(twin.optim, tensors))
        moved = np.abs(result["path"][-1] - np.concatenate([w.ravel() for w in problem.weights])).max()
        assert moved > 1e-2, f"{label}: the weights moved by {moved:.1e} only, so the row proves nothing"
        return {"path": result["path"]}

    return Row(name, "trajectory", run, id=label)


def steps(name: str, *settings: dict[str, Any]) -> list[Row]:
    """One trajectory for each setting of the arguments."""
    rows = []
    for options in settings:
        words = ", ".join(f"{k}={v}" for k, v in options.items())
        rows.append(trajectory(f"optim.{name}", lambda o, w, k=options: getattr(o, name)(w, **k), f"{name}({words})"))
    return rows


def rates(name: str, make: MakeSchedule, label: str, lr: float = 0.1, count: int = 60, **preview: Any) -> Row:
    """A row that compares the rates and the momenta of ``make(twin.schedule, optimizer)`` over ``count`` steps."""

    def run(twin: ModuleType, rng: np.random.Generator, sizes: Sizes, options: dict[str, Any]) -> Arrays:
        metrics = list(np.abs(rng.normal(size=count)) + np.linspace(1, 0, count) ** 3) if "metrics" in preview else None
        lists = {
            key: np.array(
                twin.schedule.preview(lambda o: make(twin.schedule, o), count, lr=lr, key=key, metrics=metrics)
            )
            for key in ("lr", "momentum")
        }
        assert len(set(lists["lr"]) | set(lists["momentum"])) > 2 or name.endswith("LRScheduler"), "nothing changes"
        return lists

    return Row(f"schedule.{name}", "trajectory", run, id=label)


def schedules(name: str, *settings: dict[str, Any], **preview: Any) -> list[Row]:
    """One list of rates for each setting of the arguments."""
    rows = []
    for options in settings:
        words = ", ".join(f"{k}={v}" for k, v in options.items())
        words = re.sub(r"<function (\S+) at \w+>", r"\1", words)  # the same words in every process
        rows.append(rates(name, lambda s, o, k=options: getattr(s, name)(o, **k), f"{name}({words})", **preview))
    return rows


# ---- what optimizers share ---------------------------------------------------------------------


def groups(optim: ModuleType, tensors: list[Any]) -> Any:
    """Two groups with their own rate, momentum and decay."""
    w1, b1, w2, b2 = tensors
    decayed = {"params": [w1, w2], "weight_decay": 0.05, "momentum": 0.8}
    return optim.SGD([decayed, {"params": [b1, b2], "lr": 0.3}], lr=0.1, momentum=0.5)


def base(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    """Frozen tensors, a group that joins later, and forgetting the gradients."""
    first, second, frozen = (twin.tensor(rng.normal(size=(3, 2)), requires_grad=True) for _ in range(3))
    optimizer = twin.optim.SGD([first, frozen], lr=0.1, momentum=0.9)
    assert isinstance(optimizer, twin.optim.Optimizer)
    weight = rng.normal(size=(3, 2))
    for step in range(6):
        if step == 3:
            optimizer.add_param_group({"params": [second], "lr": 0.5})
        ((first**2 + second**3) * twin.tensor(weight)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        assert first.grad is None
    return {name: numpy_of(w).copy() for name, w in [("first", first), ("second", second), ("frozen", frozen)]}


# ---- limits on gradients and weights -----------------------------------------------------------


def with_gradients(twin: ModuleType, rng: np.random.Generator) -> list[Any]:
    """Three tensors with gradients and one without."""
    dtype = dlcourse.numpy.get_default_dtype()
    tensors = []
    for shape in [(4, 3), (3,), (2, 3, 2, 2), (2, 2)]:
        tensor = twin.tensor(rng.normal(size=shape).astype(dtype), requires_grad=True)
        (tensor * twin.tensor(rng.normal(size=shape).astype(dtype))).sum().backward()
        tensors.append(tensor)
    tensors[-1].grad = None
    return tensors


def clip_norm(twin: ModuleType, rng: np.random.Generator, norm_type: float, limit: float) -> Arrays:
    tensors = with_gradients(twin, rng)
    norm = twin.optim.clip_grad_norm_(tensors, limit, norm_type)
    alone = with_gradients(twin, rng)[0]
    twin.optim.clip_grad_norm_(alone, limit)
    grads = {str(i): numpy_of(t.grad).copy() for i, t in enumerate([*tensors[:-1], alone])}
    return grads | {"norm": np.array(norm.item())}


def clip_value(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    tensors = with_gradients(twin, rng)
    twin.optim.clip_grad_value_(tensors, 0.4)
    alone = with_gradients(twin, rng)[0]
    twin.optim.clip_grad_value_(alone, 0.4)
    return {str(i): numpy_of(t.grad).copy() for i, t in enumerate([*tensors[:-1], alone])}


def max_norm(twin: ModuleType, rng: np.random.Generator, dim: int) -> Arrays:
    tensors = with_gradients(twin, rng)
    twin.optim.max_norm_(tensors, 1.2, dim)
    twin.optim.max_norm_(tensors[0], 0.7)
    return {str(i): numpy_of(t).copy() for i, t in enumerate(tensors)}


# ---- schedules made of schedules ----------------------------------------------------------------


def warm_up_then_cosine(s: ModuleType, o: Any) -> Any:
    return s.SequentialLR(o, [s.LinearLR(o, 0.1, total_iters=5), s.CosineAnnealingLR(o, 20, 1e-3)], [5])


def three_in_sequence(s: ModuleType, o: Any) -> Any:
    return s.SequentialLR(o, [s.ConstantLR(o, 0.5, 3), s.ExponentialLR(o, 0.9), s.StepLR(o, 4)], [7, 20])


def five_in_a_chain(s: ModuleType, o: Any) -> Any:
    parts = [s.LinearLR(o, 0.1, total_iters=5), s.CosineAnnealingLR(o, 13, 1e-3), s.StepLR(o, 7, 0.5)]
    return s.ChainedScheduler([*parts, s.InverseTimeLR(o, 0.1), s.MultiStepLR(o, [3, 9], 0.3)])


def chain_with_overwriting(s: ModuleType, o: Any) -> Any:
    return s.ChainedScheduler([s.LambdaLR(o, lambda t: 0.9**t), s.ExponentialLR(o, 0.9), s.ConstantLR(o, 0.5, 4)])


def group_rates(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    """Two groups with their own base rates; saved in the middle and continued with a new schedule."""
    a, b = (twin.tensor(np.ones(2), requires_grad=True) for _ in range(2))
    optimizer = twin.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.7}], lr=0.1)
    schedule = twin.schedule.CosineAnnealingLR(optimizer, 9, 0.01)
    assert isinstance(schedule, twin.schedule.LRScheduler)
    seen = []
    for step in range(14):
        optimizer.step()
        schedule.step()
        seen.append(schedule.get_last_lr())
        if step == 6:
            saved, rates_then = schedule.state_dict(), [group["lr"] for group in optimizer.param_groups]
            schedule = twin.schedule.CosineAnnealingLR(optimizer, 9, 0.01)
            schedule.load_state_dict(saved)
            for group, lr in zip(optimizer.param_groups, rates_then, strict=True):
                group["lr"] = lr
    return {"rates": np.array(seen)}


def plain_preview(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    return {"rates": np.array(twin.schedule.preview(twin.schedule.StepLR, 10, lr=0.3, step_size=4, gamma=0.5))}


PLATEAU = [
    {"patience": 2, "factor": 0.5},
    {"patience": 1, "cooldown": 3, "mode": "max", "threshold": 0.1, "threshold_mode": "abs", "min_lr": 0.001},
    {"patience": 0, "factor": 0.7, "eps": 0.01, "min_lr": [0.02]},
]
ONE_CYCLE = [
    {"max_lr": 0.4, "total_steps": 60},
    {"max_lr": 0.4, "total_steps": 60, "pct_start": 0.2, "three_phase": True, "anneal_strategy": "linear"},
    {"max_lr": [0.4], "epochs": 12, "steps_per_epoch": 5, "pct_start": 0.0, "cycle_momentum": False},
]

ROWS = [
    scenario("optim.Optimizer", base, accepts_empty=False, float32=False),
    trajectory("optim.Optimizer", groups, "groups with their own options"),
    *steps(
        "SGD",
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01},
        {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    *steps("Adagrad", {}, {"lr": 0.05, "lr_decay": 0.01, "initial_accumulator_value": 0.1, "weight_decay": 0.01}),
    *steps("Adadelta", {}, {"lr": 0.5, "rho": 0.95, "eps": 1e-5, "weight_decay": 0.01}),
    *steps("RMSprop", {}, {"lr": 1e-3, "alpha": 0.9, "momentum": 0.9, "centered": True, "weight_decay": 0.01}),
    *steps("Adam", {}, {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-4, "amsgrad": True, "weight_decay": 0.01}),
    *steps("Adam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    *steps("AdamW", {}, {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    *steps("NAdam", {}, {"lr": 0.01, "weight_decay": 0.1, "momentum_decay": 0.01}),
    *steps("NAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    *steps("Adamax", {}, {"lr": 0.01, "eps": 1e-4, "weight_decay": 0.01}),
    *steps("RAdam", {}, {"lr": 0.01, "weight_decay": 0.1}),
    *steps("RAdam", {"lr": 0.01, "betas": (0.8, 0.99), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    trajectory("optim.Lookahead", lambda o, w: o.Lookahead(o.Adam(w, lr=0.01)), "Lookahead(Adam)"),
    trajectory("optim.Lookahead", lambda o, w: o.Lookahead(groups(o, w), k=3, alpha=0.8), "Lookahead(SGD, groups)"),
    *steps("Ranger", {}, {"lr": 0.01, "weight_decay": 0.1, "k": 4, "alpha": 0.3}),
    *steps("SWATS", {"lr": 0.01}, {"lr": 0.01, "weight_decay": 0.01, "tolerance": 0.1, "patience": 3}),
    scenario("optim.clip_grad_norm_", clip_norm, options={"norm_type": [1.0, 2.0, 3.0, np.inf], "limit": [0.5, 50.0]}),
    scenario("optim.clip_grad_value_", clip_value),
    scenario("optim.max_norm_", max_norm, options={"dim": [0, 1, -1]}),
    scenario("schedule.LRScheduler", group_rates, accepts_empty=False),
    *schedules("LambdaLR", {"lr_lambda": lambda t: (1 + t) ** -0.5}, {"lr_lambda": [lambda t: 0.9**t]}),
    *schedules("ConstantLR", {"factor": 0.5, "total_iters": 7}, {}),
    *schedules("LinearLR", {}, {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 9}),
    *schedules("StepLR", {"step_size": 7}, {"step_size": 1, "gamma": 0.9}),
    *schedules("MultiStepLR", {"milestones": [3, 9, 9, 20], "gamma": 0.5}, {"milestones": [30, 10]}),
    *schedules("ExponentialLR", {"gamma": 0.93}),
    *schedules("InverseTimeLR", {"decay": 0.3}),
    *schedules("CosineAnnealingLR", {"T_max": 17, "eta_min": 0.003}, {"T_max": 60}),
    *schedules("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.01}, {"T_0": 7}),
    *schedules("OneCycleLR", *ONE_CYCLE),
    *schedules("ReduceLROnPlateau", *PLATEAU, metrics=True),
    *schedules("LinearMomentum", {}, {"start": 0.2, "end": 0.95, "total_iters": 12}),
    rates("SequentialLR", warm_up_then_cosine, "SequentialLR: warm-up, cosine"),
    rates("SequentialLR", three_in_sequence, "SequentialLR: three parts"),
    rates("ChainedScheduler", five_in_a_chain, "ChainedScheduler: five parts"),
    rates("ChainedScheduler", chain_with_overwriting, "ChainedScheduler: one that overwrites"),
    scenario("schedule.preview", plain_preview, accepts_empty=False),
]
