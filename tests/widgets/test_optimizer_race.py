"""The optimizer race: its gradients and paths against torch, its words, code, bug, own surfaces and export."""

import contextlib
import io

import numpy as np
import pytest
import torch

from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.expression import parse
from dlcourse.widgets.optimizer_race import MOMENTS, OptimizerRace
from dlcourse.widgets.race_run import (
    CLOSE,
    RACERS,
    RATES,
    SLICE,
    STEPS,
    SURFACES,
    arrival,
    cost_and_gradient,
    run,
    surface_of,
)

IN_TORCH = {
    "gradient descent": lambda w, lr: torch.optim.SGD([w], lr=lr),
    "momentum": lambda w, lr: torch.optim.SGD([w], lr=lr, momentum=0.9),
    "Adagrad": lambda w, lr: torch.optim.Adagrad([w], lr=lr),
    "RMSprop": lambda w, lr: torch.optim.RMSprop([w], lr=lr),
    "Adam": lambda w, lr: torch.optim.Adam([w], lr=lr),
}
FUNCTIONS = {
    "valley": lambda x, y: 0.5 * (x**2 + 100 * y**2),
    "valley, turned": lambda x, y: 0.25 * ((x + y) ** 2 + 100 * (y - x) ** 2),
    "Rosenbrock": lambda x, y: (1 - x) ** 2 + 10 * (y - x**2) ** 2,
    "Beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    "saddle": lambda x, y: x**2 - y**2 + 0.5 * y**4,
}


def computed(**values):
    explorer = OptimizerRace(**values)
    return explorer.compute(**{c.name: explorer.values[c.name] for c in explorer.controls if c.name != "step"})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_costs_and_gradients_are_torchs(name):
    points = np.random.default_rng(0).normal(size=(7, 2))
    cost, gradient = cost_and_gradient(parse(SURFACES[name].formula), points)
    leaf = torch.tensor(points, requires_grad=True)
    wanted = FUNCTIONS[name](leaf[:, 0], leaf[:, 1])
    wanted.sum().backward()
    np.testing.assert_allclose(cost, wanted.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("racer", RACERS)
def test_every_path_is_that_of_torchs_optimizer(name, racer):
    race = run(SURFACES[name], None)
    w = torch.tensor(SURFACES[name].start, dtype=torch.float64, requires_grad=True)
    optimizer = IN_TORCH[racer](w, race.rates[racer])
    path = [w.detach().numpy().copy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        FUNCTIONS[name](*w).backward()
        optimizer.step()
        path.append(w.detach().numpy().copy())
    np.testing.assert_allclose(race.paths[racer], path, rtol=1e-5, atol=1e-7)  # rounding grows along a path


def test_every_surface_but_the_slice_is_a_formula():
    assert set(SURFACES) - set(FUNCTIONS) == {SLICE}


@pytest.mark.parametrize("name", SURFACES)
def test_the_lowest_cost_is_never_undercut_and_no_best_rate_is_at_the_edge(name):
    race = run(SURFACES[name], None)
    assert min(costs.min() for costs in race.costs.values()) >= race.lowest - 1e-9
    assert all(RATES[0] < rate < RATES[-1] for rate in race.rates.values())


def test_turning_the_valley_costs_rates_for_each_axis_their_lead():
    straight, turned = (run(SURFACES[name], None) for name in ("valley", "valley, turned"))
    steps = {name: [int(arrival(race.costs[name] - race.lowest)) for race in (straight, turned)] for name in RACERS}
    assert steps["gradient descent"][0] == steps["gradient descent"][1]
    assert abs(steps["momentum"][0] - steps["momentum"][1]) <= 1
    assert steps["Adagrad"][1] > 10 * steps["Adagrad"][0]


def test_a_racer_arrives_when_it_stays():
    missing = np.array([1.0, 0.01, 1.0, 0.01, 0.01])
    assert arrival(missing) == 3
    assert arrival(np.full(STEPS + 1, 2 * CLOSE)) == STEPS + 1
    assert arrival(np.array([1.0, np.nan])) == 2
    assert arrival(np.zeros(4)) == 0


def test_without_the_correction_adams_first_step_is_three_times_too_long():
    right, wrong = (run(SURFACES["valley"], 0.01, bug).paths["Adam"] for bug in (False, True))
    assert np.abs(np.diff(right, axis=0)[0]) == pytest.approx(0.01, rel=1e-6)
    assert np.abs(np.diff(wrong, axis=0)[0]) == pytest.approx(0.01 * 0.1 / 0.001**0.5, rel=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"surface": "Beale", "rates": "one"},
        {"bug": True},
        {"surface": SLICE, "bug": True},
        {"surface": "your own", "formula": "abs(x) + exp(y**2)"},
    ],
)
def test_the_code_cell_repeats_the_race(values):
    explorer = OptimizerRace(**values)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    race = computed(**values)["_race"]
    for line, name in zip(out.getvalue().splitlines(), RACERS):
        assert line.startswith(name)
        numbers = line.removeprefix(name).replace("[", " ").replace("]", " ").split()
        np.testing.assert_allclose([float(n) for n in numbers[:2]], race.paths[name][-1], rtol=1e-4, atol=1e-7)


def test_words_name_everybody_the_rates_and_who_has_arrived():
    texts = OptimizerRace(surface="valley, turned").result["texts"]
    assert len(texts) == len(MOMENTS)
    assert texts[0].startswith("After step 0, above the lowest cost by: gradient descent 19, momentum 19")
    assert all(name in texts[5] for name in RACERS)
    assert "Within 0.05 of the lowest cost: Adam from step" in texts[-1]


def test_the_question_is_asked_once_and_its_answer_is_the_first_to_arrive():
    questions = OptimizerRace(surface="valley, turned").result["questions"]
    assert questions[0]["answer"] == "5 Adam"
    assert (questions[0]["low"], questions[0]["high"]) == (5, 5)
    assert not any(questions[1:])


@pytest.mark.parametrize(
    ("formula", "says"),
    [("x**2 + z", "z is neither"), ("x +", "not a complete formula"), ("__import__('os')", "not allowed")],
)
def test_a_formula_that_is_no_surface_is_refused_in_its_place(formula, says):
    result = OptimizerRace(surface="your own", formula=formula).result
    assert says in result["texts"][0]
    assert result["error"]["control"] == "formula"


def test_a_race_that_leaves_all_numbers_is_still_drawn():
    picture = computed(surface="your own", formula="x**3 - y**3", rates="one", rate="1")
    assert all(np.isfinite(racer["path"]).all() and np.isfinite(racer["cost"]).all() for racer in picture["racers"])
    assert (
        "left all numbers"
        in OptimizerRace(surface="your own", formula="x**3 - y**3", rates="one", rate="1", step=13).result["texts"][-1]
    )


def test_a_flat_surface_has_no_contours():
    assert surface_of("0*x").lowest is None
    assert computed(surface="your own", formula="0*x")["contours"] == []


def test_state_and_export():
    explorer = OptimizerRace(surface="saddle", rates="one", step=4)
    assert OptimizerRace.from_state(explorer.state).values == explorer.values
    assert len(payload(explorer.recipe())) < LIMIT
