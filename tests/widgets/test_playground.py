"""The playground: its runs, its words, its code, what it stores and exports."""

import contextlib
import io
import re

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.models import mlp
from dlcourse.widgets import Playground
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.playground import EXTENT, GRID, PRESETS, grid_points, setting_of
from dlcourse.widgets.playground_figure import layer_values
from dlcourse.widgets.playground_run import ACTIVATIONS, DATA, EPOCHS, FEATURES, make_features, train_run

QUICK = {"batch": "64", "units": 3.0}


def result_of(**values):
    """The numbers of a setting, as compute gives them."""
    explorer = Playground(**values)
    settings = {name: value for name, value in explorer.values.items() if name not in ("preset", "epoch")}
    return explorer, explorer.compute(**settings)


def printed(code):
    """The two costs that a code cell prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.errstate(all="ignore"):
        exec(code, {})
    return {name: float(value) for name, value in re.findall(r"^(\w+) cost = (\S+)$", out.getvalue(), re.MULTILINE)}


VARIED = [
    {},
    {"data": "moons", "noise": 0.2, "share": 0.3, "loss": "squared error", "optimizer": "SGD"},
    {"data": "xor", "features": "all seven", "layers": 0.0, "optimizer": "momentum", "penalty": "L1"},
    {"data": "gaussians", "noise": 0.3, "activation": "ReLU", "penalty": "L2", "seed": 3.0},
    {"data": "circles", "loop": "sorted", "features": "with x*y", "activation": "sigmoid"},
    {"loop": "no zero_grad", "activation": "none", "features": "with squares"},
    {"data": "your own", "own": [[0.5, 0.1, 0], [-0.25, -1.2, 1], [0.0, 0.3, 1]], "loop": "sorted"},
    {"data": "moons", "own": [[0.5, 0.1, 0]], "loss": "squared error"},
]


@pytest.mark.parametrize("values", VARIED)
def test_the_code_cell_repeats_the_run(values):
    explorer, result = result_of(**QUICK, **values)
    last = result["frames"][-1]
    expected = {"training": last["cost"], "validation": last["val_cost"]}
    assert printed(explorer.result["code"]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("values", VARIED)
def test_the_maps_are_what_the_model_computes(values):
    explorer, result = result_of(**QUICK, **values)
    setting = setting_of({k: v for k, v in explorer.values.items() if k not in ("preset", "epoch")})
    model = mlp(dl, setting.sizes, getattr(dl.nn, ACTIVATIONS[setting.activation]))
    flat = result["frames"][-1]["weights"]
    for parameter in model.parameters():
        count = int(np.prod(parameter.shape))
        parameter.data[...] = flat[:count].reshape(parameter.shape)
        flat = flat[count:]
    assert len(flat) == 0
    output = dl.to_numpy(model(dl.tensor(result["grid"].astype(np.float32))))
    layers = layer_values(result, EPOCHS)
    assert [values.shape[1] for values in layers] == result["sizes"]
    np.testing.assert_allclose(layers[-1], output, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("preset", "accuracy"), [("spirals", 0.9), ("xor, with x·y", 0.85), ("noise + L2", 0.75)])
def test_presets_known_to_succeed(preset, accuracy):
    frames = result_of(preset=preset)[1]["frames"]
    assert len(frames) == EPOCHS + 1
    assert frames[-1]["val_accuracy"] >= accuracy


@pytest.mark.parametrize("preset", ["two units", "xor, linear", "deep sigmoid"])
def test_presets_known_to_fail(preset):
    assert result_of(preset=preset)[1]["frames"][-1]["accuracy"] < 0.85


def test_learning_noise_by_heart_and_what_a_penalty_does():
    by_heart = result_of(preset="noise by heart")[1]["frames"]
    with_penalty = result_of(preset="noise + L2")[1]["frames"]
    assert by_heart[-1]["val_cost"] > 1.5 * min(frame["val_cost"] for frame in by_heart)
    assert by_heart[-1]["cost"] < with_penalty[-1]["cost"]
    assert with_penalty[-1]["val_cost"] < by_heart[-1]["val_cost"]


def test_a_rate_that_is_too_high_stops_visibly():
    explorer = Playground(preset="rate too high")
    result = explorer.result
    assert result["stopped"]
    assert 5 < len(result["texts"]) < EPOCHS
    assert "no longer finite" in result["texts"][-1]
    assert result["picture"]["frames"][-1]["cost"] is None
    assert all(frame["cost"] is not None for frame in result["picture"]["frames"][:-1])


def test_forgetting_to_zero_the_gradients_is_another_run():
    right, wrong = (result_of(**QUICK, loop=loop)[1]["frames"] for loop in ("right", "no zero_grad"))
    assert wrong[0]["cost"] == right[0]["cost"]
    assert wrong[-1]["cost"] != right[-1]["cost"]


def test_the_same_seed_is_the_same_run_and_another_is_not():
    first, again, other = (result_of(**QUICK, seed=seed)[1] for seed in (2.0, 2.0, 3.0))
    assert first["frames"][-1]["cost"] == again["frames"][-1]["cost"]
    assert not np.array_equal(first["points"], other["points"])
    assert not np.array_equal(first["frames"][0]["weights"], other["frames"][0]["weights"])


def test_the_readers_random_numbers_are_left_alone():
    dl.manual_seed(5)
    expected = dl.to_numpy(dl.nn.Linear(2, 2).weight)
    dl.manual_seed(5)
    Playground(**QUICK)
    np.testing.assert_array_equal(dl.to_numpy(dl.nn.Linear(2, 2).weight), expected)


@pytest.mark.parametrize("data", DATA)
def test_every_data_set_is_split_by_class_and_lies_in_the_picture(data):
    result = result_of(**QUICK, data=data, noise=0.1, share=0.3)[1]
    labels, training = np.array(result["labels"]), np.array(result["training"])
    assert training.sum() == 60
    assert abs(labels[training].mean() - labels.mean()) < 0.02
    assert (np.abs(result["points"]) < EXTENT).mean() > 0.95


def test_a_map_is_read_from_the_top_left():
    points = grid_points()
    assert points.shape == (GRID**2, 2)
    assert points[0] == pytest.approx([-EXTENT * (1 - 1 / GRID), EXTENT * (1 - 1 / GRID)])
    assert points[1, 0] > points[0, 0]
    assert points[GRID, 1] < points[0, 1]


def test_inputs_are_the_named_formulas():
    X = np.array([[0.5, -2.0]])
    assert make_features(X, "all seven")[0] == pytest.approx([0.5, -2.0, -1.0, 0.25, 4.0, np.sin(1.5), np.sin(-6.0)])
    result = result_of(**QUICK, features="all seven")[1]
    assert result["inputs"] == ["x", "y", "x·y", "x²", "y²", "sin(3x)", "sin(3y)"]
    assert result["grid"].shape == (GRID**2, len(FEATURES["all seven"]))


def test_squared_error_and_cross_entropy_start_from_the_same_weights():
    runs = [result_of(**QUICK, loss=loss)[1]["frames"] for loss in ("cross-entropy", "squared error")]
    np.testing.assert_array_equal(runs[0][0]["weights"], runs[1][0]["weights"])
    assert runs[0][0]["cost"] == pytest.approx(np.log(2), abs=0.3)
    assert not np.array_equal(runs[0][-1]["weights"], runs[1][-1]["weights"])


def test_each_preset_sets_every_control_and_is_a_short_state():
    names = {control.name for control in Playground.controls} - {"preset", "epoch"}
    for preset, values in PRESETS.items():
        assert set(values) == names
        explorer = Playground(preset=preset, epoch=7)
        assert dict(Playground.from_state(explorer.state).values) == dict(explorer.values)
        assert len(explorer.state) < 40
    explorer.update(units=5.0)
    assert explorer.values["preset"] == ""
    explorer.reset()
    assert explorer.values["preset"] == preset


def test_words_tell_epoch_costs_and_the_best_epoch():
    explorer = Playground(preset="noise by heart")
    first, last = explorer.result["texts"][0], explorer.result["texts"][-1]
    assert first.startswith("Epoch 0: training cost 0.")
    assert last.startswith(f"Epoch {EPOCHS}: training cost")
    assert "The validation cost was lowest in epoch" in last
    assert explorer.heading(**explorer.values) == (
        "A network with 3 hidden layers of 8 tanh units on the data set moons"
    )
    assert "no hidden layer" in Playground(preset="xor, linear").heading(**PRESETS["xor, linear"])


def test_what_a_notebook_stores_is_small_and_described():
    data, metadata = Playground(preset="two units")._repr_mimebundle_()
    assert len(data["image/png"]) < 200_000
    assert metadata["image/png"]["alt"].startswith(
        "A network with 1 hidden layer of 2 tanh units on the data set spirals."
    )


def test_a_run_that_exploded_can_be_drawn():
    figure, words = Playground(preset="rate too high").still()
    assert "no longer finite" in words
    assert len(figure.axes) > 3


def test_the_export_holds_every_preset_and_is_small():
    assert len(payload(Playground().recipe())) < 0.7 * LIMIT


def test_a_run_has_a_frame_for_each_epoch():
    setting = setting_of(PRESETS["two units"])
    run = train_run(setting)
    assert len(run.frames) == EPOCHS + 1
    assert sorted([*run.train, *run.validation]) == list(range(len(run.points)))


def test_points_of_the_readers_own_train_and_validate_nothing():
    own = [[0.1, 0.2, 0], [0.3, -0.5, 1]]
    explorer, result = result_of(data="xor", own=own)
    _, plain = result_of(data="xor")
    np.testing.assert_allclose(result["points"][-2:], [[0.1, 0.2], [0.3, -0.5]], rtol=1e-6)
    assert result["labels"][-2:] == [0, 1]
    assert result["training"] == [*plain["training"], True, True]
    assert result["frames"][0]["val_cost"] == plain["frames"][0]["val_cost"]
    assert result["frames"][-1]["val_cost"] != plain["frames"][-1]["val_cost"]
    assert Playground.from_state(explorer.state).values == explorer.values


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ("x", "own: got 'str', expected a list of at most 40 points"),
        ([[0, 0, 0]] * 41, "at most 40"),
        ([[0, 0]], r"got \[0, 0\], expected \[x, y, label\]"),
        ([[2.0, 0, 0]], "x and y from -1.3 to 1.3"),
        ([[0, 0, 2]], "label 0 or 1"),
        ([[0, "a", 0]], "x and y from"),
        ([[float("nan"), 0, 0]], "x and y from"),
    ],
)
def test_a_point_that_cannot_be_is_refused(own, says):
    with pytest.raises(ValueError, match=says):
        Playground(own=own)
