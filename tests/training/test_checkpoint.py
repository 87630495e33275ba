"""A run that is interrupted and resumed is, bit for bit, the run that was not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.data import Batches, HardExampleBatches
from dlcourse.numpy.random import default_generator
from dlcourse.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    GradientClipping,
    LayerStatistics,
    MaxNorm,
    RunLog,
    Schedule,
    StopOnExplosion,
    Trainer,
    UpdateRatio,
    accuracy,
    load_checkpoint,
    save_checkpoint,
)
from dlcourse.training import checkpoint as checkpoint_module
from dlcourse.training.packing import pack, unpack
from tests.training.problems import batches, clouds, noisy_network, trainer_for

OPTIMIZERS = {
    "sgd": lambda twin, w: twin.optim.SGD(w, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda twin, w: twin.optim.Adam(w, lr=0.01, amsgrad=True),
    "nadam": lambda twin, w: twin.optim.NAdam(w, lr=0.01),
    "rmsprop": lambda twin, w: twin.optim.RMSprop(w, lr=0.01, centered=True, momentum=0.5),
    "adagrad": lambda twin, w: twin.optim.Adagrad(w, lr=0.05, lr_decay=0.01),
    "ranger": lambda twin, w: twin.optim.Ranger(w, lr=0.05),
    "swats": lambda twin, w: twin.optim.SWATS(w, lr=0.01, tolerance=0.5),
}


class Interrupt(Callback):
    """The power fails after an update."""

    order = 1000

    def __init__(self, step: int) -> None:
        self.step = step

    def on_batch_end(self, trainer: Trainer) -> None:
        if trainer.step == self.step:
            raise KeyboardInterrupt


def jitter() -> Any:
    """An augmentation of feature vectors with its own random numbers."""

    class Jitter:
        def __init__(self) -> None:
            self.rng = np.random.default_rng(5)

        def __call__(self, x: Any) -> Any:
            return x + 0.01 * self.rng.normal(size=x.shape)

        def state_dict(self) -> dict[str, Any]:
            return dict(self.rng.bit_generator.state)

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.rng.bit_generator.state = state

    return Jitter()


def make(twin: ModuleType, path: Path, which: str, *extra: Callback, every_steps: int | None = None) -> Trainer:
    model = noisy_network(twin)
    optimizer = OPTIMIZERS[which](twin, model.parameters())
    steps = twin.schedule.SequentialLR(
        optimizer,
        [twin.schedule.LinearLR(optimizer, 0.1, total_iters=4), twin.schedule.MultiStepLR(optimizer, [6, 12], 0.5)],
        [4],
    )
    callbacks = [
        Checkpoint(path, every_steps=every_steps),  # given first: it still comes last
        GradientClipping(max_norm=0.5),
        StopOnExplosion(100.0),
        Schedule(steps, every="batch"),
        EarlyStopping(patience=50),
        UpdateRatio(every=3),
        LayerStatistics(every=4),
        *extra,
    ]
    return Trainer(model, optimizer, twin.nn.CrossEntropyLoss(), {"accuracy": accuracy}, callbacks)


def everything(trainer: Trainer) -> dict[str, Any]:
    """All numbers of a run, as text that shows every bit."""
    array = trainer.backend.array
    by_type = {type(c).__name__: c for c in trainer.callbacks}
    return {
        "weights": {k: array(v).tobytes() for k, v in trainer.backend.copy_state().items()},
        "steps": repr(trainer.history.steps),
        "epochs": repr(trainer.history.epochs),
        "norms": repr(by_type["GradientClipping"].norms),
        "ratios": repr((by_type["UpdateRatio"].steps, by_type["UpdateRatio"].ratios)),
        "statistics": repr((by_type["LayerStatistics"].steps, by_type["LayerStatistics"].gradients)),
        "best": repr((by_type["EarlyStopping"].best, by_type["EarlyStopping"].best_epoch)),
        "random": repr(trainer.backend.rng_state()),
        "rates": repr([group["lr"] for group in trainer.optimizer.param_groups]),
    }


@pytest.mark.parametrize("which", OPTIMIZERS)
@pytest.mark.parametrize(("at", "every_steps"), [(12, None), (13, 1), (13, 4)], ids=["epoch", "same", "earlier"])
def test_the_resumed_run_is_the_same_run(
    twin: ModuleType, tmp_path: Path, which: str, at: int, every_steps: int | None
) -> None:
    validation = Batches(*clouds(40, seed=9), 15, seed=4)

    twin.manual_seed(7)
    whole = make(twin, tmp_path / "whole.safetensors", which, every_steps=every_steps)
    whole.fit(batches(transform=jitter()), 5, Batches(*clouds(40, seed=9), 15, seed=4))

    twin.manual_seed(7)
    path = tmp_path / "run.safetensors"
    first = make(twin, path, which, Interrupt(at), every_steps=every_steps)
    with pytest.raises(KeyboardInterrupt):
        first.fit(batches(transform=jitter()), 5, validation)

    twin.manual_seed(99)
    second = make(twin, path, which, Interrupt(-1), every_steps=every_steps)
    second.fit(batches(transform=jitter()), 5, Batches(*clouds(40, seed=9), 15, seed=4), resume=path)
    assert everything(second) == everything(whole)
    assert second.epoch == 5


def test_batches_may_draw_from_the_library_too(twin: ModuleType, tmp_path: Path) -> None:
    def noise(x: Any) -> Any:
        if twin is dlcourse.torch:
            return x + 0.1 * torch.randn(x.shape).numpy()
        return x + 0.1 * default_generator().normal(size=x.shape)

    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    runs = [make(twin, path, "sgd", Interrupt(at), every_steps=1) for path, at in zip(paths, (-1, 8, -1), strict=True)]
    twin.manual_seed(7)
    runs[0].fit(batches(transform=noise), 3, clouds(30))
    twin.manual_seed(7)
    with pytest.raises(KeyboardInterrupt):
        runs[1].fit(batches(transform=noise), 3, clouds(30))
    runs[2].fit(batches(transform=noise), 3, clouds(30), resume=paths[1])
    assert everything(runs[2]) == everything(runs[0])


def test_hard_examples_known_in_mid_epoch_survive(twin: ModuleType, tmp_path: Path) -> None:
    class Report(Callback):
        def on_batch_end(self, trainer: Trainer) -> None:
            trainer.batches.report(np.full(len(trainer.targets), trainer.cost))

    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    runs = [
        make(twin, path, "sgd", Report(), Interrupt(at), every_steps=1)
        for path, at in zip(paths, (-1, 8, -1), strict=True)
    ]
    orders = [HardExampleBatches(*clouds(), 20, seed=1) for _ in runs]
    twin.manual_seed(7)
    runs[0].fit(orders[0], 4, clouds(30))
    twin.manual_seed(7)
    with pytest.raises(KeyboardInterrupt):
        runs[1].fit(orders[1], 4, clouds(30))
    runs[2].fit(orders[2], 4, clouds(30), resume=paths[1])
    assert everything(runs[2]) == everything(runs[0])
    np.testing.assert_array_equal(orders[2].losses, orders[0].losses)


def test_a_finished_run_can_be_made_longer(twin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    long, short = make(twin, tmp_path / "long.safetensors", "adam"), make(twin, path, "adam")
    twin.manual_seed(1)
    long.fit(batches(), 4, clouds(30))
    twin.manual_seed(1)
    short.fit(batches(), 2, clouds(30))
    again = make(twin, path, "adam")
    again.fit(batches(), 4, clouds(30), resume=path)
    assert everything(again) == everything(long)


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    code = (
        "import os, sys\n"
        "from dlcourse.training import Checkpoint, Callback\n"
        "from dlcourse.training.backend import NumpyBackend\n"
        "from tests.training.problems import TWINS, batches, trainer_for\n"
        "write = NumpyBackend.write_arrays\n"
        "def die(self, path, arrays, metadata):\n"
        "    write(self, path, arrays, metadata)\n"
        "    if len(seen) == 2:\n"
        "        path.write_bytes(path.read_bytes()[:100]); os._exit(9)\n"
        "    seen.append(1)\n"
        "seen = []\n"
        "NumpyBackend.write_arrays = die\n"
        "trainer_for(TWINS[0], Checkpoint(sys.argv[1])).fit(batches(), 5)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 9
    trainer = trainer_for(dlcourse.numpy, Checkpoint(path))
    trainer.fit(batches(), 3, resume=path)
    assert trainer.history["epoch"] == [1, 2, 3]


def test_an_error_while_writing_leaves_the_old_file_and_no_rubbish(
    twin: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "run.safetensors"
    trainer = trainer_for(twin, Checkpoint(path))
    trainer.fit(batches(), 1)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoint_module.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        trainer.fit(batches(), 1)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_other_tools_can_read_the_weights(twin: ModuleType, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    trainer = trainer_for(twin, Checkpoint(tmp_path / "run.safetensors"))
    trainer.fit(batches(), 1)
    arrays = load_file(tmp_path / "run.safetensors")
    for key, value in trainer.backend.copy_state().items():
        np.testing.assert_array_equal(arrays[f"model.{key}"], trainer.backend.array(value))


def test_losses_of_hard_examples_survive(tmp_path: Path) -> None:
    X, y = clouds()
    order, again = HardExampleBatches(X, y, 30, seed=1), HardExampleBatches(X, y, 30, seed=1)
    for _ in order:
        order.report(np.random.default_rng(0).random(30))
    trainer = trainer_for(dlcourse.numpy)
    trainer.batches = order
    save_checkpoint(tmp_path / "a.safetensors", trainer)
    trainer.batches = again
    load_checkpoint(tmp_path / "a.safetensors", trainer)
    for (_, left), (_, right) in zip(order, again, strict=True):
        np.testing.assert_array_equal(left, right)


# ---- refusals ------------------------------------------------------------------------------------


def test_a_missing_file_is_named(twin: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"resume: there is no file .*nothing\.safetensors"):
        trainer_for(twin).fit(batches(), 1, resume=tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all, but long enough", b"\xff" * 64])
def test_a_damaged_file_is_refused(twin: ModuleType, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"resume: .*run\.safetensors is damaged or no safetensors file"):
        trainer_for(twin).fit(batches(), 1, resume=path)


def test_a_cut_file_is_refused(twin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trainer_for(twin, Checkpoint(path)).fit(batches(), 1)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="is damaged or no safetensors file"):
        trainer_for(twin, Checkpoint(path)).fit(batches(), 2, resume=path)


def test_a_safetensors_file_of_something_else_is_refused(twin: ModuleType, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"x": np.ones(3)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="is not a checkpoint of a Trainer in format 1"):
        trainer_for(twin).fit(batches(), 1, resume=tmp_path / "x.safetensors")


def test_a_file_of_the_other_backend_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trainer_for(dlcourse.numpy, Checkpoint(path)).fit(batches(), 1)
    with pytest.raises(ValueError, match="was saved with numpy; this trainer runs on torch"):
        trainer_for(dlcourse.torch, Checkpoint(path)).fit(batches(), 2, resume=path)


def test_a_missing_callback_is_named_and_stateless_ones_may_come_and_go(twin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trainer_for(twin, Checkpoint(path), StopOnExplosion()).fit(batches(), 1)
    with pytest.raises(ValueError, match="holds the state of a callback StopOnExplosion, which this trainer lacks"):
        trainer_for(twin).fit(batches(), 2, resume=path)
    trainer = trainer_for(twin, MaxNorm(3.0), StopOnExplosion(), UpdateRatio())
    assert len(trainer.fit(batches(), 2, resume=path)) == 2


def test_batches_that_cannot_be_repeated_are_refused_in_mid_epoch(twin: ModuleType, tmp_path: Path) -> None:
    trainer = trainer_for(twin, Checkpoint(tmp_path / "run.safetensors", every_steps=2))
    with pytest.raises(ValueError, match=r"Checkpoint: list has no state_dict\(\), so its order cannot be repeated"):
        trainer.fit([clouds(10), clouds(10), clouds(10)], 1)


def test_a_shuffling_data_loader_resumes_at_the_end_of_an_epoch(tmp_path: Path) -> None:
    X, y = clouds()
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))
    path = tmp_path / "run.safetensors"
    costs = []
    for epochs, resume in ((4, None), (2, None), (4, path)):
        torch.manual_seed(3)
        trainer = trainer_for(dlcourse.torch, Checkpoint(path))
        trainer.fit(torch.utils.data.DataLoader(data, 30, shuffle=True), epochs, resume=resume)
        costs.append(trainer.history.step_costs())
    assert costs[0] == costs[2]
    assert costs[0][:6] == costs[1]


@pytest.mark.parametrize(("options", "name"), [({"every": 0}, "every"), ({"every_steps": 0}, "every_steps")])
def test_wrong_numbers_are_named(options: dict[str, int], name: str) -> None:
    with pytest.raises(ValueError, match=f"Checkpoint: {name} must be at least 1, got 0"):
        Checkpoint("x", **options)  # type: ignore[arg-type]


def test_a_log_continues_after_a_resume(twin: ModuleType, tmp_path: Path) -> None:
    path, log = tmp_path / "run.safetensors", tmp_path / "run.jsonl"
    trainer_for(twin, Checkpoint(path), RunLog(log)).fit(batches(), 1)
    trainer_for(twin, Checkpoint(path), RunLog(log)).fit(batches(), 2, resume=path)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["from_step"] for line in lines if line["event"] == "start"] == [0, 5]
    assert [line["step"] for line in lines if line["event"] == "step"] == list(range(1, 11))


# ---- packing -------------------------------------------------------------------------------------


def test_packing_gives_back_what_went_in() -> None:
    value = {
        "numbers": [1, 2.5, float("inf"), None, True, "text"],
        "pair": (0.9, 0.999),
        "by number": {0: {"m": np.arange(3.0)}, 7: {"m": np.ones((2, 2), np.float32)}},
        "counter": Counter({3: 1, 9: 2}),
        "big": 2**120,
        "numpy number": np.int64(4),
        "tensor": torch.ones(2, dtype=torch.bfloat16),
    }
    arrays: dict[str, Any] = {}
    text = json.dumps(pack(value, torch.is_tensor, arrays))
    back = unpack(json.loads(text), arrays)
    assert set(arrays) == {"by number.0.m", "by number.7.m", "tensor"}
    np.testing.assert_array_equal(back["by number"][7]["m"], np.ones((2, 2)))
    assert isinstance(back["counter"], Counter)
    for key in ("numbers", "pair", "counter", "big", "numpy number"):
        assert back[key] == value[key]


def test_packing_names_what_it_cannot_hold() -> None:
    with pytest.raises(
        TypeError, match=r"cannot save a\.0\.b: function is neither a number, text, list, dict nor array"
    ):
        pack({"a": [{"b": test_packing_names_what_it_cannot_hold}]}, torch.is_tensor, {})
