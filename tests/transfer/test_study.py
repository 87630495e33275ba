"""The stored measurements are complete, belong to the shipped weights, and can be measured again."""

import json

import numpy as np
import pytest

from benchmarks import transfer as script
from dlcourse.models import zoo
from dlcourse.transfer import Measured, conditions, results
from dlcourse.transfer.results import FILE
from dlcourse.transfer.study import EXPERIMENTS, run


def test_the_measurements_belong_to_the_weights_that_come_with_the_course():
    assert conditions()["weights"] == {name: zoo.card(name).sha256 for name in zoo.names()}
    assert conditions()["seeds"] >= 5
    assert {"torch", "numpy", "scikit-learn"} <= set(conditions()["versions"])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_case_of_the_study_is_there_with_every_seed(name):
    found = results(name)
    assert {(task, labels) for task, _, labels in found} == {(t, n) for t, _, n in EXPERIMENTS[name].cases}
    for key, measured in found.items():
        assert len(measured.values) == conditions()["seeds"], key
        assert all(0 <= value <= 100 for value in measured.values), key
    named = {(task, case, labels) for task, case, labels in EXPERIMENTS[name].cases}
    if name in ("labels", "table", "shuffled", "batches"):
        assert set(found) == named


def test_the_file_is_small_and_read_as_it_is_written(tmp_path, monkeypatch):
    assert FILE.stat().st_size < 60_000
    monkeypatch.setattr(script, "FILE", tmp_path / "results.json")
    monkeypatch.setattr(script, "SEEDS", range(2))
    done = {job: {"fine": 50.0 + job[-1]} for job in script.all_jobs(["batches"])}
    script.write(["batches"], done)
    script.write(["stages"], {job: {"other": 10.0} for job in script.all_jobs(["stages"])})  # the rest is kept
    stored = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert set(stored["experiments"]) == {"batches", "stages"}
    assert stored["experiments"]["batches"][0] == {
        "task": "digits",
        "case": "fine",
        "labels": 50,
        "percent": [50.0, 51.0, 50.0, 51.0],
    }


def test_an_interrupted_run_goes_on_with_what_is_left(tmp_path):
    job = script.all_jobs(["stages"])[0]
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps([job, {"stem": 20.0}]) + '\n["stages", "textures", "pa')
    assert script.finished(path) == {job: {"stem": 20.0}}
    assert script.finished(tmp_path / "none") == {}


def test_mean_and_deviation_are_over_the_seeds():
    measured = Measured((90.0, 92.0, 97.0))
    assert measured.mean == 93
    assert np.isclose(measured.deviation, np.std(measured.values, ddof=1))
    assert str(measured) == "93.0 ± 3.6"
    with pytest.raises(ValueError, match="there is no experiment 'lables', expected one of batches"):
        results("lables")


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("case", ["1-NN on pixels", "linear on pixels", "linear probe", "linear probe, random weights"])
def test_what_trains_no_network_is_measured_again_and_agrees(case, seed):
    (measured,) = run("labels", "digits", case, 50, seed).values()
    assert abs(measured - results("labels")["digits", case, 50].values[seed]) < 1.3  # ten of 797 images


@pytest.mark.parametrize("seed", [0])
def test_a_fine_tuned_network_is_measured_again_within_the_spread(seed):
    stored = results("labels")["digits", "fine-tune last block", 50]
    (measured,) = run("labels", "digits", "fine-tune last block", 50, seed).values()
    assert abs(measured - stored.values[seed]) < 3


@pytest.mark.proof
@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_experiment_is_measured_again_within_the_spread(name):
    task, case, labels = EXPERIMENTS[name].cases[-1]
    for what, percent in run(name, task, case, labels, seed=1).items():
        stored = results(name)[task, what, labels]
        room = 25 if "errors" in what or "threes" in what else 4  # a percentage of few images
        assert abs(percent - stored.values[1]) < room + 3 * stored.deviation, what


def test_what_is_not_part_of_the_study_is_refused():
    for wrong in (
        ("labels", "digits", "magic", 50),
        ("label", "digits", "scratch", 50),
        ("labels", "digits", "scratch", 51),
    ):
        with pytest.raises(ValueError, match="the study has no"):
            run(*wrong, seed=0)
