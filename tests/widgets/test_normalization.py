"""The normalisation explorer: its numbers against torch, the axes, its words, code, bug and export."""

import contextlib
import io
import re

import numpy as np
import pytest
import torch

from dlcourse.widgets import NormalizationExplorer
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.normalization import EDGE, SHOWN, VIEWS, heights
from dlcourse.widgets.normalization_run import (
    CHANNELS,
    EPS,
    FEATURES,
    GROUPS,
    IMAGES,
    LENGTH,
    STEPS,
    block,
    collect,
    epoch,
    evaluate,
    features,
    noise,
    normalised,
    sets,
)

SIZES = (1, 2, 4, 8, 32, 128)
several = pytest.mark.parametrize("size", SIZES[1:])
axes_views = pytest.mark.parametrize("norm", ["batch", "layer", "instance", "group"])


def picture(**values):
    return NormalizationExplorer(**values).compute(
        **{c.name: NormalizationExplorer(**values).values[c.name] for c in NormalizationExplorer.controls[:-1]}
    )


def texts(**values):
    return NormalizationExplorer(**values).result["texts"]


def batches_of(size):
    rng = np.random.default_rng(1)
    return [torch.tensor(features()[rng.choice(IMAGES, size, replace=False)]) for _ in range(STEPS)]


@several
@pytest.mark.parametrize("momentum", [0.1, 0.9])
def test_running_statistics_are_torchs(size, momentum):
    layer, kept = torch.nn.BatchNorm1d(FEATURES, momentum=momentum).double(), collect(size, momentum, False)
    assert not kept.mean[0].any()
    assert (kept.var[0] == 1).all()
    for step, batch in enumerate(batches_of(size)):
        layer(batch)
        np.testing.assert_allclose(kept.batch_mean[step], batch.mean(dim=0), rtol=1e-12)
        np.testing.assert_allclose(kept.batch_var[step], batch.var(dim=0), rtol=1e-12)
        np.testing.assert_allclose(kept.mean[step + 1], layer.running_mean, rtol=1e-12)
        np.testing.assert_allclose(kept.var[step + 1], layer.running_var, rtol=1e-12)
    with torch.no_grad():
        expected = layer.eval()(torch.tensor(features()))
    np.testing.assert_allclose(evaluate(kept.mean[-1], kept.var[-1]), expected, rtol=1e-9, atol=1e-12)


@several
def test_train_mode_is_torchs_batch_after_batch(size):
    layer = torch.nn.BatchNorm1d(FEATURES).double()
    with torch.no_grad():
        expected = torch.cat([layer(batch) for batch in torch.tensor(features()).split(size)])
    np.testing.assert_allclose(epoch(size), expected, rtol=1e-9, atol=1e-12)


def test_one_image_is_refused_by_torch_gives_zero_and_moves_nothing():
    with pytest.raises(ValueError, match="more than 1 value"):
        torch.nn.BatchNorm1d(FEATURES).double()(torch.tensor(features()[:1]))
    kept = collect(1, 0.1, False)
    assert not epoch(1).any()
    assert not kept.mean.any()
    assert (kept.var == 1).all()
    assert np.isnan(kept.batch_var).all()


