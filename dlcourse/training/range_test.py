"""The learning-rate range test: grow the rate until it is too high, and take the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from dlcourse.training.callback import Callback
from dlcourse.training.trainer import Trainer, order_of

__all__ = ["RangeTest", "learning_rate_range_test"]


@dataclass(frozen=True)
class RangeTest:
    """What the range test saw: a cost for each rate tried, the rate to take, and why the test ended."""

    rates: list[float]
    costs: list[float]
    suggestion: float
    reason: str


def learning_rate_range_test(
    model: Any,
    optimizer: Any,
    loss_fn: Callable[[Any, Any], Any],
    batches: Iterable[tuple[Any, Any]],
    validation: Iterable[tuple[Any, Any]] | tuple[Any, Any] | None = None,
    start: float = 1e-6,
    end: float = 10.0,
    rates: int = 50,
    updates: int = 5,
    tolerance: float = 0.1,
    factor: float = 3.0,
) -> RangeTest:
    """Try ``rates`` rates from ``start`` to ``end``, each a constant factor above the last (Smith, 2017).

    Each rate makes ``updates`` updates; then the cost is measured, on ``validation`` if given. The test ends when
    that cost turns, which means more than the share ``tolerance`` above its lowest, or when training diverges: a
    cost above ``factor`` times the first, NaN or infinite. The suggestion is the rate with the lowest cost before
    that. A rate that is too high diverges; it does not overfit.

    Without validation the cost of a rate is the mean over its batches. Model, optimizer, random numbers and the
    order of the batches are put back as they were. Raises ``ValueError`` unless 0 < start < end, rates >= 3 and
    updates >= 1, when there are no batches, and when already the lowest rate diverges.
    """
    if not 0 < start < end:
        raise ValueError(f"learning_rate_range_test: expected 0 < start < end, got start={start!r} and end={end!r}")
    if rates < 3 or updates < 1:
        raise ValueError(
            f"learning_rate_range_test: expected rates >= 3 and updates >= 1, got rates={rates!r} and "
            f"updates={updates!r}"
        )
    growth = _Growth([float(r) for r in np.geomspace(start, end, rates)], updates, validation, tolerance, factor)
    trainer = Trainer(model, optimizer, loss_fn, callbacks=[growth])
    weights, state, random = trainer.backend.copy_state(), deepcopy(optimizer.state_dict()), trainer.backend.rng_state()
    order = deepcopy(order_of(batches))
    try:
        trainer.fit(_endless(batches, rates * updates), epochs=1)
    finally:
        trainer.backend.load_state(weights)
        optimizer.load_state_dict(state)
        trainer.backend.set_rng_state(random)
        if order is not None:
            batches.load_state_dict(order)  # type: ignore[attr-defined]  # what has state_dict has this too
    if not growth.costs:
        raise ValueError(f"learning_rate_range_test: {trainer.stopped}, at the lowest rate already; use a lower start")
    best = int(np.argmin(growth.costs))
    reason = trainer.stopped or f"the cost had not turned at the highest rate, {end:g}; try a higher end"
    return RangeTest(growth.rates[: len(growth.costs)], growth.costs, growth.rates[best], reason)


class _Growth(Callback):
    """Set the rate, measure after each ``updates`` updates, and stop when it is enough."""

    def __init__(self, rates: list[float], updates: int, validation: Any, tolerance: float, factor: float) -> None:
        self.rates, self.updates, self.validation = rates, updates, validation
        self.tolerance, self.factor = tolerance, factor
        self.costs: list[float] = []
        self.batch_costs: list[float] = []
        self.first_cost: float | None = None

    def on_fit_start(self, trainer: Trainer) -> None:
        """Start with the lowest rate; the ratios between the groups stay."""
        first = trainer.optimizer.param_groups[0]["lr"]
        self.ratios = [group["lr"] / first if first > 0 else 1.0 for group in trainer.optimizer.param_groups]
        self._set_rate(trainer)

    def _set_rate(self, trainer: Trainer) -> None:
        for group, ratio in zip(trainer.optimizer.param_groups, self.ratios, strict=True):
            group["lr"] = self.rates[len(self.costs)] * ratio

    def on_backward(self, trainer: Trainer) -> None:
        """Look whether training has diverged."""
        if self.first_cost is None:
            self.first_cost = trainer.cost
        if not isfinite(trainer.cost) or trainer.cost > self.factor * abs(self.first_cost):
            trainer.stop(f"training diverged: cost {trainer.cost:.4g} at rate {self.rates[len(self.costs)]:.3g}")
        self.batch_costs.append(trainer.cost)

    def on_batch_end(self, trainer: Trainer) -> None:
        """After the last update with this rate, measure and go to the next rate."""
        if trainer.step % self.updates != 0:
            return
        rate = self.rates[len(self.costs)]
        if self.validation is None:
            cost = float(np.mean(self.batch_costs))
        else:
            cost = trainer.evaluate(self.validation)["cost"]
        self.batch_costs = []
        if not isfinite(cost):
            trainer.stop(f"the cost became {cost} at rate {rate:.3g}")
            return
        self.costs.append(cost)
        if cost > (1 + self.tolerance) * min(self.costs):
            trainer.stop(f"the cost turned at rate {rate:.3g}")
        elif len(self.costs) < len(self.rates):
            self._set_rate(trainer)


def _endless(batches: Iterable[tuple[Any, Any]], number: int) -> Iterator[tuple[Any, Any]]:
    """So many batches, from as many passes as it takes."""
    while number > 0:
        before = number
        for batch in batches:
            yield batch
            number -= 1
            if number == 0:
                return
        if number == before:
            raise ValueError("learning_rate_range_test: batches is empty")
