"""The GPU check, as far as a machine without a GPU can tell: it compares twins on any device and finds differences."""

import numpy as np
import pytest
import torch

import dlcourse.torch
from benchmarks import cuda
from tests.parity.table import ROWS


def rows(*ids):
    found = [row for row in ROWS if str(row) in ids]
    assert len(found) == len(ids)
    return found


@pytest.mark.parametrize("dtype", list(cuda.TOLERANCES))
def test_twins_agree(dtype):
    chosen = rows("nn.Linear", "functional.conv2d", "nn.BatchNorm2d", "functional.gelu", "functional.maxout")
    outcomes = cuda.parity("cpu", dtype, chosen)
    assert len(outcomes) == len(chosen)
    assert all(o.passed(cuda.TOLERANCES[dtype]) for o in outcomes), outcomes
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(("dtype", "wrong"), [("float64", 1e-9), ("float32", 1e-3), ("bfloat16", 0.5)])
def test_a_twin_that_differs_is_found(dtype, wrong, monkeypatch):
    right = dlcourse.torch.functional.maxout
    monkeypatch.setattr(dlcourse.torch.functional, "maxout", lambda *a, **k: right(*a, **k) * (1 + wrong))
    (outcome,) = cuda.parity("cpu", dtype, rows("functional.maxout"))
    assert not outcome.passed(cuda.TOLERANCES[dtype])
    assert outcome.difference == pytest.approx(wrong, rel=0.6)


def test_a_row_that_does_not_run_is_reported(monkeypatch, capsys):
    def refuse(*args, **options):
        raise RuntimeError("not implemented for 'Half'")

    monkeypatch.setattr(dlcourse.torch.functional, "maxout", refuse)
    outcomes = cuda.parity("cpu", "float32", rows("functional.maxout"))
    assert cuda.failures({"float32": outcomes}) == [
        "Rows that do not agree:\n\n- float32, functional.maxout: RuntimeError: not implemented for 'Half'"
    ]


def test_optimizers_run_in_float64_only():
    lookahead = next(row for row in ROWS if row.name == "optim.Lookahead")
    assert cuda.parity("cpu", "float32", [lookahead]) == []
    (outcome,) = cuda.parity("cpu", "float64", [lookahead])
    assert outcome.passed(cuda.TOLERANCES["float64"])


def test_distance_is_infinite_where_shapes_or_infinities_differ():
    assert cuda.distance(np.zeros(2), np.zeros(3)) == np.inf
    assert cuda.distance([1.0, np.inf], [1.0, 2.0]) == np.inf
    assert cuda.distance([1.0, np.inf, np.nan], [1.5, np.inf, np.nan]) == 0.5
    assert cuda.distance([np.nan], [1.0]) == np.inf


@pytest.mark.parametrize("mixed", [False, True])
def test_a_training_step_of_the_resnet_lowers_the_loss(mixed):
    step = cuda.training_step("cpu", batch=4, mixed=mixed)
    losses = [step() for _ in range(4)]
    assert losses[-1] < losses[0]


def test_the_report_names_device_date_and_failures(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    outcomes = {"float32": [cuda.Outcome("nn.Linear", 2e-7), cuda.Outcome("nn.Maxout", 0.3)]}
    text = cuda.report(outcomes, {"CPU, float32": 1.0, "GPU, float32": 0.05})
    assert "Some GPU" in text
    assert "| float32 | 2 | 1 | 1e-04 |" in text
    assert "- float32, nn.Maxout: difference 3.0e-01" in text
    assert "| GPU, float32 | 50.0 ms | 20.0 |" in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_the_command_says_so(capsys, monkeypatch):
    monkeypatch.setattr(cuda, "parity", lambda *args: pytest.fail("it measured"))
    assert cuda.main() == 0
    assert "No GPU" in capsys.readouterr().out
