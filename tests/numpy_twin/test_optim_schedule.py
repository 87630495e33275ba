"""Schedules: the lists of rates that the lectures print, chains, saving, and what is refused."""

from __future__ import annotations

from math import cos, exp, pi
from typing import Any

import numpy as np
import pytest

from dlcourse.numpy import Tensor, optim, schedule


def sgd(lr: float = 0.1, groups: int = 1, **options: Any) -> optim.SGD:
    return optim.SGD([{"params": [Tensor([0.0], requires_grad=True)]} for _ in range(groups)], lr=lr, **options)


def no_momentum() -> optim.Adagrad:
    return optim.Adagrad([Tensor([0.0], requires_grad=True)])


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("StepLR", {"step_size": 3}, [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]),
        ("MultiStepLR", {"milestones": [4, 2], "gamma": 0.5}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ("LinearLR", {"start_factor": 0.2, "total_iters": 4}, [0.2, 0.4, 0.6, 0.8, 1, 1]),
        ("InverseTimeLR", {"decay": 0.5}, [1, 1 / 1.5, 1 / 2, 1 / 2.5]),
        ("ExponentialLR", {"gamma": exp(-0.3)}, [exp(-0.3 * t) for t in range(4)]),
        ("ConstantLR", {"factor": 1.0}, [1, 1, 1]),
        ("CosineAnnealingLR", {"T_max": 4}, [(1 + cos(pi * t / 4)) / 2 for t in range(5)]),
        (
            "CosineAnnealingWarmRestarts",
            {"T_0": 2, "T_mult": 2},
            [1, 0.5, *[(1 + cos(pi * t / 4)) / 2 for t in range(4)], 1],
        ),
    ],
)
def test_lists_of_rates(name: str, options: dict[str, Any], expected: list[float]) -> None:
    rates = schedule.preview(getattr(schedule, name), len(expected), lr=1.0, **options)
    np.testing.assert_allclose(rates, expected, atol=1e-15)


def test_the_momentum_is_annealed_in_a_line() -> None:
    momenta = schedule.preview(schedule.LinearMomentum, 6, key="momentum", total_iters=4)
    assert momenta == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9, 0.9])


def test_one_cycle_goes_up_and_down_while_momentum_does_the_opposite() -> None:
    rates = schedule.preview(schedule.OneCycleLR, 100, max_lr=1.0, total_steps=100)
    momenta = schedule.preview(schedule.OneCycleLR, 100, key="momentum", max_lr=1.0, total_steps=100)
    assert int(np.argmax(rates)) == int(np.argmin(momenta)) == 29
    assert (rates[0], rates[29], rates[-1]) == pytest.approx((0.04, 1.0, 4e-6))
    assert (momenta[0], momenta[29], momenta[-1]) == pytest.approx((0.95, 0.85, 0.95))


def test_a_lone_schedule_does_not_add_up_rounding() -> None:
    rates = schedule.preview(schedule.ExponentialLR, 1000, lr=0.1, gamma=0.99)
    assert rates == [0.1 * 0.99**t for t in range(1000)]


def test_the_first_rate_is_written_when_the_schedule_is_made() -> None:
    optimizer = sgd(1.0)
    warm_up = schedule.LinearLR(optimizer, 0.25, total_iters=3)
    assert optimizer.param_groups[0]["lr"] == warm_up.get_last_lr()[0] == 0.25


def test_a_rate_changed_by_hand_is_respected_by_schedules_that_chain() -> None:
    optimizer = sgd(1.0)
    steps = schedule.StepLR(optimizer, 2, 0.1)
    optimizer.param_groups[0]["lr"] = 0.5
    for expected in (0.5, 0.05):
        steps.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)


def test_groups_keep_their_ratio() -> None:
    a, b = (Tensor([0.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.01}], lr=0.1)
    half = schedule.ExponentialLR(optimizer, 0.5)
    half.step()
    assert half.get_last_lr() == pytest.approx([0.05, 0.005])
    lambdas = schedule.LambdaLR(optimizer, [lambda t: 1.0, lambda t: 1.0 + t])
    lambdas.step()
    assert lambdas.get_last_lr() == pytest.approx([0.1, 0.02])


def test_plateau_waits_reduces_and_cools_down() -> None:
    costs = [5, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3]
    options = {"patience": 1, "factor": 0.5, "cooldown": 1, "metrics": costs}
    rates = schedule.preview(schedule.ReduceLROnPlateau, 11, lr=1.0, **options)
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
    plateau = schedule.ReduceLROnPlateau(sgd(1.0), patience=0, min_lr=0.3, factor=0.5)
    for cost in (1.0, 1.0, 1.0, 1.0):
        plateau.step(cost)
    assert plateau.get_last_lr() == [0.3]


