"""The learning-rate range test."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dlcourse.data import Batches
from dlcourse.training import learning_rate_range_test
from tests.training.problems import TWINS, batches, clouds, network


def run(twin: ModuleType, momentum: float = 0.9, **options: Any) -> tuple[Any, Any, Any]:
    model = network(twin)
    optimizer = twin.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
    order = options.pop("batches") if "batches" in options else batches()
    return learning_rate_range_test(model, optimizer, twin.nn.CrossEntropyLoss(), order, **options), model, optimizer


def test_the_rates_grow_by_a_constant_factor_until_it_is_too_much(twin: ModuleType) -> None:
    result, _, _ = run(twin, validation=clouds(60, seed=8), start=1e-5, end=1e3, rates=33)
    ratios = np.divide(result.rates[1:], result.rates[:-1])
    np.testing.assert_allclose(ratios, 10 ** (8 / 32), rtol=1e-9)
    assert len(result.rates) == len(result.costs) < 33
    assert result.suggestion == result.rates[int(np.argmin(result.costs))]
    assert 1e-3 < result.suggestion < 10
    assert "turned" in result.reason or "diverged" in result.reason


@pytest.mark.parametrize("tolerance", [0.02, 0.5])
def test_the_test_ends_where_the_cost_turns(twin: ModuleType, tolerance: float) -> None:
    with np.errstate(all="ignore"):
        result, _, _ = run(
            twin, validation=clouds(60, seed=8), start=1e-5, end=1e3, rates=33, tolerance=tolerance, factor=1e30
        )
    assert result.reason == f"the cost turned at rate {result.rates[-1]:.3g}"
    limit = [(1 + tolerance) * min(result.costs[: i + 1]) for i in range(len(result.costs))]
    assert [cost > most for cost, most in zip(result.costs, limit, strict=True)] == [False] * (len(limit) - 1) + [True]


def test_the_suggested_rate_learns_and_ten_times_the_end_does_not(twin: ModuleType) -> None:
    result, _, _ = run(twin, validation=clouds(60, seed=8), start=1e-5, end=1e3, rates=33)
    from tests.training.problems import trainer_for

    good = trainer_for(twin, lr=result.suggestion)
    with np.errstate(all="ignore"):
        good.fit(batches(), 4, clouds(60, seed=8))
    assert good.history["val_cost"][-1] < 0.8 * result.costs[0]


def test_both_backends_see_the_same(float64: None) -> None:
    ours, theirs = (run(twin, validation=clouds(60, seed=8), start=1e-4, end=1e2, rates=20)[0] for twin in TWINS)
    np.testing.assert_allclose(ours.costs, theirs.costs, rtol=1e-9)
    assert ours.suggestion == theirs.suggestion


def test_divergence_ends_the_test_and_names_the_rate(twin: ModuleType) -> None:
    with np.errstate(all="ignore"):
        result, _, _ = run(twin, start=1e-2, end=1e6, rates=9, tolerance=1e9)
    assert result.reason.startswith("training diverged: cost ")
    assert result.costs[-1] < 10 * result.costs[0]


def test_a_test_that_ends_too_early_says_so(twin: ModuleType) -> None:
    result, _, _ = run(twin, start=1e-6, end=1e-4, rates=5, validation=clouds(60))
    assert result.reason == "the cost had not turned at the highest rate, 0.0001; try a higher end"
    assert len(result.rates) == 5
    assert result.suggestion == pytest.approx(1e-4)


def test_everything_is_put_back(twin: ModuleType) -> None:
    model = network(twin)
    optimizer = twin.optim.SGD(
        [{"params": list(model[0].parameters())}, {"params": list(model[2].parameters()), "lr": 0.01}],
        lr=0.1,
        momentum=0.9,
    )
    order = batches()
    weights = {key: np.array(value) for key, value in twin.to_numpy(model.state_dict()).items()}
    random = repr(twin.get_rng_state())
    learning_rate_range_test(model, optimizer, twin.nn.CrossEntropyLoss(), order, start=1e-3, end=1.0, rates=5)
    for key, value in twin.to_numpy(model.state_dict()).items():
        np.testing.assert_array_equal(value, weights[key])
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.01]
    assert optimizer.state_dict()["state"] == {}
    assert order.epoch == 0
    assert repr(twin.get_rng_state()) == random


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": 0.0}, "expected 0 < start < end, got start=0.0 and end=10.0"),
        ({"start": 1.0, "end": 0.1}, "expected 0 < start < end, got start=1.0 and end=0.1"),
        ({"rates": 2}, "expected rates >= 3 and updates >= 1, got rates=2 and updates=5"),
        ({"updates": 0}, "expected rates >= 3 and updates >= 1, got rates=50 and updates=0"),
        ({"start": 1e8, "end": 1e9}, "training diverged.*at the lowest rate already; use a lower start"),
        ({"batches": Batches(*clouds(0))}, "learning_rate_range_test: batches is empty"),
    ],
)
def test_refusals_say_why(twin: ModuleType, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words), np.errstate(all="ignore"):
        run(twin, **options)
