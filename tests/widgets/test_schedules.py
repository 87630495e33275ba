"""The schedule explorer: its rates against torch, its bugs by their signatures, its code, words and export."""

import contextlib
import io
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.schedule_run import BATCHES, EPOCHS, KINDS, WARM_UP, Setting, kind_of, train
from dlcourse.widgets.schedules import BUGS, DECADES, ScheduleExplorer

UPDATES = EPOCHS * BATCHES
COUNTED = [kind for kind in KINDS if kind not in ("plateau", "one-cycle", "inverse")]  # in epochs, and known to torch


def in_torch(setting):
    """The rate of every epoch, from torch's own classes."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=setting.rate)
    name, options = kind_of(setting)
    schedule = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    if setting.warm_up:
        warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=WARM_UP)
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, schedule], milestones=[WARM_UP])
    rates = []
    for _ in range(EPOCHS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return np.array(rates)


@pytest.mark.parametrize("warm_up", [False, True])
@pytest.mark.parametrize("kind", COUNTED)
def test_the_rates_of_a_run_are_torchs(kind, warm_up):
    setting = Setting(kind, warm_up)
    np.testing.assert_allclose(train(setting).rates, np.repeat(in_torch(setting), BATCHES), rtol=1e-12, atol=1e-15)


def test_one_cycle_goes_up_once_and_far_down():
    rates = train(Setting("one-cycle", rate=0.3)).rates
    top = int(rates.argmax())
    assert rates[0] == pytest.approx(0.3 / 25)
    assert rates.max() == pytest.approx(0.3, rel=1e-3)
    assert all(a < b for a, b in pairwise(rates[: top + 1]))
    assert all(a > b for a, b in pairwise(rates[top:]))
    assert rates[-1] < 1e-4
    assert 0.25 < top / UPDATES < 0.35


def test_plateau_falls_only_after_epochs_without_improvement():
    run = train(Setting("plateau", rate=0.3))
    each_epoch = run.rates[::BATCHES]
    best, bad, rate = np.inf, 0, 0.3
    for epoch in range(EPOCHS):
        assert each_epoch[epoch] == pytest.approx(rate)
        if run.val_cost[epoch + 1] < best * (1 - 1e-4):
            best, bad = run.val_cost[epoch + 1], 0
        else:
            bad += 1
        if bad > 1:
            rate, bad = 0.3 * rate, 0
    assert each_epoch[-1] < 0.3


def test_inverse_is_its_formula():
    rates = train(Setting("inverse", rate=0.2)).rates[::BATCHES]
    np.testing.assert_allclose(rates, 0.2 / (1 + 0.5 * np.arange(EPOCHS)), rtol=1e-12)


def test_a_wrong_unit_falls_too_soon_and_one_cycle_never_rises():
    wrong = train(Setting("step", bug="unit")).rates
    np.testing.assert_allclose(wrong, 0.2 * 0.3 ** (np.arange(UPDATES) // 4), rtol=1e-9)
    assert train(Setting("one-cycle", bug="unit")).rates.max() < 0.05
    cosine = train(Setting("cosine", bug="unit")).rates
    assert (np.diff(np.sign(np.diff(cosine))) != 0).sum() > 10  # up and down, again and again


@pytest.mark.parametrize("kind", ["step", "multi-step", "exponential", "inverse", "cosine", "restarts"])
def test_one_step_early_is_the_right_list_without_its_first_rate(kind):
    right, early = (train(Setting(kind, bug=bug)).rates[::BATCHES] for bug in ("none", "early"))
    np.testing.assert_allclose(early[:-1], right[1:], rtol=1e-12)


@pytest.mark.parametrize("kind", ["step", "exponential", "cosine"])
def test_compounding_multiplies_all_factors(kind):
    right, wrong = (train(Setting(kind, bug=bug)).rates[::BATCHES] for bug in ("none", "compound"))
    np.testing.assert_allclose(wrong, 0.2 * np.cumprod(right / 0.2), rtol=1e-9)


@pytest.mark.parametrize("warm_up", [False, True])
@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("kind", ["step", "cosine", "one-cycle", "plateau"])
def test_the_code_cell_repeats_the_run(kind, bug, warm_up):
    explorer = ScheduleExplorer(kind=kind, bug=bug, warm_up=warm_up)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    rate, cost = (float(value) for value in re.findall(r" = (\S+)$", out.getvalue(), re.MULTILINE))
    run = train(Setting(kind, warm_up, 0.3, bug))
    assert rate == pytest.approx(run.rates[-1], rel=1e-5, abs=1e-12)
    assert cost == pytest.approx(run.val_cost[-1], rel=1e-4)


def test_the_axes_show_the_rates():
    linear, log = (
        ScheduleExplorer(kind="exponential", axis=axis).result["picture"]["rate"] for axis in ("linear", "log")
    )
    expected = np.repeat(0.3 * 0.75 ** np.arange(EPOCHS), BATCHES)
    for chart, values in ((linear, expected), (log, np.log10(expected))):
        drawn = np.frombuffer(chart["curves"][1]["values"]["float32"], "<f4")
        np.testing.assert_allclose(drawn, values, rtol=1e-5)
        assert all(chart["low"] <= tick <= chart["high"] for tick in chart["ticks"])
        assert len(chart["ticks"]) == len(chart["labels"])
    tiny = ScheduleExplorer(kind="step", bug="unit", axis="log").result["picture"]["rate"]
    assert np.frombuffer(tiny["curves"][1]["values"]["float32"], "<f4").min() == pytest.approx(np.log10(0.3) - DECADES)


def test_words():
    text = ScheduleExplorer(kind="step").result["texts"][0]
    assert text.startswith("The rate starts at 0.3, is 0.3 at its highest, and ends at 0.027")
    assert "with the constant rate 0.3" in text
    wrong = ScheduleExplorer(kind="step", bug="unit").result["texts"][0].splitlines()
    assert "step as it should be" in wrong[1]
    assert wrong[2] == (
        "The schedule counts epochs and is stepped after every batch: everything comes too soon. "
        f"First wrong in update 5 of {UPDATES}."
    )
    early = ScheduleExplorer(kind="step", bug="early").result["texts"][0]
    assert f"First wrong in update {3 * BATCHES + 1} of" in early
    assert "changes no rate" in ScheduleExplorer(kind="constant", bug="early").result["texts"][0]
    assert "its own warm-up" in ScheduleExplorer(kind="one-cycle", warm_up=True).result["texts"][0]


def test_decay_helps_the_run_at_a_high_rate():
    constant = train(Setting("constant", rate=0.3)).val_cost[-1]
    assert all(train(Setting(kind, rate=0.3)).val_cost[-1] < 0.7 * constant for kind in ("step", "cosine", "one-cycle"))


def test_state_and_stored_picture():
    explorer = ScheduleExplorer(kind="cosine", warm_up=True, bug="early", axis="log", rate="0.1")
    assert dict(ScheduleExplorer.from_state(explorer.state).values) == dict(explorer.values)
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 200_000
    assert metadata["image/png"]["alt"].startswith(
        "Schedule: warm-up, then cosine, at most 0.1, bug: one step early. The rate starts at"
    )


def test_the_readers_random_numbers_are_left_alone():
    dl.manual_seed(5)
    expected = dl.to_numpy(dl.nn.Linear(2, 2).weight)
    dl.manual_seed(5)
    train(Setting("inverse", rate=0.07))
    np.testing.assert_array_equal(dl.to_numpy(dl.nn.Linear(2, 2).weight), expected)


def test_the_export_holds_every_table_and_is_small(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(ScheduleExplorer().recipe())) < 0.8 * LIMIT
