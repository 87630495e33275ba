"""Exercise 07: rates that depend on what is measured: on plateau, and the range test."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q07_schedules import OFF_LIMITS
from dlcourse.checks.drives import rates
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2


class _Plateau:
    """The right schedule, with places to go wrong."""

    slack = 0
    resets = True
    keeps_best = True
    forgives = True

    def __init__(self, lr: float, factor: float, patience: int) -> None:
        self.lr, self.factor, self.patience = lr, factor, patience
        self.best, self.bad = np.inf, 0

    def step(self, cost: float) -> float:
        if cost < self.best:
            self.best = cost
            self.bad = 0 if self.forgives else self.bad
        else:
            self.bad += 1
            if not self.keeps_best:
                self.best = cost
        if self.bad > self.patience - self.slack:
            self.lr *= self.factor
            if self.resets:
                self.bad = 0
        return self.lr


def _costs(rng: np.random.Generator) -> Any:
    """Improvements, single bad epochs, a zigzag above the best, and long plateaus."""
    shape = [1.0, 0.8, 0.85, 0.7, 0.75, 0.74, 0.9, 0.73, 0.65, 0.7, 0.68, 0.69, 0.67, 0.72, 0.71, 0.7, 0.6, 0.66, 0.64]
    return np.array(shape) * rng.uniform(0.5, 2.0)


plateau = Question(
    "07.plateau",
    points=3,
    minutes=12,
    title="Lower the rate when nothing improves",
    called_as="schedule = Plateau(lr, factor, patience); rate = schedule.step(cost)",
    tested="19 epochs with patience 2: improvements, single bad epochs, a zigzag and two plateaus",
    inputs=lambda rng: {
        "costs": _costs(rng),
        "lr": rng.uniform(0.2, 1.0),
        "factor": rng.uniform(0.2, 0.6),
        "patience": np.array(2),
    },
    drive=rates.plateau,
    answer=lambda **inputs: rates.plateau(_Plateau, **inputs),
    steps=("rates",),
    off_limits=OFF_LIMITS,
)
plateau.hint("Two things to remember between the calls: the best cost so far, and how many bad epochs came since.")
plateau.hint("Bad means: not better than the best. After the rate has been lowered, counting starts again from 0.")


@plateau.wrong(
    "the rate falls one bad epoch too early", ask="How many bad epochs does patience 2 forgive?", as_student=True
)
class Impatient(_Plateau):
    slack = 1


@plateau.wrong(
    "the rate falls one bad epoch too late", ask="Is the third bad epoch in a row still forgiven?", as_student=True
)
class TooPatient(_Plateau):
    slack = -1


@plateau.wrong(
    "counting does not start again after a reduction, so the rate falls in every bad epoch from then on",
    ask="How long does the new rate get to show what it can do?",
    as_student=True,
)
class NoReset(_Plateau):
    resets = False


@plateau.wrong(
    "each cost is compared with the one before, not with the best",
    ask="A zigzag above the best cost: is every second epoch an improvement?",
    as_student=True,
)
class ComparesWithLast(_Plateau):
    keeps_best = False


@plateau.wrong(
    "an improvement does not clear the count of bad epochs",
    ask="Two bad epochs with a good one between: how many in a row?",
    as_student=True,
)
class Unforgiving(_Plateau):
    forgives = False


@plateau.wrong(
    "the factor is subtracted", ask="The rate is 0.1 and the factor 0.5. What is half of it?", as_student=True
)
class Subtracts(_Plateau):
    def step(self, cost: float) -> float:
        before = self.lr
        after = super().step(cost)
        if after != before:
            self.lr = before - self.factor
        return self.lr


def _range_test(
    train_at: Any, low: float, high: float, count: int, spacing: Any = np.geomspace, limit: float = 3.0
) -> float:
    first, best, chosen = 0.0, np.inf, low
    for rate in spacing(low, high, count):
        cost = train_at(rate)
        first = first or cost
        if not cost <= limit * first:
            break
        if cost < best:
            best, chosen = cost, rate
    return float(chosen)


def _costs_of_rates(rng: np.random.Generator) -> Any:
    """Flat, falling, turning, and then an explosion that comes back for a moment and ends in NaN."""
    first = rng.uniform(1.5, 2.5)
    shape = [1.0, 0.99, 0.93, 0.7, 0.4, 0.55, 1.2, 3.4, 0.2, np.nan, np.nan, np.nan]
    return first * np.array(shape)


range_test = Question(
    "07.range_test",
    points=4,
    minutes=15,
    title="The range test",
    called_as="rate = range_test(train_at, low, high, count)",
    tested="costs that fall, turn and explode; which rates were tried, where the test ended, and the rate chosen",
    inputs=lambda rng: {
        "low": 10.0 ** rng.uniform(-6, -5),
        "high": 10.0 ** rng.uniform(0, 1),
        "count": np.array(12),
        "costs": _costs_of_rates(rng),
    },
    drive=rates.range_test,
    answer=lambda **inputs: rates.range_test(_range_test, **inputs),
    steps=("rates tried",),
    off_limits=("dlcourse.training.learning_rate_range_test",),
)
range_test.hint("np.geomspace(low, high, count) gives rates that grow by a constant factor.")
range_test.hint("`cost > limit` is False for NaN. `not cost <= limit` is True for it.")
range_test.hint("Keep the best cost and its rate while you go; return that rate.")


@range_test.wrong("the rates grow by equal differences", ask="How many of your rates are below 1e-3?", as_student=True)
def linear(train_at: Any, low: float, high: float, count: int) -> float:
    return _range_test(train_at, low, high, count, spacing=np.linspace)


@range_test.wrong(
    "the last rate would lie below high: the constant factor is a root too small",
    ask="How many steps lead from the first of five rates to the fifth?",
    as_student=True,
)
def never_at_high(train_at: Any, low: float, high: float, count: int) -> float:
    return _range_test(train_at, low, high, count, spacing=lambda a, b, n: np.geomspace(a, b, n + 1)[:-1])


@range_test.wrong(
    "the test goes on after the explosion, to the last rate",
    ask="What are weights worth after a cost of 3 × the first?",
    as_student=True,
)
def never_ends(train_at: Any, low: float, high: float, count: int) -> float:
    costs = [(train_at(rate), rate) for rate in np.geomspace(low, high, count)]
    best = min(cost for cost, _ in costs[:7])
    return float(next(rate for cost, rate in costs if cost == best))


@range_test.wrong(
    "the rate at which it exploded is returned",
    ask="Would you train with the rate that has just diverged?",
    as_student=True,
)
def the_exploding_one(train_at: Any, low: float, high: float, count: int) -> float:
    tried: list[float] = []

    def noted(rate: float) -> float:
        tried.append(rate)
        return float(train_at(rate))

    _range_test(noted, low, high, count)
    return tried[-1]


@range_test.wrong(
    "the last rate before the explosion is returned, though its cost had turned long before",
    ask="Where is the cost lowest?",
    as_student=True,
)
def the_one_before(train_at: Any, low: float, high: float, count: int) -> float:
    tried: list[float] = []

    def noted(rate: float) -> float:
        tried.append(rate)
        return float(train_at(rate))

    _range_test(noted, low, high, count)
    return tried[-2]


@range_test.wrong(
    "NaN does not end the test, nor does a large cost: the best of all is taken",
    ask="What is `nan > 5`, and what is the cost 0.2 worth after an explosion?",
    as_student=True,
)
def blind_to_nan(train_at: Any, low: float, high: float, count: int) -> float:
    return _range_test(train_at, low, high, count, limit=np.inf)


@range_test.wrong(
    "the lowest cost is returned, not its rate", ask="Which of the two will you set the optimizer to?", as_student=True
)
def the_cost(train_at: Any, low: float, high: float, count: int) -> float:
    costs: list[float] = []

    def noted(rate: float) -> float:
        costs.append(float(train_at(rate)))
        return costs[-1]

    _range_test(noted, low, high, count)
    return min(costs[:-1])


@range_test.wrong(
    "the test ends as soon as the cost turns",
    ask="May a cost rise a little from one rate to the next?",
    as_student=True,
)
def ends_at_the_turn(train_at: Any, low: float, high: float, count: int) -> float:
    last, chosen = np.inf, low
    for rate in np.geomspace(low, high, count):
        cost = train_at(rate)
        if cost > last:
            break
        last, chosen = cost, rate
    return float(chosen)


QUESTIONS = (plateau, range_test)