@pytest.mark.parametrize("size", SIZES)
def test_the_bug_remembers_the_biased_variance_and_the_right_mean(size):
    kept, mean, var = collect(size, 0.1, True), np.zeros(FEATURES), np.ones(FEATURES)
    for step, batch in enumerate(batches_of(size)):
        mean = 0.9 * mean + 0.1 * batch.mean(dim=0).numpy()
        var = 0.9 * var + 0.1 * batch.var(dim=0, correction=0).numpy()
        np.testing.assert_allclose(kept.mean[step + 1], mean, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(kept.var[step + 1], var, rtol=1e-12, atol=1e-15)
    if size > 1:
        right = collect(size, 0.1, False)
        left = 0.9**STEPS  # of the start, which both share
        np.testing.assert_allclose(kept.var[-1] - left, (right.var[-1] - left) * (size - 1) / size, rtol=1e-9)


def test_larger_batches_are_less_noisy_and_about_as_the_root_law_says():
    means, variances = zip(*(noise(size) for size in SIZES))
    assert list(means) == sorted(means, reverse=True)
    assert all(abs(mean * size**0.5 - 1) < 0.15 for mean, size in zip(means, SIZES))
    assert np.isnan(variances[0])
    assert list(variances[1:]) == sorted(variances[1:], reverse=True)


@axes_views
@pytest.mark.parametrize("size", [1, 4, 32])
def test_the_axes_are_torchs_and_the_sets_are_whom_they_average(norm, size):
    x = torch.tensor(block(size))
    layer = {
        "batch": torch.nn.BatchNorm1d(CHANNELS),
        "layer": torch.nn.LayerNorm((CHANNELS, LENGTH)),
        "instance": torch.nn.InstanceNorm1d(CHANNELS),
        "group": torch.nn.GroupNorm(GROUPS, CHANNELS),
    }[norm].double()
    with torch.no_grad():
        expected = layer(x).numpy()
    np.testing.assert_allclose(normalised(norm, size), expected, rtol=1e-9, atol=1e-12)
    members = sets(norm, size)
    for cells in members:
        values = block(size)[cells]
        np.testing.assert_allclose(
            expected[cells], (values - values.mean()) / np.sqrt(values.var() + EPS), rtol=1e-9, atol=1e-12
        )
    assert (members[:, : min(size, 4)].sum(axis=0) == 1).all()  # each drawn cell is in one set


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_frames_show_what_was_computed(mode):
    result = picture(batch="8", mode=mode)
    kept = collect(8, 0.1, False)
    assert [frame["step"] for frame in result["frames"]] == SHOWN
    for place in (0, 5, len(SHOWN) - 1):
        y = epoch(8) if mode == "train" else evaluate(kept.mean[SHOWN[place]], kept.var[SHOWN[place]])
        assert np.array_equal(result["after"][place if mode == "eval" else 0], heights(y))
        mean, spread = (float(part.replace("−", "-")) for part in result["frames"][place]["words"][0].split(" ± "))
        assert (mean, spread) == pytest.approx((y[:, 0].mean(), y[:, 0].std()), abs=0.0051)
    for place, chart in enumerate(result["charts"]):
        assert np.array_equal(chart["mean"]["running"], kept.mean[:, place])
        assert np.array_equal(chart["variance"]["batch"], kept.batch_var[:, place])
        assert chart["mean"]["low"] < chart["mean"]["all"] < chart["mean"]["high"]


def test_histograms_count_every_image_and_put_the_far_ones_into_the_last_bars():
    values = np.array([[-100.0, 0.1, EDGE]] * 3 + [[0.1, 0.1, 0.1]])
    bars = heights(values)
    assert bars[0, 0] == 1
    assert bars[0].sum() == pytest.approx(4 / 3)
    assert bars[2, -1] == 1
    assert bars[1].sum() == 1


def test_gamma_and_beta_undo_it_for_the_statistics_of_all_images_and_nearly_in_eval():
    X = features()
    undone = np.sqrt(X.var(axis=0) + EPS) * evaluate(X.mean(axis=0), X.var(axis=0)) + X.mean(axis=0)
    np.testing.assert_allclose(undone, X, rtol=1e-9, atol=1e-12)
    away = [
        float(re.search(r"y is ([\d.]+) standard", text)[1]) for text in texts(batch="128", gamma="undo", mode="eval")
    ]
    assert away[0] > 10 * away[-1] > 0
    assert "y is 1.00 standard deviations from x" in texts(batch="1", gamma="undo")[0]


def test_the_words_tell_outcome_noise_and_memory():
    train = texts(batch="2")
    assert train[3].startswith("Train mode, batches of 2: y has mean 0.00, 0.00 and 0.00 and standard deviation 1.00,")
    assert "Remembered after 3 batches: 72.9 % of the start" in train[3]
    assert "(1/√N = 0.71)" in train[3]
    assert len(set(train)) == len(SHOWN)
    assert "less than 0.01 % of the start" in texts(momentum="0.9")[-1]
    assert texts(mode="eval")[0].startswith("Eval mode after 0 batches of 128: y has mean −1.44,")


def test_a_batch_of_one_is_told_as_it_is():
    alone = texts(batch="1")
    assert "y is all zeros; torch and dlcourse refuse it" in alone[0]
    assert "5 of 5 batches refused" in alone[5]
    assert "β for every image" in texts(batch="1", gamma="undo")[0]
    assert "biased variance of one image is 0" in texts(batch="1", biased=True, mode="eval")[4]


def test_the_bug_is_told_with_its_share():
    assert "(N − 1)/N = 75 % of the true" in texts(batch="4", biased=True)[2]
    assert texts(batch="4", biased=True)[2].endswith("stretches y by 1.155.")
    assert "Bug" not in texts(batch="4")[2]


@axes_views
def test_the_axes_in_words_and_their_example(norm):
    said = texts(view=norm, batch="2")
    total = {"batch": 6, "layer": 2, "instance": 12, "group": 4}[norm]
    assert len(said) == total == len(set(said))
    for place, text in enumerate(said):
        values = block(2)[sets(norm, 2)[place]]
        assert f"mean {place + 1} of {total}:" in text
        assert f"{values.size} numbers with mean {values.mean():.2f} and variance {values.var():.2f}" in text
        x, mean, var, y = re.search(r"\((\d) − ([\d.]+)\)/√\(([\d.]+) \+ ε\) = (−?[\d.]+),", text).groups()
        assert float(y.replace("−", "-")) == pytest.approx((float(x) - float(mean)) / float(var) ** 0.5, abs=0.012)
    assert (said == texts(view=norm, batch="2", mode="eval")) == (norm != "batch")


def test_sets_are_named():
    names = {view: [frame["name"] for frame in picture(view=view, batch="2")["frames"]] for view in list(VIEWS)[1:]}
    assert names["batch"][4] == "channel 5 of all 2 images"
    assert names["layer"] == ["all channels of image 1", "all channels of image 2"]
    assert names["instance"][10] == "channel 5 of image 2"
    assert names["group"][3] == "channels 4 to 6 of image 2"


def test_prediction_asks_for_the_standard_deviation():
    explorer = NormalizationExplorer(predict=True, batch="4", mode="eval", biased=True)
    kept = collect(4, 0.1, True)
    for place in (0, 6, len(SHOWN) - 1):
        spread = evaluate(kept.mean[SHOWN[place]], kept.var[SHOWN[place]])[:, -1].std()
        question = explorer.result["questions"][place]
        assert question["low"] < spread < question["high"]
        assert float(question["answer"]) == pytest.approx(spread, abs=0.0051)
        assert f"after {SHOWN[place]} batches of 4" in question["text"]


def test_prediction_of_the_axes_asks_for_a_count():
    for view, answer in (("batch", 32), ("layer", 24), ("instance", 4), ("group", 12)):
        question = NormalizationExplorer(predict=True, view=view, batch="8").result["questions"][0]
        assert (question["low"], question["answer"], question["high"]) == (answer, str(answer), answer)
    assert NormalizationExplorer(predict=True, view="batch", mode="eval").result["questions"] == [None] * CHANNELS


def run_code(**values):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(NormalizationExplorer(**values).result["code"], {})
    return out.getvalue()


@pytest.mark.parametrize(
    "values",
    [
        {"batch": "8"},
        {"batch": "4", "mode": "eval", "biased": True, "gamma": "undo"},
        {"batch": "1"},
        {"batch": "1", "mode": "eval", "biased": True},
        {"batch": "32", "momentum": "0.9", "mode": "eval"},
    ],
)
def test_the_code_cell_prints_the_numbers_of_the_words(values):
    printed = run_code(**values)
    kept = collect(int(values["batch"]), float(values.get("momentum", "0.1")), values.get("biased", False))
    mean, var, y_mean, y_std = (
        np.array(numbers.split(), float)
        for numbers in re.findall(r"\[([^\]]*)\]", printed[printed.index("running mean") :])
    )
    np.testing.assert_allclose(mean, kept.mean[-1], atol=6e-5)
    np.testing.assert_allclose(var, kept.var[-1], atol=6e-5)
    headline = texts(**values)[-1]
    shown = NormalizationExplorer(**values).result["picture"]["frames"][-1]["words"]
    for word, a, b in zip(shown, y_mean, y_std):
        assert [float(part.replace("−", "-")) for part in word.split(" ± ")] == pytest.approx([a, b], abs=0.0052)
    assert ("refused: batch_norm:" in printed) == ("refuse it" in headline)


@axes_views
def test_the_code_of_the_axes_finds_the_same_means(norm):
    printed = run_code(view=norm, batch="8")
    values = block(8)[sets(norm, 8)[0]]
    assert f"means: { {'batch': 6, 'layer': 8, 'instance': 48, 'group': 16}[norm] }" in printed
    found = [float(n) for n in re.search(r"mean ([\d.]+) and variance ([\d.]+)", printed).groups()]
    assert found == pytest.approx([values.mean(), values.var()], abs=6e-5)
    assert "the same as dlcourse: True" in printed


def test_controls_state_and_stored_picture():
    explorer = NormalizationExplorer(batch="4", mode="eval", biased=True, step=5)
    assert explorer.state == "batch=4&biased=1&mode=eval&step=5"
    assert dict(NormalizationExplorer.from_state(explorer.state).values) == dict(explorer.values)
    for view, start in (("values", "Values of batch norm, batch size 4,"), ("group", "Axes of group norm, batch size")):
        data, metadata = NormalizationExplorer(view=view, batch="4")._repr_mimebundle_()
        assert len(data["image/png"]) < 250_000
        assert metadata["image/png"]["alt"].startswith(start)
    with pytest.raises(ValueError, match=r"batch: got '16'"):
        NormalizationExplorer(batch="16")


def test_the_whole_table_fits_into_an_export(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(NormalizationExplorer().recipe())) < LIMIT
