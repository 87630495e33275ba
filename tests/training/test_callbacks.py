"""Clipping, projection, schedules and measurements inside the loop."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dlcourse.training import (
    Callback,
    GradientClipping,
    LayerStatistics,
    MaxNorm,
    Schedule,
    Statistics,
    Trainer,
    UpdateRatio,
    accuracy,
    statistics,
)
from tests.training.problems import TWINS, batches, clouds, network, trainer_for


class Gradients(Callback):
    """Keep the gradients of every update."""

    order = 50

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_backward(self, trainer: Trainer) -> None:
        array = trainer.backend.array
        self.seen.append({name: array(p.grad).copy() for name, p in trainer.model.named_parameters()})


def norm(arrays: Any) -> float:
    return float(np.sqrt(sum((np.asarray(a, dtype=np.float64) ** 2).sum() for a in arrays)))


def test_clipping_by_norm_keeps_the_direction(twin: ModuleType) -> None:
    before, after, clipping = Gradients(), Gradients(), GradientClipping(max_norm=0.3)
    before.order = -50  # type: ignore[misc]
    trainer_for(twin, before, clipping, after).fit(batches(), 2)
    assert max(clipping.norms) > 0.3
    for raw, clipped, size in zip(before.seen, after.seen, clipping.norms, strict=True):
        assert size == pytest.approx(norm(raw.values()), rel=1e-5)
        assert norm(clipped.values()) <= 0.3 * (1 + 1e-5)
        for name, value in raw.items():
            np.testing.assert_allclose(clipped[name], value * min(1, 0.3 / (size + 1e-6)), rtol=1e-4, atol=1e-8)


def test_clipping_by_value_cuts_every_entry(twin: ModuleType) -> None:
    after = Gradients()
    trainer_for(twin, GradientClipping(value=0.01), after).fit(batches(), 1)
    largest = [max(np.abs(g).max() for g in step.values()) for step in after.seen]
    assert max(largest) == pytest.approx(0.01)


def test_max_norm_holds_after_every_update(twin: ModuleType) -> None:
    class Watch(Callback):
        order = 50

        def on_batch_end(self, trainer: Trainer) -> None:
            rows = trainer.backend.array(trainer.model[0].weight)
            lengths.append(np.linalg.norm(rows, axis=1).max())

    lengths: list[float] = []
    trainer_for(twin, MaxNorm(0.8), Watch()).fit(batches(), 4)
    assert max(lengths) == pytest.approx(0.8, rel=1e-5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (GradientClipping, "GradientClipping: give either max_norm or value"),
        (lambda: GradientClipping(1.0, 1.0), "GradientClipping: give either max_norm or value"),
        (lambda: GradientClipping(max_norm=0.0), "GradientClipping: the limit must be greater than 0, got 0.0"),
        (lambda: GradientClipping(value=-1.0), "GradientClipping: the limit must be greater than 0, got -1.0"),
        (lambda: MaxNorm(0), "MaxNorm: max_norm must be greater than 0, got 0"),
        (lambda: LayerStatistics(0), "LayerStatistics: every must be at least 1, got 0"),
        (lambda: UpdateRatio(0), "UpdateRatio: every must be at least 1, got 0"),
        (lambda: Schedule(None, every="day"), "Schedule: every must be 'epoch' or 'batch', got 'day'"),  # type: ignore[arg-type]
        (lambda: Schedule(None, every="batch", monitor="cost"), "monitor='cost' is measured once an epoch"),
    ],
)
def test_wrong_arguments_are_named(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


# ---- schedules -----------------------------------------------------------------------------------


def test_a_schedule_by_epoch_and_by_batch(twin: ModuleType) -> None:
    for every, expected in (("epoch", [0.1] * 10 + [0.05] * 10), ("batch", [0.1, 0.1, 0.05, 0.05, 0.025])):
        trainer = trainer_for(twin)
        schedule = twin.schedule.StepLR(trainer.optimizer, 2, 0.5)
        trainer.callbacks.append(Schedule(schedule, every=every))  # type: ignore[arg-type]
        trainer.fit(batches(), 4)
        rates = [step["lr"] for step in trainer.history.steps]
        np.testing.assert_allclose(rates[: len(expected)], expected, rtol=1e-12)


def test_the_history_has_the_rate_that_was_used(twin: ModuleType) -> None:
    trainer = trainer_for(twin)
    trainer.callbacks.append(Schedule(twin.schedule.ExponentialLR(trainer.optimizer, 0.5)))
    assert trainer.fit(batches(), 3)["lr"] == pytest.approx([0.1, 0.05, 0.025])


def test_a_plateau_schedule_gets_the_monitored_result(twin: ModuleType) -> None:
    trainer = trainer_for(twin, lr=0.0)  # nothing is learned: every epoch after the first is bad
    for group in trainer.optimizer.param_groups:
        group["lr"] = 1e-12
    schedule = twin.schedule.ReduceLROnPlateau(trainer.optimizer, patience=1, factor=0.5, eps=0.0)
    trainer.callbacks.append(Schedule(schedule, monitor="val_cost"))
    history = trainer.fit(batches(), 6, clouds(30))
    assert history["lr"] == pytest.approx([1e-12, 1e-12, 1e-12, 5e-13, 5e-13, 2.5e-13])
    assert schedule.best == history["val_cost"][0]


def test_a_monitor_that_is_not_measured_is_named(twin: ModuleType) -> None:
    trainer = trainer_for(twin)
    schedule = twin.schedule.ReduceLROnPlateau(trainer.optimizer)
    trainer.callbacks.append(Schedule(schedule, monitor="val_cost"))
    with pytest.raises(ValueError, match="Schedule: monitor='val_cost' is not measured in this run"):
        trainer.fit(batches(), 1)


def test_momentum_can_be_annealed(twin: ModuleType) -> None:
    trainer = trainer_for(twin)
    trainer.callbacks.append(Schedule(twin.schedule.LinearMomentum(trainer.optimizer, 0.5, 0.9, total_iters=4)))
    seen = []

    class Watch(Callback):
        def on_epoch_start(self, trainer: Trainer) -> None:
            seen.append(trainer.optimizer.param_groups[0]["momentum"])

    trainer.callbacks.append(Watch())
    trainer.fit(batches(), 6)
    assert seen == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9, 0.9])


# ---- measurements --------------------------------------------------------------------------------


def test_statistics_are_those_of_the_population(twin: ModuleType) -> None:
    x = np.random.default_rng(0).normal(3, 2, size=(7, 5))
    result = statistics(twin.to_numpy(twin.tensor(x)))
    assert result == Statistics(pytest.approx(x.mean()), pytest.approx(np.sqrt(((x - x.mean()) ** 2).mean())))
    assert np.isnan(statistics([]).mean)
    assert np.isnan(statistics([]).std)
    assert statistics(np.full(10**5, 1e4, np.float16)).mean == 1e4  # float16 would overflow in the sum


def test_layer_statistics_are_what_a_hand_computes(twin: ModuleType, float64: None) -> None:
    watch = LayerStatistics(every=2)
    trainer = trainer_for(twin, watch)
    X, y = clouds(12)
    trainer.fit([(X, y)], 3)
    assert watch.steps == [1, 3]
    assert list(watch.activations) == list(watch.gradients) == ["0", "1", "2"]

    w1, b1, w2, b2 = (twin.to_numpy(p) for p in network(twin).parameters())
    z = X @ w1.T + b1
    logits = np.maximum(z, 0) @ w2.T + b2
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    d_logits = (p - np.eye(3)[y]) / len(y)
    d_a = d_logits @ w2
    for name, values in {"0": z, "1": np.maximum(z, 0), "2": logits}.items():
        assert watch.activations[name][0] == pytest.approx(statistics(values), abs=1e-12)
    for name, values in {"0": d_a * (z > 0), "1": d_a, "2": d_logits}.items():
        assert watch.gradients[name][0] == pytest.approx(statistics(values), abs=1e-12)


def test_layer_statistics_agree_between_the_backends(float64: None) -> None:
    results = []
    for twin in TWINS:
        watch = LayerStatistics()
        trainer_for(twin, watch).fit(batches(), 3, validation=clouds(20))
        results.append(watch)
    ours, theirs = results
    assert len(ours.steps) == 15
    for name in ("0", "1", "2"):
        np.testing.assert_allclose(ours.activations[name], theirs.activations[name], atol=1e-10)
        np.testing.assert_allclose(ours.gradients[name], theirs.gradients[name], atol=1e-10)


def test_clipping_does_not_change_what_is_measured(twin: ModuleType) -> None:
    alone, beside = LayerStatistics(), LayerStatistics()
    trainer_for(twin, alone).fit(batches(), 1)
    trainer_for(twin, GradientClipping(max_norm=1e-3), beside).fit([next(iter(batches()))], 1)
    assert beside.gradients["0"][0] == pytest.approx(alone.gradients["0"][0])


def test_the_hooks_are_gone_after_the_run(twin: ModuleType) -> None:
    trainer = trainer_for(twin, LayerStatistics())
    trainer.fit(batches(), 1)
    assert not any(module._forward_hooks for module in trainer.model.modules())


def test_a_compiled_model_is_refused() -> None:
    trainer = trainer_for(TWINS[1], LayerStatistics(), compile=True)
    with pytest.raises(ValueError, match="LayerStatistics: compile=True may pass over the hooks"):
        trainer.fit(batches(), 1)


def test_a_shared_layer_is_listed_once_for_each_use(twin: ModuleType) -> None:
    nn = twin.nn
    shared = nn.Linear(4, 4)
    watch = LayerStatistics()
    trainer_for(twin, watch, model=nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(4, 3))).fit(batches(), 1)
    assert {"0", "0 (use 2)"} <= set(watch.activations)
    assert len(watch.activations["0"]) == len(watch.activations["0 (use 2)"]) == 5


def test_frozen_layers_have_activations_but_no_gradients(twin: ModuleType) -> None:
    model = network(twin)
    model[0].requires_grad_(False)
    watch = LayerStatistics()
    trainer_for(twin, watch, model=model).fit(batches(), 1)
    assert set(watch.activations) == {"0", "1", "2"}
    assert set(watch.gradients) == {"2"}


def test_the_update_ratio_is_the_size_of_the_step(twin: ModuleType, float64: None) -> None:
    ratio = UpdateRatio(every=2)
    model = network(twin)
    trainer = trainer_for(twin, ratio, model=model)
    before = {name: twin.to_numpy(p).copy() for name, p in model.named_parameters()}
    gradients = Gradients()
    trainer.callbacks.append(gradients)
    trainer.fit(batches(), 1)
    assert ratio.steps == [1, 3, 5]
    for name, w in before.items():
        expected = 0.1 * np.linalg.norm(gradients.seen[0][name]) / np.linalg.norm(w)
        assert ratio.ratios[name][0] == pytest.approx(expected, rel=1e-10)


def test_the_update_ratio_of_zero_weights_is_nan(twin: ModuleType) -> None:
    model = network(twin)
    twin.init.zeros_(model[0].bias)
    ratio = UpdateRatio()
    trainer_for(twin, ratio, model=model).fit(batches(), 1)
    assert np.isnan(ratio.ratios["0.bias"][0])
    assert np.isfinite(ratio.ratios["0.bias"][1:]).all()


@pytest.mark.parametrize(
    ("output", "y", "expected"),
    [
        ([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]], [1, 0, 0], 2 / 3),
        ([[-1.0], [2.0]], [[0], [1]], 1.0),
        ([0.5, -0.5, 3.0, 0.0], [1, 1, 1, 0], 0.75),
    ],
)
def test_accuracy(output: Any, y: Any, expected: float) -> None:
    assert accuracy(np.array(output), np.array(y)) == pytest.approx(expected)
