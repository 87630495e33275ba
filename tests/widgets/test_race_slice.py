"""The slice through a network's cost: the stored table against the network itself, its gradient, and the race in it."""

import json

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.diagnostics import random_direction
from dlcourse.widgets import OptimizerRace, race_slice
from dlcourse.widgets.race_run import RACERS, SLICE, SURFACES, arrival, run
from dlcourse.widgets.race_slice import FILE, PLACES, REACH, WEIGHTS, cost_and_slope, costs_at, digits, table, train


def test_the_stored_costs_are_those_of_the_network():
    spots = [0, 17, 30, 44, 60]
    np.testing.assert_allclose(table()[np.ix_(spots, spots)], costs_at(PLACES[spots]), rtol=1e-5)
    assert table().shape == (len(PLACES), len(PLACES))


def test_the_recipe_is_stored_beside_the_costs():
    stored = json.loads(FILE.read_text("utf-8"))
    for name in ("sizes", "digits", "steps", "batch", "rate", "seed", "directions", "reach"):
        wanted = getattr(race_slice, name.upper())
        assert stored[name] == (list(wanted) if isinstance(wanted, tuple) else wanted)


def test_one_cost_is_that_of_torch_at_the_moved_weights():
    model, (X, y) = train(), digits()
    first, second = (random_direction(model, seed) for seed in race_slice.DIRECTIONS)
    x, z = PLACES[20], PLACES[50]
    moved = {name: w.data + x * first[name] + z * second[name] for name, w in model.named_parameters()}
    a = torch.from_numpy(X)
    names = list(moved)
    for place, name in enumerate(names[::2]):
        a = torch.nn.functional.linear(a, torch.from_numpy(moved[name]), torch.from_numpy(moved[names[2 * place + 1]]))
        a = a if name == names[-2] else a.relu()
    cost = torch.nn.functional.cross_entropy(a, torch.from_numpy(y)).item()
    assert table()[20, 50] == pytest.approx(cost, rel=1e-5)
    assert sum(w.data.size for w in model.parameters()) == WEIGHTS


def test_the_directions_are_filter_normalised_and_the_minimum_is_the_trained_network():
    model = train()
    for name, direction in random_direction(model, race_slice.DIRECTIONS[0]).items():
        if direction.ndim > 1:
            weights = dict(model.named_parameters())[name].data
            np.testing.assert_allclose(np.linalg.norm(direction, axis=1), np.linalg.norm(weights, axis=1))
    middle = len(PLACES) // 2
    assert PLACES[middle] == pytest.approx(0, abs=1e-15)
    assert table()[middle, middle] == table().min() < 0.01


def test_training_leaves_the_readers_random_numbers_alone():
    dl.manual_seed(5)
    before = dl.get_rng_state()
    train.__wrapped__()
    assert dl.get_rng_state() == before


def test_the_surface_goes_through_the_table_and_near_the_network_between():
    x, y = np.meshgrid(PLACES, PLACES, indexing="ij")
    at_entries = cost_and_slope(np.stack([x, y], axis=-1).reshape(-1, 2))[0]
    np.testing.assert_allclose(at_entries.reshape(table().shape), table(), rtol=1e-9)
    between = np.array([-0.925, -0.33, 0.47, 0.777])
    x, y = np.meshgrid(between, between, indexing="ij")
    found = cost_and_slope(np.stack([x, y], axis=-1).reshape(-1, 2))[0].reshape(4, 4)
    np.testing.assert_allclose(found, costs_at(between), rtol=0.01)


@pytest.mark.parametrize("reach", [REACH, 2 * REACH], ids=["inside", "beyond the table, too"])
def test_the_gradient_is_that_of_the_interpolated_cost(reach):
    points = np.random.default_rng(0).uniform(-reach, reach, (300, 2))
    slope, h = cost_and_slope(points)[1], 1e-6
    for axis in (0, 1):
        step = h * np.eye(2)[axis]
        change = (cost_and_slope(points + step)[0] - cost_and_slope(points - step)[0]) / (2 * h)
        np.testing.assert_allclose(slope[:, axis], change, rtol=1e-6, atol=1e-6)


def test_cost_and_gradient_are_continuous_from_cell_to_cell():
    edges = np.stack([PLACES[1:-1], np.full(len(PLACES) - 2, 0.333)], axis=1)
    before, after = (cost_and_slope(edges + np.array([shift, 0])) for shift in (-1e-9, 1e-9))
    np.testing.assert_allclose(before[0], after[0], rtol=1e-5)
    np.testing.assert_allclose(before[1], after[1], rtol=1e-5, atol=1e-5)


def test_what_is_not_finite_stays_so():
    cost, slope = SURFACES[SLICE].at(np.array([[np.nan, 0.0], [np.inf, 0.0], [0.0, 0.0]]))
    assert list(np.isfinite(cost)) == [False, False, True]
    assert np.isfinite(slope[2]).all()


def test_the_race_runs_in_the_slice_and_says_so():
    race = run(SURFACES[SLICE], None)
    steps = {name: int(arrival(race.costs[name] - race.lowest)) for name in RACERS}
    assert steps["gradient descent"] == min(steps.values())  # a round bowl: no rate for each axis is needed
    assert max(steps.values()) < 60
    explorer = OptimizerRace(surface=SLICE)
    assert explorer.result["texts"][0].endswith(
        "The race stays in the slice: 2 random directions through 2026 weights of a trained network."
    )
    assert "slice" not in OptimizerRace().result["texts"][0]
    assert OptimizerRace.from_state(explorer.state).values == explorer.values
    assert explorer.result["questions"][0]["answer"] == "1 gradient descent"
