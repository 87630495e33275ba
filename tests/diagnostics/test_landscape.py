"""Slices of the cost around a network: the right numbers, nothing changed, and what filter normalisation is for."""

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.diagnostics import loss_slice, random_direction
from dlcourse.models import mlp

TWINS = pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
rng = np.random.default_rng(0)
X, y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
DISTANCES = np.linspace(-1, 1, 5)


def network(dl, seed=0):
    dl.manual_seed(seed)
    return mlp(dl, [4, 6, 3]).double()


def weights(dl, model):
    return {name: np.array(dl.to_numpy(value)) for name, value in model.state_dict().items()}


@TWINS
def test_a_filter_of_the_direction_has_the_norm_of_the_models_filter(dl):
    model = network(dl)
    direction = random_direction(model, seed=3)
    for name, weight in weights(dl, model).items():
        if name.endswith("bias"):
            assert not direction[name].any()
        else:
            norms = np.linalg.norm(direction[name], axis=1)
            assert np.allclose(norms, np.linalg.norm(weight, axis=1))
            assert norms.std() > 0


def test_a_filter_of_a_convolution_is_one_output_channel():
    model = torch.nn.Conv2d(2, 5, (3, 2)).double()
    drawn = random_direction(model)["weight"]
    wanted = model.weight.detach().numpy().reshape(5, -1)
    assert np.allclose(np.linalg.norm(drawn.reshape(5, -1), axis=1), np.linalg.norm(wanted, axis=1))


@TWINS
def test_without_normalisation_the_entries_are_plain_normal_numbers(dl):
    model = mlp(dl, [100, 200])
    values = np.concatenate([d.ravel() for d in random_direction(model, 1, normalised=False).values()])
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03


def test_seeds_decide_the_direction():
    model = network(dlcourse.numpy)
    first, again, other = (random_direction(model, seed)["1.weight"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


@TWINS
def test_the_curve_is_the_cost_of_the_moved_network(dl):
    model, direction = network(dl), random_direction(network(dl), 1, normalised=False)
    curve = loss_slice(model, X, y, [direction], DISTANCES)
    for distance, cost in zip(DISTANCES, curve, strict=True):
        moved = network(dl)
        moved.load_state_dict(
            {n: dl.from_numpy(w + distance * direction[n]) for n, w in weights(dl, model).items()}
            if dl is dlcourse.torch
            else {n: w + distance * direction[n] for n, w in weights(dl, model).items()}
        )
        output = moved(dl.from_numpy(X))
        assert cost == pytest.approx(dl.functional.cross_entropy(output, dl.from_numpy(y)).item(), abs=1e-12)


@TWINS
def test_a_map_has_alpha_in_its_rows_and_beta_in_its_columns(dl):
    model = network(dl)
    one, two = random_direction(model, 1), random_direction(model, 2)
    both = loss_slice(model, X, y, [one, two], DISTANCES)
    assert both.shape == (5, 5)
    assert np.allclose(both[:, 2], loss_slice(model, X, y, [one], DISTANCES))
    assert np.allclose(both[2], loss_slice(model, X, y, [two], DISTANCES))
    assert not np.allclose(both, both.T)


def test_both_backends_agree():
    ours, theirs = network(dlcourse.numpy), network(dlcourse.torch)
    theirs.load_state_dict({n: torch.from_numpy(w.copy()) for n, w in ours.state_dict().items()})
    directions = [random_direction(ours, seed) for seed in (4, 5)]
    first, second = (loss_slice(model, X, y, directions, DISTANCES) for model in (ours, theirs))
    assert np.allclose(first, second, rtol=0, atol=1e-12)


@TWINS
def test_weights_buffers_and_modes_are_left_as_they_were(dl):
    model = dl.nn.Sequential(dl.nn.Linear(4, 6), dl.nn.BatchNorm1d(6), dl.nn.Dropout(0.5), dl.nn.Linear(6, 3)).double()
    model.train()
    model[1].eval()  # a part that was frozen on purpose
    before = weights(dl, model)
    curve = loss_slice(model, X, y, [random_direction(model)], DISTANCES)
    assert np.array_equal(curve, loss_slice(model, X, y, [random_direction(model)], DISTANCES))  # no dropout inside
    after = weights(dl, model)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert [model.training, model[1].training, model[2].training] == [True, False, True]
    with pytest.raises(ZeroDivisionError):
        loss_slice(model, X, y, [random_direction(model)], DISTANCES, loss=lambda output, target: 1 / 0)
    assert all(np.array_equal(before[name], weights(dl, model)[name]) for name in before)


def test_a_shared_weight_moves_once_and_under_both_names():
    dl = dlcourse.torch
    shared = dl.nn.Linear(4, 4).double()
    model = dl.nn.Sequential(shared, dl.nn.ReLU(), shared, dl.nn.Linear(4, 3).double())
    direction = random_direction(model, 1)
    assert set(direction) == {"0.weight", "0.bias", "3.weight", "3.bias"}
    curve = loss_slice(model, X, y, [direction], [0.0, 0.7])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter += 0.7 * torch.from_numpy(direction[name])
    moved = dl.functional.cross_entropy(model(torch.from_numpy(X)), torch.from_numpy(y)).item()
    assert curve[1] == pytest.approx(moved, abs=1e-12)


@TWINS
def test_one_function_in_two_sets_of_weights_has_one_normalised_slice(dl):
    """Ten times the weights before a ReLU and a tenth after it is the same network."""
    model, rescaled = network(dl), network(dl)
    state = weights(dl, model)
    for name, factor in (("1.weight", 10), ("1.bias", 10), ("3.weight", 0.1)):
        state[name] = state[name] * factor
    rescaled.load_state_dict({n: dl.from_numpy(w) if dl is dlcourse.torch else w for n, w in state.items()})
    normalised, plain = (
        [loss_slice(m, X, y, [random_direction(m, 1, normalised=n)], DISTANCES) for m in (model, rescaled)]
        for n in (True, False)
    )
    assert np.allclose(*normalised, atol=1e-12)
    assert abs(plain[0] - plain[1]).max() > 0.5


def test_wrong_directions_are_named():
    model = network(dlcourse.numpy)
    good = random_direction(model)
    with pytest.raises(ValueError, match="directions has 0 entries, expected one or two"):
        loss_slice(model, X, y, [], DISTANCES)
    with pytest.raises(ValueError, match="expected those of the model"):
        loss_slice(model, X, y, [{"1.weight": good["1.weight"]}], DISTANCES)
    with pytest.raises(ValueError, match=r"direction of 1\.weight has shape \(4, 6\), expected \(6, 4\)"):
        loss_slice(model, X, y, [{**good, "1.weight": good["1.weight"].T}], DISTANCES)
    with pytest.raises(TypeError, match="random_direction: model is str"):
        random_direction("model")
    with pytest.raises(TypeError, match="loss_slice: model is str"):
        loss_slice("model", X, y, [good], DISTANCES)
