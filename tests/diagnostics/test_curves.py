"""The learning-curve doctor, on made curves of each shape and on real runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.data.split import stratified_indices
from dlcourse.diagnostics import diagnose_curve
from dlcourse.diagnostics.curve_features import jitter, measure, periodicity, smooth
from tests.diagnostics.real_curves import digits, train

rng = np.random.default_rng(0)


def falling(n=200, rate=10.0, low=0.1, start=2.3, noise=0.01, seed=0):
    time = np.linspace(0, 1, n)
    wobble = 1 + noise * np.random.default_rng(seed).normal(size=n)
    return start * ((1 - low) * np.exp(-rate * time) + low) * wobble


def names(*curves):
    return diagnose_curve(*curves).names


# Made curves ---------------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([8, 12, 20, 50, 100, 200, 500, 2000]),
    st.floats(6, 30),
    st.floats(0, 0.25),
    st.floats(0, 0.04),
    st.integers(0, 10_000),
)
def test_healthy_curves_of_all_lengths_raise_no_alarm(n, rate, low, noise, seed):
    curve = falling(n, rate, low, noise=noise, seed=seed)
    report = diagnose_curve(curve, 1.1 * curve)
    assert report.names == ["healthy"]
    assert report.ok


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("n", [20, 200, 1000])
def test_the_scale_of_the_loss_and_the_length_of_the_run_do_not_matter(scale, n):
    time = np.linspace(0, 1, n)
    shapes = {
        "explodes": falling(n) + 20 * time**4,
        "rising": 2.3 + 0.8 * time,
        "learning rate too low": 2.3 - 0.05 * time,
        "slow": 2.3 - 1.5 * time,
        "plateau then drop": 0.1 + 2.2 / (1 + np.exp(30 * (time - 0.5))),
        "underfitting": falling(n, rate=20, low=0.6, noise=0.005),
    }
    for name, curve in shapes.items():
        assert names(scale * curve)[0] == name, name


def test_not_a_number_after_growth_blames_the_rate_and_out_of_the_blue_the_data():
    grown = diagnose_curve([2.3, 3, 9, 80, 1e5, np.inf, np.nan])
    assert grown.names == ["not a number"]
    assert "grows from 2.3 to 1e+05" in grown.findings[0].seen
    assert "learning rate is too high" in grown.findings[0].advice
    sudden = diagnose_curve([2.3, 2.0, 1.8, 1.7, np.nan, np.nan])
    assert "without having grown" in sudden.findings[0].seen
    assert "logarithm of 0" in sudden.findings[0].advice
    first = diagnose_curve([np.nan] * 5)
    assert "very first loss is nan" in first.findings[0].seen


def test_a_run_stopped_at_three_times_the_first_cost_has_exploded():
    finding = diagnose_curve([2.3, 2.2, 2.1, 2.0, 1.9, 3.0, 7.1]).findings[0]
    assert finding.name == "explodes"
    assert "after it had fallen" in finding.seen
    assert "clip the gradient" in finding.advice


def test_a_curve_that_stays_put():
    assert names(2.3 + 0.02 * rng.normal(size=300)) == ["not learning"]
    assert names(np.full(50, 2.3)) == ["not learning"]


def test_a_trend_hidden_by_small_batches_shows_on_the_validation_set():
    steps = 2.3 - 0.01 * np.linspace(0, 1, 200) + 0.05 * rng.normal(size=200)
    assert names(steps) == ["not learning"]
    assert names(steps, 2.3 - 0.01 * np.linspace(0, 1, 11)) == ["learning rate too low"]


def test_jumping_about_high_up_is_a_rate_too_high():
    curve = falling(500, rate=40, low=0.6) + 0.4 * rng.normal(size=500)
    assert names(curve)[0] == "learning rate too high"


def test_a_jump_before_the_fall_is_a_rate_too_high():
    time = np.linspace(0, 1, 300)
    curve = falling(300) + 4 * np.exp(-(((time - 0.05) / 0.03) ** 2))
    report = diagnose_curve(curve)
    assert report.names[0] == "learning rate too high"
    assert "before it falls" in report.findings[0].seen


def test_noise_spikes_and_rhythm_are_told_apart():
    noisy = falling(600) + 0.4 * rng.normal(size=600)
    assert names(noisy) == ["noisy"]
    spiky = falling(600)
    spiky[[200, 350, 500]] += 2
    assert names(spiky) == ["spikes"]
    assert "3 value(s)" in diagnose_curve(spiky).findings[0].seen
    rhythm = falling(600, low=0.3) + 0.3 * np.sin(np.arange(600) * 2 * np.pi / 25) + 0.05 * rng.normal(size=600)
    report = diagnose_curve(rhythm)
    assert report.names == ["periodic"]
    assert "every 25 values" in report.findings[0].seen
    assert "shuffle" in report.findings[0].advice


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_noise_alone_has_no_rhythm(seed):
    curve = falling(400) + 0.3 * np.random.default_rng(seed).normal(size=400)
    assert periodicity(curve) == 0


def test_validation_shapes():
    n = 300
    time = np.linspace(0, 1, n)
    fit = falling(n, low=0.02)
    assert names(fit, 0.8 + 0.6 * np.exp(-20 * time) + 0.5 * time) == ["overfitting"]
    assert names(fit, 0.9 + 1.4 * np.exp(-10 * time)) == ["generalisation gap"]
    assert names(fit, 2.3 + 3 * time) == ["memorising"]
    high = falling(n, low=0.5)
    assert names(high, 0.6 * high) == ["validation better than training"]
    assert names(fit, np.array([2.3, 0.6, 0.3, np.nan])) == ["not a number"]


def test_curves_of_different_length_cover_the_same_run():
    epochs = 0.8 + 0.6 * np.exp(-20 * np.linspace(0, 1, 15)) + 0.5 * np.linspace(0, 1, 15)
    assert names(falling(3000, low=0.02), epochs) == ["overfitting"]


@pytest.mark.parametrize(
    ("train_losses", "val", "message"),
    [
        ([1, 2, 3], None, r"train has shape \(3,\), expected 5 or more losses"),
        ([[1, 2, 3, 4, 5]], None, r"train has shape \(1, 5\)"),
        ([1, 2, 3, 4, 5], [1, 2], r"val has shape \(2,\), expected 3 or more losses"),
        ([0, 1, 2, 3, 4], None, "the first value of train is 0.0, expected a positive loss"),
        ([-1, -2, -3, -4, -5], None, "the first value of train is -1.0"),
    ],
)
def test_bad_curves_are_named(train_losses, val, message):
    with pytest.raises(ValueError, match=message):
        diagnose_curve(train_losses, val)


def test_the_features_mean_what_they_say():
    n = 1000
    time = np.linspace(0, 1, n)
    line = measure(2 - time)
    assert line.start == pytest.approx(2, abs=0.01)
    assert line.end == pytest.approx(1.05, abs=0.01)
    assert line.at_10 == pytest.approx(0.1, abs=0.02)
    assert line.at_50 == pytest.approx(0.5, abs=0.03)
    assert line.late_drop == pytest.approx(0.25, abs=0.02)
    assert jitter(0.3 * rng.normal(size=5000)) == pytest.approx(0.3, rel=0.05)
    assert jitter(np.exp(-5 * np.linspace(0, 1, 30))) < 0.06
    np.testing.assert_allclose(smooth(np.ones(30)), 1)
    np.testing.assert_allclose(smooth(time)[100:-100], time[100:-100], atol=1e-12)


# Real runs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return digits()


def sorted_by_class(data):
    X, y, X_val, y_val = data
    order = np.argsort(y, kind="stable")
    return X[order], y[order], X_val, y_val


def shuffled_labels(data):
    X, y, X_val, y_val = data
    return X, np.random.default_rng(1).permutation(y), X_val, y_val


def few(data, count=60):
    X, y, X_val, y_val = data
    chosen = stratified_indices(y, (count, len(y) - count))[0]
    return X[chosen], y[chosen], X_val, y_val


@pytest.mark.parametrize(
    ("expected", "prepare", "options"),
    [
        ("healthy", None, {"epochs": 20}),
        ("learning rate too low", None, {"lr": 1e-4}),
        ("slow", None, {"lr": 4e-3}),
        ("learning rate too high", None, {"lr": 2.0, "epochs": 20}),
        ("explodes", None, {"lr": 2.5, "epochs": 20}),
        ("not a number", None, {"lr": 1e6}),
        ("noisy", lambda data: few(data, 300), {"lr": 0.02, "epochs": 4, "batch_size": 1}),
        ("periodic", sorted_by_class, {"lr": 0.05, "shuffle": False}),
        ("plateau then drop", None, {"sizes": (64, 50, 50, 50, 10), "weights": 0.03, "epochs": 30}),
        ("not learning", None, {"weights": 0.0}),
        ("overfitting", few, {"lr": 0.3, "epochs": 300, "batch_size": 20}),
        ("memorising", shuffled_labels, {"lr": 0.3, "epochs": 60, "sizes": (64, 200, 10)}),
        ("underfitting", None, {"lr": 0.3, "epochs": 40, "sizes": (64, 1, 10)}),
        ("validation better than training", None, {"noise": 1.5, "epochs": 30}),
    ],
)
def test_real_runs_are_recognised(data, expected, prepare, options):
    """In at least two of three runs: a rate at the edge of stability may end well by luck."""
    prepared = data if prepare is None else prepare(data)
    found = [names(*train(prepared, seed=seed, **options))[0] for seed in range(3)]
    assert found.count(expected) >= 2, found
