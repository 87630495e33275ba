"""Run logs, trackers and the progress bar."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import dlcourse.torch
from dlcourse.training import (
    Callback,
    ProgressBar,
    RunLog,
    StopOnExplosion,
    TensorBoardLog,
    Trainer,
    WandbLog,
    read_run_log,
)
from tests.training.problems import batches, clouds, trainer_for


def test_a_run_log_holds_the_run(twin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "a.jsonl"
    trainer = trainer_for(twin, RunLog(path, every=2, note="first try"))
    trainer.fit(batches(), 2, clouds(20))
    lines = read_run_log(path)
    assert [line["event"] for line in lines] == ["start", *["step"] * 2, "epoch", *["step"] * 3, "epoch", "end"]
    start, end = lines[0], lines[-1]
    assert start["model"] == "Sequential"
    assert (start["backend"], start["note"], start["optimizer"]) == (trainer.backend.name, "first try", "SGD")
    assert (start["parameters"], start["epochs"], start["from_step"]) == (4 * 6 + 6 + 6 * 3 + 3, 2, 0)
    assert [line["step"] for line in lines if line["event"] == "step"] == [2, 4, 6, 8, 10]
    assert [line["cost"] for line in lines if line["event"] == "step"] == trainer.history.step_costs()[1::2]
    assert [line["val_cost"] for line in lines if line["event"] == "epoch"] == trainer.history["val_cost"]
    assert (end["step"], end["epoch"], end["reason"]) == (10, 2, None)
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)


def test_every_line_is_there_at_once_and_a_torn_one_is_left_out(twin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    counts = []

    class Look(Callback):
        order = 10

        def on_backward(self, trainer: Trainer) -> None:
            counts.append(len(read_run_log(path)))

    trainer_for(twin, RunLog(path), Look()).fit(batches(), 1)
    assert counts == [2, 3, 4, 5, 6]
    whole = len(read_run_log(path))
    with path.open("a") as file:
        file.write('{"event": "st')
    assert len(read_run_log(path)) == whole


def test_an_explosion_is_valid_json_with_its_reason(twin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    trainer = trainer_for(twin, RunLog(path), StopOnExplosion())
    X, y = clouds(10)
    X[0] = float("nan")
    trainer.fit([(X, y)], 1)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    lines = [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]
    assert lines[1]["cost"] is None
    assert lines[-1]["reason"] == trainer.stopped
    assert "the input" in lines[-1]["reason"]


def test_run_log_refuses_a_wrong_number() -> None:
    with pytest.raises(ValueError, match="RunLog: every must be at least 1, got 0"):
        RunLog("x", every=0)


def test_the_progress_bar_shows_updates_results_and_the_reason(
    twin: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    trainer_for(twin, ProgressBar()).fit(batches(), 2)
    shown = capsys.readouterr().err
    assert "10/10" in shown
    assert "epoch=2, cost=" in shown
    X, y = clouds(10)
    X[0] = float("nan")
    trainer_for(twin, StopOnExplosion(), ProgressBar()).fit([(X, y)], 1)
    assert "stopped: the cost is nan at epoch 1, update 1" in capsys.readouterr().err


def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing import event_accumulator

    trainer = trainer_for(dlcourse.torch, TensorBoardLog(tmp_path))
    trainer.fit(batches(), 2, clouds(20))
    reader = event_accumulator.EventAccumulator(str(tmp_path))
    reader.Reload()
    costs = reader.Scalars("step/cost")
    assert [event.step for event in costs] == list(range(1, 11))
    assert [event.value for event in costs] == pytest.approx(trainer.history.step_costs(), rel=1e-6)
    assert [event.value for event in reader.Scalars("epoch/val_cost")] == pytest.approx(trainer.history["val_cost"])


def test_wandb_gets_the_run_through_its_own_library(twin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    class Run:
        def __init__(self, **options: Any) -> None:
            calls.append(("init", options))
            self.summary: dict[str, Any] = {}

        def log(self, values: dict[str, float], step: int) -> None:
            calls.append((step, values))

        def finish(self) -> None:
            calls.append(("finish", self.summary))

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=Run))  # type: ignore[arg-type]
    trainer = trainer_for(twin, WandbLog(project="digits", mode="offline"))
    trainer.fit(batches(), 1)
    assert calls[0] == ("init", {"project": "digits", "mode": "offline"})
    assert calls[1] == (1, {"step/cost": trainer.history.step_costs()[0], "step/lr": 0.1})
    assert calls[-2][0] == 5
    assert calls[-2][1]["epoch/cost"] == trainer.history["cost"][0]
    assert calls[-1] == ("finish", {"stopped": None})


@pytest.mark.parametrize(
    ("missing", "make", "words"),
    [
        ("torch.utils.tensorboard", lambda: TensorBoardLog("x"), "TensorBoardLog needs .*: pip install tensorboard"),
        ("wandb", WandbLog, "WandbLog needs the package wandb: pip install wandb"),
    ],
)
def test_a_missing_library_is_named(missing: str, make: Any, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == missing:
            raise ImportError(f"no module named {name}")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=words):
        make()
