"""Early stopping and explosions."""

from __future__ import annotations

from math import inf
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dlcourse.training import Callback, EarlyStopping, GradientClipping, StopOnExplosion, Trainer
from tests.training.problems import batches, clouds, noisy_network, trainer_for


class Script(Callback):
    """Replace the validation cost by a given list, and keep the weights of each epoch."""

    order = -100

    def __init__(self, values: list[float], name: str = "val_cost") -> None:
        self.values, self.name = values, name
        self.weights: list[Any] = []

    def on_epoch_end(self, trainer: Trainer) -> None:
        trainer.logs[self.name] = self.values[trainer.epoch - 1]
        self.weights.append(trainer.backend.copy_state())


@pytest.mark.parametrize(
    ("values", "options", "epochs", "best_epoch"),
    [
        ([5, 4, 3, 3.5, 3.2, 9], {"patience": 2}, 5, 3),
        ([5, 4, 3, 3.5, 2.9, 9], {"patience": 2}, 6, 5),
        ([5, 4.95, 4.9, 4.85], {"patience": 2, "min_delta": 0.1}, 3, 1),
        ([0.1, 0.5, 0.4, 0.45], {"patience": 2, "monitor": "val_accuracy"}, 4, 2),
        ([0.1, 0.5, 0.4, 0.45], {"patience": 1, "mode": "max"}, 3, 2),
        ([5, 4, float("nan"), float("nan"), 1], {"patience": 2}, 4, 2),
        ([3, 3, 3, 3], {"patience": 3}, 4, 1),
    ],
)
def test_early_stopping_traces(
    twin: ModuleType, values: list[float], options: dict[str, Any], epochs: int, best_epoch: int
) -> None:
    script = Script(values, options.get("monitor", "val_cost"))
    stopping = EarlyStopping(**options)
    trainer = trainer_for(twin, script, stopping)
    trainer.fit(batches(), epochs=len(values))
    assert trainer.epoch == epochs
    assert stopping.best_epoch == best_epoch
    assert stopping.best == values[best_epoch - 1]
    for key, value in trainer.backend.copy_state().items():
        np.testing.assert_array_equal(
            trainer.backend.array(value), trainer.backend.array(script.weights[best_epoch - 1][key])
        )
        assert not np.array_equal(trainer.backend.array(value), trainer.backend.array(script.weights[-1][key]))


def test_early_stopping_says_why_and_can_leave_the_last_weights(twin: ModuleType) -> None:
    script = Script([1.0, 2.0, 3.0])
    trainer = trainer_for(twin, script, EarlyStopping(patience=2, restore_best=False))
    trainer.fit(batches(), epochs=3)
    assert trainer.stopped == "val_cost has not improved for 2 epochs; the best was 1 in epoch 1"
    for key, value in trainer.backend.copy_state().items():
        np.testing.assert_array_equal(trainer.backend.array(value), trainer.backend.array(script.weights[-1][key]))


def test_the_best_weights_are_copies(twin: ModuleType) -> None:
    stopping = EarlyStopping(monitor="cost")
    trainer = trainer_for(twin, stopping)
    trainer.fit(batches(), epochs=2)
    kept = {key: trainer.backend.array(value).copy() for key, value in stopping.weights.items()}
    for p in trainer.model.parameters():
        trainer.backend.array(p)[...] = 7.0
    for key, value in stopping.weights.items():
        np.testing.assert_array_equal(trainer.backend.array(value), kept[key])