MAKERS: dict[str, Any] = {
    "step": lambda o: schedule.StepLR(o, 3, 0.5),
    "cosine": lambda o: schedule.CosineAnnealingLR(o, 7, 0.01),
    "restarts": lambda o: schedule.CosineAnnealingWarmRestarts(o, 3, 2),
    "one cycle": lambda o: schedule.OneCycleLR(o, 1.0, 40),
    "plateau": lambda o: schedule.ReduceLROnPlateau(o, patience=1, factor=0.5),
    "momentum": lambda o: schedule.LinearMomentum(o, total_iters=15),
    "sequence": lambda o: schedule.SequentialLR(
        o, [schedule.LinearLR(o, 0.1, total_iters=4), schedule.ExponentialLR(o, 0.9)], [4]
    ),
    "chain": lambda o: schedule.ChainedScheduler(
        [schedule.LinearLR(o, 0.1, total_iters=4), schedule.ExponentialLR(o, 0.9)]
    ),
    "sequence of a chain": lambda o: schedule.SequentialLR(
        o,
        [
            schedule.ConstantLR(o, 0.5, 2),
            schedule.ChainedScheduler([schedule.StepLR(o, 2), schedule.ExponentialLR(o, 0.9)]),
        ],
        [3],
    ),
}


@pytest.mark.parametrize("at", [0, 3, 4, 11])
@pytest.mark.parametrize("name", MAKERS)
def test_a_loaded_schedule_continues(name: str, at: int) -> None:
    metrics = np.random.default_rng(0).random(40)

    def go(scheduler: Any, optimizer: Any, first: int, last: int) -> list[Any]:
        seen = []
        for t in range(first, last):
            scheduler.step(metrics[t]) if name == "plateau" else scheduler.step()
            seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        return seen

    whole_optimizer = sgd(0.3, momentum=0.9)
    whole = MAKERS[name](whole_optimizer)
    expected = go(whole, whole_optimizer, 0, 20)

    optimizer = sgd(0.3, momentum=0.9)
    first = MAKERS[name](optimizer)
    seen = go(first, optimizer, 0, at)
    saved, groups = first.state_dict(), optimizer.state_dict()
    again = sgd(0.3, momentum=0.9)
    second = MAKERS[name](again)
    again.load_state_dict(groups)
    second.load_state_dict(saved)
    assert seen + go(second, again, at, 20) == expected


def test_a_sequence_starts_each_part_at_its_own_zero() -> None:
    rates = schedule.preview(
        lambda o: schedule.SequentialLR(o, [schedule.ConstantLR(o, 0.5, 9), schedule.StepLR(o, 2, 0.1)], [3]), 8, lr=1.0
    )
    assert rates == pytest.approx([0.5, 0.5, 0.5, 1, 1, 0.1, 0.1, 0.01])


def test_a_sequence_of_a_chain_starts_the_chain_at_its_zero() -> None:
    rates = schedule.preview(MAKERS["sequence of a chain"], 7, lr=1.0)
    assert rates == pytest.approx([0.5, 0.5, 1, 1, 0.9, 0.081, 0.0729])


