import math

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.training.ensembles import (
    Snapshots,
    average_logits,
    average_probabilities,
    average_weights,
    cyclic_cosine,
    softmax,
    top_k_average,
)

rng = np.random.default_rng(0)
LOGITS = rng.normal(0, 3, (5, 7, 4))


def test_softmax_is_torchs_and_safe():
    np.testing.assert_allclose(softmax(LOGITS), torch.softmax(torch.tensor(LOGITS), -1).numpy(), rtol=1e-12)
    np.testing.assert_allclose(softmax([[1000.0, 0, -1000]]), [[1, 0, 0]])


def test_averages_of_probabilities_and_of_logits_differ_as_described():
    P = softmax(LOGITS)
    np.testing.assert_allclose(average_probabilities(P), P.mean(0))
    geometric = np.exp(np.log(P).mean(0))
    np.testing.assert_allclose(average_logits(LOGITS), geometric / geometric.sum(-1, keepdims=True))
    # One very confident model wins the vote on logits, two unsure ones win it on probabilities.
    votes = np.array([[[9.0, 0]], [[0, 1.0]], [[0, 1.0]]])
    assert average_logits(votes).argmax() == 0
    assert average_probabilities(softmax(votes[[0, 1, 2, 1]])).argmax() == 1


def test_top_k_takes_the_best_models():
    P = softmax(LOGITS)
    scores = [0.1, 0.9, 0.3, 0.8, 0.2]
    np.testing.assert_allclose(top_k_average(P, scores, 2), P[[1, 3]].mean(0))
    np.testing.assert_allclose(top_k_average(list(P), scores, 5), P.mean(0))


def test_an_ensemble_of_noisy_models_beats_each_of_them():
    y = rng.integers(0, 4, 400)
    P = softmax(2 * np.eye(4)[y] + rng.normal(0, 2, (9, 400, 4)))
    single = (P.argmax(-1) == y).mean(1)
    assert (average_probabilities(P).argmax(-1) == y).mean() > single.max() + 0.05


def test_average_weights_in_both_backends():
    ours = [dlcourse.numpy.nn.Linear(3, 2) for _ in range(3)]
    mean = average_weights([layer.state_dict() for layer in ours])
    np.testing.assert_allclose(mean["weight"], np.mean([layer.weight.data for layer in ours], axis=0), rtol=1e-6)
    theirs = [torch.nn.BatchNorm1d(3) for _ in range(2)]
    theirs[1](torch.randn(8, 3))
    state = average_weights([layer.state_dict() for layer in theirs])
    assert state["num_batches_tracked"] == 1
    torch.testing.assert_close(state["running_mean"], theirs[1].running_mean / 2)
    torch.nn.BatchNorm1d(3).load_state_dict(state)


def test_cyclic_cosine_restarts_and_ends_near_zero():
    rates = [cyclic_cosine(step, 100, 4, 0.2) for step in range(100)]
    assert [step for step, rate in enumerate(rates) if rate == 0.2] == [0, 25, 50, 75]
    assert rates[24] < 0.002
    assert rates[12] == pytest.approx(0.1 * (math.cos(math.pi * 12 / 25) + 1))


@pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
def test_snapshots_copy_the_weights_at_the_end_of_each_cycle(dl):
    model = dl.nn.Linear(2, 1)
    snapshots = Snapshots(model, steps=10, cycles=3)
    seen = []
    for step in range(10):
        with dl.no_grad():
            model.bias.data[...] = float(step)
        snapshots.after_step(step)
    x = dl.tensor(np.zeros((1, 2), np.float32))
    seen = snapshots.each(lambda: float(dl.to_numpy(model(x))[0, 0]))
    assert seen == [3.0, 7.0, 9.0]
    assert len(snapshots) == 3
    assert float(dl.to_numpy(model(x))[0, 0]) == 9.0


def test_snapshots_give_the_weights_back_after_an_error():
    model = dlcourse.numpy.nn.Linear(2, 1)
    snapshots = Snapshots(model, 2, 2)
    snapshots.after_step(0)
    model.bias.data[...] = 5

    def fail():
        raise RuntimeError("no data")

    with pytest.raises(RuntimeError, match="no data"):
        snapshots.each(fail)
    assert model.bias.data[0] == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: average_probabilities(LOGITS), "rows do not add up to 1, so these are logits, not probabilities"),
        (lambda: average_probabilities(np.ones((2, 3))), r"average_probabilities: got an array of shape \(2, 3\)"),
        (lambda: average_logits([]), r"average_logits: got an array of shape \(0,\), expected \(models, N, C\)"),
        (lambda: top_k_average(softmax(LOGITS), [1, 2]), r"scores has shape \(2,\), expected 5 numbers"),
        (lambda: top_k_average(softmax(LOGITS), [1, 2, 3, 4, math.nan]), "expected 5 numbers, none NaN"),
        (lambda: top_k_average(softmax(LOGITS), range(5), 6), "k is 6, expected 1 to 5, the number of models"),
        (lambda: average_weights([]), "got no states"),
        (lambda: average_weights([{"a": np.ones(2)}, {"b": np.ones(2)}]), "state 1 differs from state 0 in a, b"),
        (lambda: average_weights([{"a": np.ones(2)}, {"a": np.ones(3)}]), "state 1 differs from state 0 in a"),
        (lambda: cyclic_cosine(0, 10, 11, 0.1), "cycles is 11, expected 1 to 10, the number of steps"),
        (lambda: Snapshots(None, 10, 0), "cycles is 0, expected 1 to 10"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