def test_a_monitor_that_is_not_measured_is_named(twin: ModuleType) -> None:
    with pytest.raises(ValueError, match="monitor='val_cost' is not measured in this run, only cost, accuracy, lr"):
        trainer_for(twin, EarlyStopping()).fit(batches(), epochs=1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: EarlyStopping(patience=0), "EarlyStopping: patience must be at least 1, got 0"),
        (lambda: EarlyStopping(min_delta=-1), "EarlyStopping: min_delta must be at least 0, got -1"),
        (lambda: EarlyStopping(mode="up"), "EarlyStopping: mode must be 'min' or 'max', got 'up'"),  # type: ignore[arg-type]
        (lambda: StopOnExplosion(1.0), "StopOnExplosion: factor must be greater than 1, got 1.0"),
    ],
)
def test_wrong_arguments_are_named(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


# ---- explosions ----------------------------------------------------------------------------------


def run(twin: ModuleType, *callbacks: Callback, data: Any = None, **options: Any) -> tuple[Trainer, StopOnExplosion]:
    guard = StopOnExplosion()
    trainer = trainer_for(twin, *callbacks, guard, **options)
    with np.errstate(all="ignore"):
        trainer.fit(batches() if data is None else data, epochs=60)
    return trainer, guard


def test_a_growing_cost_is_stopped_before_the_update(twin: ModuleType) -> None:
    trainer, guard = run(twin, lr=30.0)
    costs = trainer.history.step_costs()
    assert costs[-1] > 3 * costs[0]
    assert all(cost <= 3 * costs[0] for cost in costs[:-1])
    assert trainer.step == len(costs) - 1
    assert trainer.stopped.startswith(f"the cost {costs[-1]:.4g} at epoch ")
    assert trainer.stopped.endswith(f"is more than 3 times the first, {costs[0]:.4g}")
    assert guard.broken is None


def test_a_calm_run_is_left_alone(twin: ModuleType) -> None:
    trainer, guard = run(twin)
    assert trainer.stopped is None
    assert guard.broken is None
    assert trainer.epoch == 60


def test_a_broken_input_is_named(twin: ModuleType) -> None:
    X, y = clouds(20)
    X[3, 1] = np.nan
    trainer, guard = run(twin, data=[(X, y)])
    assert guard.broken == "the input, with 1 of 80 entries NaN or infinite"
    assert trainer.stopped.startswith("the cost is nan at epoch 1, update 1; the first to break is the input")
    assert trainer.step == 0


class Poison(Callback):
    """Write a value into one entry of a parameter or of its gradient, before the fourth update."""

    order = -50

    def __init__(self, name: str, value: float, where: str = "data") -> None:
        self.name, self.value, self.where = name, value, where

    def on_backward(self, trainer: Trainer) -> None:
        if trainer.step == 3:
            p = dict(trainer.model.named_parameters())[self.name]
            trainer.backend.array(p if self.where == "data" else p.grad).ravel()[0] = self.value


def test_a_broken_weight_is_named(twin: ModuleType) -> None:
    trainer, guard = run(twin, Poison("2.weight", inf))
    assert guard.broken == "the weight 2.weight, with 1 of 18 entries NaN or infinite"
    assert "at epoch 1, update 5" in trainer.stopped


def test_the_first_broken_output_is_named(twin: ModuleType) -> None:
    big = 3e38 if twin.get_default_dtype() == twin.float32 else 1e308
    trainer, guard = run(twin, Poison("0.weight", big), data=[(np.full((5, 4), 50.0), np.arange(5) % 3)], lr=0.0)
    assert guard.broken == "the output of 0 (Linear), with 5 of 30 entries NaN or infinite"
    assert trainer.stopped.startswith("the cost is nan") or trainer.stopped.startswith("the cost is inf")


def test_the_first_broken_gradient_is_named_and_not_applied(twin: ModuleType) -> None:
    trainer, guard = run(twin, Poison("2.bias", np.nan, "grad"), Poison("0.bias", np.nan, "grad"))
    assert guard.broken == "the gradient of 2.bias"
    assert trainer.stopped == (
        "a gradient is not finite at epoch 1, update 4; the first to break is the gradient of 2.bias, "
        "with 1 of 3 entries NaN or infinite"
    )
    assert all(np.isfinite(trainer.backend.array(p)).all() for p in trainer.model.parameters())


def test_clipping_does_not_hide_which_gradient_broke(twin: ModuleType) -> None:
    _, guard = run(twin, GradientClipping(max_norm=1.0), Poison("0.bias", np.nan, "grad"))
    assert guard.broken == "the gradient of 0.bias"


def test_a_cost_that_breaks_by_itself_is_named(twin: ModuleType) -> None:
    guard = StopOnExplosion()
    trainer = trainer_for(twin, guard)
    trainer.loss_fn = lambda output, y: (output.sum() * 0 - 1).log()
    with np.errstate(all="ignore"):
        trainer.fit(batches(), epochs=1)
    assert guard.broken == "the cost itself: the outputs of the model are finite"


def test_looking_for_the_first_leaves_no_trace(twin: ModuleType) -> None:
    seen: list[Any] = []

    class Compare(Callback):
        order = -30  # just before the guard looks

        def on_backward(self, trainer: Trainer) -> None:
            seen.append((repr(trainer.backend.rng_state()), trainer.backend.copy_state()))

    trainer, guard = run(twin, Compare(), Poison("0.weight", 3e38), model=noisy_network(twin), lr=0.0)
    assert guard.broken.startswith("the output of ")
    random, state = seen[-1]
    assert random == repr(trainer.backend.rng_state())
    for key, value in trainer.backend.copy_state().items():
        np.testing.assert_array_equal(trainer.backend.array(value), trainer.backend.array(state[key]))
    assert not any(module._forward_hooks for module in trainer.model.modules())