OTHER = sgd()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: schedule.StepLR("sgd", 3), TypeError, "StepLR: optimizer must be an Optimizer, got str"),
        (
            lambda: schedule.ReduceLROnPlateau(3),
            TypeError,
            "ReduceLROnPlateau: optimizer must be an Optimizer, got int",
        ),
        (lambda: schedule.LinearMomentum(3), TypeError, "LinearMomentum: optimizer must be an Optimizer, got int"),
        (
            lambda: schedule.StepLR(sgd(), 0),
            ValueError,
            "StepLR: step_size must be a whole number of at least 1, got 0",
        ),
        (lambda: schedule.StepLR(sgd(), 2.5), ValueError, "StepLR: step_size must be a whole number of at least 1"),
        (lambda: schedule.CosineAnnealingLR(sgd(), 0), ValueError, "CosineAnnealingLR: T_max must be a whole number"),
        (
            lambda: schedule.CosineAnnealingWarmRestarts(sgd(), 0),
            ValueError,
            "WarmRestarts: T_0 must be a whole number",
        ),
        (lambda: schedule.CosineAnnealingWarmRestarts(sgd(), 2, 0), ValueError, "T_mult must be a whole number of at"),
        (lambda: schedule.ConstantLR(sgd(), 2.0), ValueError, r"ConstantLR: factor must be in \[0, 1\], got 2.0"),
        (lambda: schedule.LinearLR(sgd(), 0.0), ValueError, r"LinearLR: start_factor must be in \(0, 1\], got 0.0"),
        (lambda: schedule.LinearLR(sgd(), 0.5, 2.0), ValueError, r"LinearLR: end_factor must be in \[0, 1\], got 2.0"),
        (lambda: schedule.LinearLR(sgd(), total_iters=0), ValueError, "LinearLR: total_iters must be a whole number"),
        (lambda: schedule.InverseTimeLR(sgd(), -1), ValueError, "InverseTimeLR: decay must be at least 0, got -1"),
        (lambda: schedule.LambdaLR(sgd(), [abs, abs]), ValueError, "LambdaLR: lr_lambda has 2 functions, expected 1"),
        (
            lambda: schedule.OneCycleLR(sgd(), 1.0),
            ValueError,
            "OneCycleLR: give total_steps, or both epochs and steps_",
        ),
        (lambda: schedule.OneCycleLR(sgd(), 1.0, 0), ValueError, "OneCycleLR: total_steps must be a whole number"),
        (
            lambda: schedule.OneCycleLR(sgd(), 1.0, epochs=0, steps_per_epoch=2),
            ValueError,
            "epochs must be a whole num",
        ),
        (lambda: schedule.OneCycleLR(sgd(), 1.0, 9, pct_start=2), ValueError, r"pct_start must be in \[0, 1\], got 2"),
        (lambda: schedule.OneCycleLR(sgd(), 1.0, 9, anneal_strategy="x"), ValueError, "must be 'cos' or 'linear', got"),
        (lambda: schedule.OneCycleLR(sgd(), [1.0, 2.0], 9), ValueError, "OneCycleLR: max_lr has 2 values, expected 1"),
        (lambda: schedule.OneCycleLR(no_momentum(), 1.0, 9), ValueError, "needs an optimizer with momentum or betas"),
        (lambda: schedule.preview(schedule.OneCycleLR, 12, max_lr=1.0, total_steps=9), ValueError, "step 10 is beyond"),
        (
            lambda: schedule.LinearMomentum(sgd(), 1.0),
            ValueError,
            r"LinearMomentum: start must be in \[0, 1\), got 1.0",
        ),
        (
            lambda: schedule.LinearMomentum(sgd(), 0.5, -1),
            ValueError,
            r"LinearMomentum: end must be in \[0, 1\), got -1",
        ),
        (lambda: schedule.LinearMomentum(sgd(), total_iters=0), ValueError, "LinearMomentum: total_iters must be a wh"),
        (lambda: schedule.LinearMomentum(no_momentum()), ValueError, "must have momentum or betas, got Adagrad"),
        (lambda: schedule.ReduceLROnPlateau(sgd(), factor=1.0), ValueError, r"factor must be in \[0, 1\), got 1.0"),
        (lambda: schedule.ReduceLROnPlateau(sgd(), "low"), ValueError, "mode must be 'min' or 'max', got 'low'"),
        (lambda: schedule.ReduceLROnPlateau(sgd(), threshold_mode="x"), ValueError, "must be 'rel' or 'abs', got 'x'"),
        (
            lambda: schedule.ReduceLROnPlateau(sgd(), min_lr=[1, 2]),
            ValueError,
            "min_lr has 2 values, expected 1, one a",
        ),
        (lambda: schedule.ChainedScheduler([]), ValueError, "ChainedScheduler: schedulers is empty"),
        (lambda: schedule.SequentialLR(sgd(), [], []), ValueError, "SequentialLR: schedulers is empty"),
        (
            lambda: schedule.SequentialLR(OTHER, [schedule.StepLR(OTHER, 2)], [3]),
            ValueError,
            "SequentialLR: milestones has 1 steps, expected 0, one fewer than schedulers",
        ),
        (
            lambda: schedule.SequentialLR(sgd(), [schedule.StepLR(sgd(), 2)], []),
            ValueError,
            r"SequentialLR: schedulers\[0\], a StepLR, belongs to another optimizer",
        ),
        (
            lambda: schedule.ChainedScheduler([schedule.ReduceLROnPlateau(OTHER)]),  # type: ignore[list-item]
            ValueError,
            r"ChainedScheduler: schedulers\[0\] must step without a measurement, got ReduceLROnPlateau",
        ),
        (
            lambda: schedule.preview(schedule.ReduceLROnPlateau, 5, metrics=[1, 2]),
            ValueError,
            "preview: metrics has 2 numbers, expected one for each of 5 steps",
        ),
        (lambda: schedule.LRScheduler(sgd()), NotImplementedError, "LRScheduler has no rate"),
    ],
)
def test_refusals_name_the_argument(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()
