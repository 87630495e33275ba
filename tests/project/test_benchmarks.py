"""The benchmarks measure what they say: every peer takes the same step, every section runs."""

import importlib
import os
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import speed
from benchmarks import speed_report as report
from benchmarks.peers.problem import Problem
from benchmarks.speed_conv import CONVS, working_memory
from benchmarks.speed_report import SECTIONS
from benchmarks.speed_timing import Effort, Timing, growth, measure

PEERS = [
    "dlcourse_numpy",
    "hips_autograd",
    "mygrad_tensors",
    "numpy_by_hand",
    "scalar_engine",
    "sklearn_partial_fit",
    "torch_eager",
    "torch_fused",
]
PROBLEM = Problem(inputs=7, hidden=5, batch=6, classes=3, lr=0.1, dtype="float64")


def three_steps(name, problem):
    network = importlib.import_module(f"benchmarks.peers.{name}").build(problem)
    losses, weights = [], []
    for _ in range(3):
        losses.append(network.step())
        weights.append([np.array(w) for w in network.weights()])
    return losses, weights


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_peers_take_the_same_steps(name, dtype, tolerance):
    problem = Problem(inputs=7, hidden=5, batch=6, classes=3, lr=0.1, dtype=dtype)
    expected_losses, expected = three_steps("numpy_by_hand", PROBLEM)
    losses, weights = three_steps(name, problem)
    np.testing.assert_allclose(losses, expected_losses, rtol=tolerance)
    before = PROBLEM.weights()
    for after, expected_after in zip(weights, expected, strict=True):
        for w, want, start in zip(after, expected_after, before, strict=True):
            assert w.shape == want.shape
            np.testing.assert_allclose(w, want, rtol=0, atol=tolerance)
            assert np.abs(want - start).max() > 1e-3, "the step moved nothing, so it proves nothing"


@pytest.fixture
def threads():
    """The benchmark limits the threads of its process; other tests shall not notice."""
    before = torch.get_num_threads(), {name: os.environ.get(name) for name in speed.THREAD_LIMITS}
    yield
    torch.set_num_threads(before[0])
    for name, value in before[1].items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@pytest.fixture
def nothing_written(monkeypatch):
    def refuse(*args):
        raise AssertionError("a partial run wrote its results")

    monkeypatch.setattr(speed, "write", refuse)


speed.load_sections()


@pytest.mark.parametrize("name", list(SECTIONS))
def test_every_section_runs(name, threads, nothing_written, capsys):
    assert speed.main(["--tiny", "--only", name]) == 0
    printed = capsys.readouterr().out
    assert f"## {SECTIONS[name].title}" in printed
    assert "|---|" in printed
    assert "nan" not in printed


def test_a_section_that_does_not_exist_is_named(threads, capsys):
    with pytest.raises(SystemExit):
        speed.main(["--only", "cnov"])
    assert re.search(r"no section cnov; there are .*conv", capsys.readouterr().err)


def test_a_section_that_fails_is_named_and_the_others_still_run(threads, nothing_written, capsys, monkeypatch):
    def broken(effort):
        raise ValueError("out of paper")

    monkeypatch.setattr(speed, "load_sections", lambda: None)
    monkeypatch.setattr(report, "SECTIONS", {})
    report.section("broken", "A broken one")(broken)
    report.section("sound", "A sound one")(lambda effort: report.Report("all is well"))
    assert speed.main([]) == 1
    printed = capsys.readouterr()
    assert "all is well" in printed.out
    assert "broken failed" in printed.out
    assert "out of paper" in printed.err


def test_a_name_can_be_taken_once():
    with pytest.raises(ValueError, match="'conv' is taken by 'Convolution'"):
        report.section("conv", "Another")(lambda effort: report.Report(""))


def test_results_name_the_machine_the_targets_and_the_verdicts(tmp_path):
    found = report.Report(
        "Some text.",
        [report.at_least("fast", 1.5, 1.7), report.at_most("small", 0.9, 1.0)],
        [report.Figure("picture.png", b"png", "What it shows.")],
    )
    (tmp_path / "RESULTS.md").write_text("an older run")
    speed.write({"conv": found}, 12.3, tmp_path)
    text = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert "| fast | ≥ 1.7 × | 1.50 × | **not met** |" in text
    assert "| small | ≤ 1 × | 0.90 × | met |" in text
    assert "## Convolution\n\nSome text.\n\n![What it shows.](picture.png)" in text
    for fact in (np.__version__, torch.__version__, "OPENBLAS_CORETYPE", "cores", "threads"):
        assert fact in text
    assert {p.name for p in tmp_path.iterdir()} == {"RESULTS.md", "picture.png"}


def test_the_section_on_grading_stays_when_speed_is_measured_again(tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text(report.replace_section("# Speed\n\n## Old\n\nGone.\n", report.GRADING, "First."))
    path.write_text(report.replace_section(path.read_text(), report.GRADING, "Rates."))
    speed.write({"conv": report.Report("Some text.")}, 12.3, tmp_path)
    text = path.read_text("utf-8")
    assert text.endswith("## Convolution\n\nSome text.\n\n## Grading\n\nRates.\n")
    assert "First." not in text
    assert "Gone." not in text
    assert report.replace_section("# A\n\n## Grading\n\nx\n\n## B\n\ny\n", "Grading", "z").endswith("z\n\n## B\n\ny\n")


def test_candidates_take_turns_forwards_and_backwards():
    calls = []
    times = measure({name: lambda name=name: calls.append(name) for name in "abc"}, Effort(rounds=2, seconds=0))
    assert "".join(calls[-12:]) == "aabbccccbbaa"  # each warms up, then is timed
    assert all(len(timing.rounds) == 2 for timing in times.values())


def test_ratios_are_taken_round_by_round():
    slow, fast = Timing(np.array([2.0, 40.0, 6.0])), Timing(np.array([1.0, 10.0, 3.0]))
    assert slow.ratio_to(fast) == 2.0
    assert slow.quartiles_of_ratio_to(fast) == (2.0, 3.0)
    assert slow.median == 6.0


def test_growth_is_the_slope_on_log_axes():
    assert growth([1, 2, 4, 8], [3.0, 12.0, 48.0, 192.0]) == pytest.approx(2.0)


def test_the_verdict_is_about_the_number_that_is_shown():
    assert report.at_most("close", 1.1549, 1.15) == report.Target("close", "≤ 1.15 ×", "1.15 ×", True)
    assert report.at_least("far", 1.194, 1.2) == report.Target("far", "≥ 1.2 ×", "1.19 ×", False)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.5e-6, "1.50 µs"), (142.4e-6, "142 µs"), (3.05e-3, "3.05 ms"), (61.0, "61.0 s"), (0, "0.00 µs")],
)
def test_durations_have_three_digits(seconds, text):
    assert report.duration(seconds) == text


def test_the_memory_of_a_convolution_does_not_grow_with_the_batch():
    few, many = (max(working_memory(replace(CONVS[0], images=n))) for n in (2, 16))
    assert many < 1.1 * few
    assert few > CONVS[0].im2col_bytes(), "less than one im2col: the measurement misses something"
