import importlib
import math
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlcourse.training.search import (
    Choice,
    IntUniform,
    LogUniform,
    OneMinusLogUniform,
    SearchResults,
    Trial,
    Uniform,
    coarse_to_fine,
    grid_search,
    random_search,
    successive_halving,
)
from dlcourse.training.search_ray import ray_search

SPACE = {"lr": LogUniform(1e-5, 1), "momentum": OneMinusLogUniform(0.5, 0.999), "width": Choice([32, 64])}


def peak(configuration):
    """Best at lr = 0.01 and momentum 0.9."""
    distance = math.log10(configuration["lr"] / 0.01) ** 2
    if "momentum" in configuration:
        distance += math.log10((1 - configuration["momentum"]) / 0.1) ** 2
    return -distance


def quiet(function, *arguments, **options):
    return function(*arguments, progress=False, **options)


# Distributions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distribution", "scaled"),
    [
        (Uniform(-1, 3), lambda x: (np.asarray(x) + 1) / 4),
        (LogUniform(1e-5, 1), lambda x: np.log10(x) / 5 + 1),
        (OneMinusLogUniform(0.9, 0.999), lambda x: (-1 - np.log10(1 - np.asarray(x))) / 2),
    ],
)
def test_draws_are_uniform_on_their_own_scale(distribution, scaled):
    rng = np.random.default_rng(0)
    values = [distribution.sample(rng) for _ in range(3000)]
    assert stats.kstest(scaled(values), "uniform").pvalue > 1e-3
    np.testing.assert_allclose([distribution.position(value) for value in values[:9]], scaled(values[:9]), atol=1e-9)


def test_linear_draws_waste_nearly_all_trials_of_a_learning_rate():
    rng = np.random.default_rng(0)
    linear = [Uniform(1e-5, 1).sample(rng) for _ in range(4000)]
    log = [LogUniform(1e-5, 1).sample(rng) for _ in range(4000)]
    assert np.mean(np.array(linear) < 1e-3) < 0.005
    assert 0.35 < np.mean(np.array(log) < 1e-3) < 0.45


def test_whole_numbers_and_choices_are_even():
    rng = np.random.default_rng(0)
    counts = np.bincount([IntUniform(2, 5).sample(rng) for _ in range(4000)], minlength=6)[2:]
    assert np.abs(counts - 1000).max() < 120
    assert isinstance(IntUniform(2, 5).sample(rng), int)
    options = [Choice(["relu", "tanh"]).sample(rng) for _ in range(1000)]
    assert 430 < options.count("relu") < 570


def test_grids():
    np.testing.assert_allclose(LogUniform(1e-4, 1).grid(5), [1e-4, 1e-3, 1e-2, 1e-1, 1])
    np.testing.assert_allclose(OneMinusLogUniform(0.9, 0.999).grid(3), [0.9, 0.99, 0.999])
    np.testing.assert_allclose(Uniform(0, 1).grid(3), [0, 0.5, 1])
    assert IntUniform(1, 3).grid(10) == [1, 2, 3]
    assert Choice([1, 2]).grid(5) == [1, 2]


@given(st.floats(0.01, 0.99), st.floats(0.05, 0.9))
def test_narrowing_keeps_the_value_inside(place, share):
    for distribution in (Uniform(0, 1), LogUniform(1e-5, 1), OneMinusLogUniform(0.5, 0.999), IntUniform(1, 100)):
        value = distribution.unscale(
            distribution.scale(distribution.low)
            + place * (distribution.scale(distribution.high) - distribution.scale(distribution.low))
        )
        narrow = distribution.around(value, share)
        assert narrow.low - 1e-9 <= value <= narrow.high + 1e-9
        if type(distribution) is Uniform:
            assert narrow.low + 1e-9 >= 0
            assert narrow.high <= 1 + 1e-9


