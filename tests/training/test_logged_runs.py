"""A folder of run logs, read as the runs of a search."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from dlcourse.training import Callback, RunLog, Trainer, read_runs, read_space, save_space
from dlcourse.training.search import Choice, IntUniform, LogUniform, OneMinusLogUniform, Uniform
from tests.training.problems import batches, clouds, trainer_for


def test_runs_come_back_with_configuration_curve_and_end(twin: ModuleType, tmp_path: Path) -> None:
    for number, lr in enumerate((0.1, 0.3)):
        log = RunLog(tmp_path / f"{number}.jsonl", configuration={"lr": lr, "width": 6})
        trainer_for(twin, log).fit(batches(), 2, clouds(20))
    first, second = read_runs(tmp_path)
    assert (first.name, first.configuration, second.configuration["lr"]) == ("0", {"lr": 0.1, "width": 6}, 0.3)
    assert first.ended
    assert first.reason is None
    assert first.curve("val_cost") == [epoch["val_cost"] for epoch in first.epochs]
    assert [epoch["epoch"] for epoch in first.epochs] == [1, 2]
    assert first.curve("unheard of") == [None, None]


def test_a_run_is_read_while_it_runs(twin: ModuleType, tmp_path: Path) -> None:
    seen = []

    class Look(Callback):
        order = 10

        def on_epoch_end(self, trainer: Trainer) -> None:
            run = read_runs(tmp_path)[0]
            seen.append((len(run.epochs), run.ended))

    (tmp_path / "empty.jsonl").touch()
    trainer_for(twin, RunLog(tmp_path / "a.jsonl"), Look()).fit(batches(), 3)
    assert seen == [(1, False), (2, False), (3, False)]
    assert [run.name for run in read_runs(tmp_path)] == ["a"]


def test_a_resumed_run_keeps_only_the_epochs_that_it_continues(tmp_path: Path) -> None:
    lines = [
        {"event": "start", "date": "2024-01-01T00:00:00+00:00", "from_step": 0, "configuration": {"lr": 0.1}},
        {"event": "epoch", "epoch": 1, "step": 5, "val_cost": 2.0},
        {"event": "epoch", "epoch": 2, "step": 10, "val_cost": 9.0},  # after the checkpoint: made anew
        {"event": "start", "date": "2024-01-01T01:00:00+00:00", "from_step": 5, "configuration": {"lr": 0.1}},
        {"event": "epoch", "epoch": 2, "step": 10, "val_cost": 1.0},
        {"event": "end", "reason": "stopped by hand"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = read_runs(tmp_path)[0]
    assert run.curve("val_cost") == [2.0, 1.0]
    assert run.reason == "stopped by hand"


def test_the_order_is_that_of_the_beginnings(tmp_path: Path) -> None:
    for name, hour in (("z", 1), ("a", 2)):
        start = {"event": "start", "date": f"2024-01-01T0{hour}:00:00+00:00", "from_step": 0}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(start) + "\n")
    runs = read_runs(tmp_path)
    assert [run.name for run in runs] == ["z", "a"]
    assert not runs[0].ended
    assert runs[0].configuration == {}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"read_runs: there is no folder '.*nowhere'"):
        read_runs(tmp_path / "nowhere")


def test_ranges_survive(tmp_path: Path) -> None:
    space = {
        "lr": LogUniform(1e-5, 0.1),
        "momentum": OneMinusLogUniform(0.5, 0.99),
        "dropout": Uniform(0, 0.5),
        "width": IntUniform(8, 64),
        "activation": Choice(["relu", "tanh"]),
    }
    assert read_space(tmp_path) is None
    save_space(tmp_path / "new", space)
    back = read_space(tmp_path / "new")
    assert back is not None
    assert {name: repr(value) for name, value in back.items()} == {name: repr(value) for name, value in space.items()}
    with pytest.raises(TypeError, match="save_space: got a float, expected a distribution"):
        save_space(tmp_path, {"lr": 0.1})  # type: ignore[dict-item]
