"""The loop: the same run on both backends, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.data import Batches
from dlcourse.training import Callback, Trainer, best_device
from tests.training.problems import TWINS, batches, clouds, network, noisy_network, trainer_for


def test_both_backends_make_the_same_run(float64: None) -> None:
    runs = []
    for twin in TWINS:
        trainer = trainer_for(twin)
        trainer.fit(batches(), epochs=8, validation=clouds(40, seed=9))
        weights = np.concatenate([trainer.backend.array(p).ravel() for p in trainer.model.parameters()])
        runs.append((trainer.history, weights))
    (ours, our_weights), (theirs, their_weights) = runs
    np.testing.assert_allclose(ours.step_costs(), theirs.step_costs(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(our_weights, their_weights, rtol=0, atol=1e-10)
    for name in ("cost", "accuracy", "val_cost", "val_accuracy", "lr"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-10)
    assert len(ours) == 8
    assert len(ours.steps) == 8 * 5
    assert ours["val_cost"][-1] < 0.6 * ours["val_cost"][0]


def test_both_backends_agree_on_buffers_too(float64: None) -> None:
    states = []
    for twin in TWINS:
        trainer = trainer_for(twin, model=noisy_network(twin, p=0.0))
        trainer.fit(batches(), epochs=4, validation=clouds(40, seed=9))
        states.append((trainer.history["val_cost"], twin.to_numpy(trainer.model.state_dict())))
    (ours, our_state), (theirs, their_state) = states
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
    assert list(our_state) == list(their_state)
    for key, value in our_state.items():
        np.testing.assert_allclose(value, their_state[key], rtol=0, atol=1e-10, err_msg=key)


def test_the_loop_equals_one_written_by_hand(twin: ModuleType, float64: None) -> None:
    trainer = trainer_for(twin)
    trainer.fit(batches(), epochs=2)
    model = network(twin)
    optimizer = twin.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    order = batches()
    costs = []
    for _ in range(2):
        for X, y in order:
            cost = twin.nn.CrossEntropyLoss()(model(twin.tensor(X)), twin.tensor(y))
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
            costs.append(cost.item())
    assert trainer.history.step_costs() == costs


def test_results_are_means_over_examples_of_uneven_batches(twin: ModuleType, float64: None) -> None:
    trainer = trainer_for(twin, lr=0.0)
    trainer.fit(batches(size=40), epochs=1)  # 40, 40, 10
    assert trainer.history["cost"][0] == pytest.approx(trainer.evaluate(clouds())["cost"], rel=1e-12)
    assert trainer.history["accuracy"][0] == pytest.approx(trainer.evaluate(clouds())["accuracy"], rel=1e-12)


def test_fit_again_continues_and_epochs_are_reshuffled(twin: ModuleType) -> None:
    seen: list[Any] = []

    class Watch(Callback):
        def on_batch_end(self, trainer: Trainer) -> None:
            seen.append(trainer.backend.array(trainer.targets).copy())

    trainer = trainer_for(twin, Watch())
    order = batches()
    trainer.fit(order, epochs=1)
    history = trainer.fit(order, epochs=2)
    assert trainer.epoch == 3
    assert [epoch["epoch"] for epoch in history.epochs] == [1, 2, 3]
    assert [step["step"] for step in history.steps] == list(range(1, 16))
    first, second = np.concatenate(seen[:5]), np.concatenate(seen[5:10])
    assert not np.array_equal(first, second)
    assert np.array_equal(np.sort(first), np.sort(second))


def test_evaluation_leaves_the_mode_and_makes_no_graph(twin: ModuleType) -> None:
    trainer = trainer_for(twin)
    trainer.model.train()
    trainer.evaluate(batches())
    assert trainer.model.training
    assert all(p.grad is None for p in trainer.model.parameters())


def test_evaluation_is_in_evaluation_mode(twin: ModuleType) -> None:
    trainer = trainer_for(twin, model=noisy_network(twin))
    X, y = clouds()
    trainer.model.train()
    results = [trainer.evaluate((X, y))["cost"] for _ in range(3)]
    trainer.model.eval()
    output = trainer.model(trainer.backend.tensor(X))
    assert results == [pytest.approx(trainer.loss_fn(output, trainer.backend.tensor(y)).item(), rel=1e-5)] * 3


def test_moments_come_in_order(twin: ModuleType) -> None:
    moments: list[str] = []

    class Spy(Callback):
        def on_fit_start(self, trainer: Trainer) -> None:
            moments.append("fit")

        def on_epoch_start(self, trainer: Trainer) -> None:
            moments.append("epoch")

        def on_backward(self, trainer: Trainer) -> None:
            assert all(p.grad is not None for p in trainer.model.parameters())
            moments.append("backward")

        def on_batch_end(self, trainer: Trainer) -> None:
            moments.append("batch")

        def on_epoch_end(self, trainer: Trainer) -> None:
            moments.append(f"epoch {trainer.epoch}")

        def on_fit_end(self, trainer: Trainer) -> None:
            moments.append("end")

    trainer_for(twin, Spy()).fit(batches(size=45), epochs=2)
    one = ["epoch", "backward", "batch", "backward", "batch"]
    assert moments == ["fit", *one, "epoch 1", *one, "epoch 2", "end"]


def test_on_fit_end_comes_after_an_error_too(twin: ModuleType) -> None:
    ended = []

    class Break(Callback):
        def on_batch_end(self, trainer: Trainer) -> None:
            raise KeyboardInterrupt

        def on_fit_end(self, trainer: Trainer) -> None:
            ended.append(trainer.step)

    with pytest.raises(KeyboardInterrupt):
        trainer_for(twin, Break()).fit(batches(), epochs=1)
    assert ended == [1]


def test_a_callback_can_stop_the_run(twin: ModuleType) -> None:
    class Enough(Callback):
        def on_batch_end(self, trainer: Trainer) -> None:
            if trainer.step == 3:
                trainer.stop("three are enough")

    trainer = trainer_for(twin, Enough())
    trainer.fit(batches(), epochs=2)
    assert trainer.stopped == "three are enough"
    assert (trainer.epoch, trainer.step) == (0, 3)


def test_after_a_stop_the_next_fit_begins_a_whole_epoch(twin: ModuleType) -> None:
    class Once(Callback):
        def on_batch_end(self, trainer: Trainer) -> None:
            if trainer.step == 3:
                trainer.stop("once")

    trainer = trainer_for(twin, Once())
    trainer.fit(batches(), epochs=1)
    trainer.fit(batches(), epochs=1)
    assert (trainer.epoch, trainer.step) == (1, 3 + 5)
    assert trainer.stopped is None


def test_inputs_get_the_dtype_of_the_model(twin: ModuleType) -> None:
    trainer = trainer_for(twin)
    X, y = clouds()
    trainer.fit(Batches(X.astype(np.float64), y.astype(np.int32), 45), epochs=1)
    assert all(trainer.backend.array(p).dtype == np.float32 for p in trainer.model.parameters())


def test_tensors_as_batches_are_welcome(twin: ModuleType) -> None:
    X, y = clouds()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y)), 30)
    trainer = trainer_for(twin)
    trainer.fit(loader if twin is dlcourse.torch else Batches(X, y, 30), epochs=1)
    assert trainer.step == 3


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: trainer_for(dlcourse.numpy, model=Broken()), TypeError, "model must be a Module.* got Broken"),
        (
            lambda: trainer_for(dlcourse.numpy, device="cuda"),
            ValueError,
            "device='cuda' needs a model of dlcourse.torch",
        ),
        (
            lambda: trainer_for(dlcourse.numpy, autocast=True),
            ValueError,
            "autocast=True needs a model of dlcourse.torch",
        ),
        (lambda: trainer_for(dlcourse.numpy, compile=True), ValueError, "compile=True needs a model of dlcourse.torch"),
    ],
)
def test_refusals_say_why(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_batches_that_run_dry_are_named(twin: ModuleType) -> None:
    with pytest.raises(ValueError, match="no batches in epoch 2; a generator gives them only once"):
        trainer_for(twin).fit((batch for batch in batches()), epochs=2)
    with pytest.raises(ValueError, match="no batches in epoch 1"):
        trainer_for(twin).fit([], epochs=1)
    with pytest.raises(ValueError, match="evaluate: there are no examples to evaluate"):
        trainer_for(twin).evaluate([])


class Broken:
    """Has parameters, but is no module."""

    def parameters(self) -> list[Any]:
        return [dlcourse.numpy.tensor([1.0], requires_grad=True)]


def test_an_unknown_result_is_named(twin: ModuleType) -> None:
    history = trainer_for(twin).fit(batches(), epochs=1)
    with pytest.raises(KeyError, match="'val_cost' was not recorded, only epoch, cost, accuracy, lr"):
        history["val_cost"]
    assert repr(history).startswith("History of 1 epochs, 5 updates; last: epoch 1, cost ")


def test_mixed_precision_stays_close_to_float32() -> None:
    plain, mixed = (trainer_for(dlcourse.torch, device=best_device(), autocast=flag) for flag in (False, True))
    for trainer in (plain, mixed):
        trainer.fit(batches(), epochs=3)
    difference = np.abs(np.subtract(plain.history.step_costs(), mixed.history.step_costs()))
    assert 0 < difference.max() < 0.05
    assert all(p.dtype == torch.float32 for p in mixed.model.parameters())


def test_a_device_moves_the_model_and_the_batches() -> None:
    device = best_device()
    trainer = trainer_for(dlcourse.torch, device=device)
    trainer.fit(batches(), epochs=1, validation=clouds(30))
    assert next(trainer.model.parameters()).device.type == device


def test_compile_gives_the_same_run(float64: None) -> None:
    plain = trainer_for(dlcourse.torch)
    compiled = trainer_for(dlcourse.torch)
    compiled.forward = torch.compile(compiled.model, backend="eager")
    asked = trainer_for(dlcourse.torch, compile=True)
    assert isinstance(asked.forward, torch._dynamo.eval_frame.OptimizedModule)
    for trainer in (plain, compiled):
        trainer.fit(batches(), epochs=2)
    np.testing.assert_allclose(plain.history.step_costs(), compiled.history.step_costs(), rtol=0, atol=1e-12)


def test_training_with_numpy_does_not_load_torch() -> None:
    code = (
        "import sys, numpy as np, dlcourse.numpy as dl; from dlcourse.training import Trainer, ProgressBar;"
        "m = dl.nn.Linear(2, 3); o = dl.optim.SGD(m.parameters());"
        "Trainer(m, o, dl.nn.CrossEntropyLoss()).fit([(np.ones((4, 2)), np.arange(4) % 3)], 1);"
        "print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