def test_narrowing_at_the_edge_moves_logarithmic_ranges_on():
    narrow = LogUniform(1e-5, 1e-3).around(9.5e-4, 0.5)
    assert narrow.high > 1e-3
    assert narrow.low > 1e-5
    assert OneMinusLogUniform(0.0, 0.9).around(0.01, 0.9).low == 0
    assert OneMinusLogUniform(0.9, 0.99).around(0.99, 0.5).high > 0.99
    assert Choice([1, 2]).around(1, 0.5).options == [1, 2]
    assert repr(Choice([1, 2])) == "Choice([1, 2])"
    assert repr(LogUniform(1e-4, 1)) == "LogUniform(0.0001, 1)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(1, 1), "Uniform: low is 1 and high is 1, expected low < high"),
        (lambda: LogUniform(0, 1), "LogUniform: low is 0 and high is 1, expected 0 < low < high"),
        (
            lambda: OneMinusLogUniform(0.9, 1),
            "OneMinusLogUniform: low is 0.9 and high is 1, expected 0 <= low < high < 1",
        ),
        (lambda: IntUniform(5, 2), "IntUniform: low is 5 and high is 2, expected low < high"),
        (lambda: Choice([]), "Choice: options is empty"),
        (lambda: random_search(peak, {}), "random_search: space is empty"),
        (lambda: random_search(peak, SPACE, trials=0), "random_search: trials is 0, expected 1 or more"),
        (lambda: grid_search(peak, SPACE, mode="best"), "grid_search: mode is 'best', expected 'max' or 'min'"),
        (lambda: coarse_to_fine(peak, SPACE, share=1.0), "coarse_to_fine: share is 1.0, expected a number between"),
        (lambda: successive_halving(peak, SPACE, eta=1), "successive_halving: eta is 1, expected 2 or more"),
        (lambda: ray_search(peak, SPACE, trials=0), "ray_search: trials is 0"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_space_of_something_else_and_an_objective_without_a_number():
    with pytest.raises(TypeError, match=r"random_search: lr is float, expected a distribution such as LogUniform"):
        random_search(peak, {"lr": 0.1})
    with pytest.raises(TypeError, match=r"objective returned NoneType for \{'lr': .* expected a number"):
        quiet(random_search, lambda configuration: None, {"lr": LogUniform(1e-3, 1)}, 1)


# Searches ------------------------------------------------------------------------------------------------------------


def test_random_search_repeats_and_a_longer_one_starts_the_same():
    short, long = quiet(random_search, peak, SPACE, 5, seed=3), quiet(random_search, peak, SPACE, 9, seed=3)
    assert [t.configuration for t in short.trials] == [t.configuration for t in long.trials[:5]]
    other = quiet(random_search, peak, SPACE, 5, seed=4)
    assert short.values("lr") != other.values("lr")
    assert len(set(long.values("lr"))) == 9


def test_an_objective_cannot_change_the_record():
    results = quiet(random_search, lambda configuration: configuration.clear() or 1.0, SPACE, 2)
    assert set(results.trials[0].configuration) == set(SPACE)


def test_grid_search_tries_every_combination():
    results = quiet(grid_search, peak, SPACE, points=3)
    assert len(results) == 3 * 3 * 2
    assert len({tuple(trial.configuration.items()) for trial in results.trials}) == 18


def test_random_beats_grid_when_one_hyperparameter_matters():
    """With 9 trials a grid has 3 values of the one that matters, random search 9."""
    space = {"lr": LogUniform(1e-5, 1), "useless": Uniform(0, 1)}
    grid = quiet(grid_search, peak, space, points=3).best.score
    random = [quiet(random_search, peak, space, 9, seed=seed).best.score for seed in range(20)]
    assert np.mean([score > grid for score in random]) > 0.8


def test_results_rank_summarise_and_print():
    trials = [Trial({"lr": 0.1}, 0.5), Trial({"lr": 0.01}, math.nan), Trial({"lr": 0.001}, 0.9)]
    results = SearchResults(tuple(trials), {"lr": LogUniform(1e-4, 1)})
    assert results.best is trials[2]
    assert [trial.score for trial in results.top(2)] == [0.9, 0.5]
    assert SearchResults(tuple(trials), results.space, "min").best is trials[0]
    lines = str(results).splitlines()
    assert lines[0].split() == ["rank", "lr", "score"]
    assert lines[2].split() == ["1", "0.001", "0.9"]
    assert lines[-1].split() == ["3", "0.01", "nan"]
    assert results._repr_html_().count("<tr>") == 4
    with pytest.raises(KeyError, match="no hyperparameter 'rate', expected one of lr"):
        results.values("rate")


def test_infinite_scores_count_as_diverged_and_all_nan_is_an_error():
    results = quiet(random_search, lambda configuration: math.inf, SPACE, 2)
    assert all(math.isnan(trial.score) for trial in results.trials)
    with pytest.raises(ValueError, match="every trial ended in NaN"):
        results.best  # noqa: B018


def test_the_best_value_at_the_edge_is_seen():
    """A finer search over 1e-5 … 1e-3 whose best is 9.47e-4."""
    space = {"lr": LogUniform(1e-5, 1e-3), "width": Choice([1, 2])}
    results = SearchResults((Trial({"lr": 9.47e-4, "width": 1}, 0.5),), space)
    (warning,) = results.edge_warnings()
    assert "lr: the best value 0.000947 lies at the upper edge of LogUniform(1e-05, 0.001)" in warning
    assert "widen the range" in warning
    lower = SearchResults((Trial({"lr": 1.1e-5, "width": 1}, 0.5),), space).edge_warnings()
    assert "lower edge" in lower[0]
    assert SearchResults((Trial({"lr": 1e-4, "width": 1}, 0.5),), space).edge_warnings() == []


def test_coarse_to_fine_gets_closer_than_random_search():
    fine, coarse = [], []
    for seed in range(10):
        space = {"lr": LogUniform(1e-6, 10)}
        fine.append(quiet(coarse_to_fine, peak, space, rounds=3, trials=6, seed=seed).best.score)
        coarse.append(quiet(random_search, peak, space, 18, seed=seed).best.score)
    assert np.median(fine) > np.median(coarse)


def test_coarse_to_fine_warns_at_the_edge_and_walks_out_of_a_wrong_range():
    with pytest.warns(UserWarning, match="round 1: lr: the best value .* upper edge"):
        results = quiet(coarse_to_fine, peak, {"lr": LogUniform(1e-6, 1e-3)}, rounds=4, trials=12, share=0.7)
    assert results.best.configuration["lr"] > 2e-3
    assert len(results) == 48
    assert "upper edge" in str(results)
    assert "<p>round 1" in results._repr_html_()


def test_successive_halving_spends_budgets_as_described():
    spent = []

    def objective(configuration, budget):
        spent.append(budget)
        return peak(configuration) * (1 - 0.5**budget)

    results = quiet(successive_halving, objective, SPACE, trials=27, min_budget=1, eta=3)
    assert {budget: spent.count(budget) for budget in (1, 3, 9, 27)} == {1: 27, 3: 9, 9: 3, 27: 1}
    assert results.best.budget == 27
    assert results.best.configuration == max(results.trials, key=lambda t: peak(t.configuration)).configuration
    assert "budget" in str(results)


def test_successive_halving_ranks_the_longest_runs_first_even_when_scores_fall():
    results = quiet(successive_halving, lambda configuration, budget: -budget, SPACE, trials=5, eta=2)
    assert [trial.budget for trial in results.trials] == [1] * 5 + [2] * 2 + [4]
    assert results.best.budget == 4


def test_a_progress_bar_shows_the_best_score(capsys):
    random_search(peak, SPACE, 3)
    shown = capsys.readouterr().err
    assert "random search" in shown
    assert "best=" in shown


@pytest.mark.parametrize("bar", ["tqdm.std", "tqdm.notebook"])  # in a terminal, in a notebook
@pytest.mark.parametrize(("disabled", "shown"), [("", True), ("1", False)])
def test_the_progress_bar_can_be_switched_off_from_outside(monkeypatch, capsys, bar, disabled, shown):
    monkeypatch.setenv("TQDM_DISABLE", disabled)
    monkeypatch.setattr("tqdm.auto.tqdm", importlib.import_module(bar).tqdm)
    random_search(lambda c: c["lr"], {"lr": LogUniform(0.1, 1)}, 3)
    told = capsys.readouterr()
    assert ("random search" in told.err + told.out) == shown


# Ray -----------------------------------------------------------------------------------------------------------------


def test_without_ray_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'ray\[tune\]'"):
        ray_search(peak, SPACE, 2)


def test_ray_search_runs_the_configurations_of_random_search(monkeypatch):
    """Against a stand-in with Ray's interface that finishes trials in reverse order and loses one."""

    class Tuner:
        def __init__(self, trainable, param_space, tune_config):
            self.trainable, self.options = trainable, param_space["configuration"]
            assert tune_config.metric == "score"

        def fit(self):
            for number, configuration in enumerate(reversed(self.options)):
                config = {"configuration": configuration}
                failed = number == 0
                metrics = None if failed else self.trainable(config)
                yield types.SimpleNamespace(config=config, error="boom" if failed else None, metrics=metrics)

    tune = types.SimpleNamespace(
        Tuner=Tuner,
        TuneConfig=lambda **options: types.SimpleNamespace(**options),
        with_resources=lambda trainable, resources: trainable,
        grid_search=lambda options: options,
    )
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(tune=tune))
    on_ray, here = ray_search(peak, SPACE, 5, seed=2), quiet(random_search, peak, SPACE, 5, seed=2)
    assert [t.configuration for t in on_ray.trials] == [t.configuration for t in here.trials]
    assert [t.score for t in on_ray.trials[:4]] == [t.score for t in here.trials[:4]]
    assert math.isnan(on_ray.trials[4].score)
