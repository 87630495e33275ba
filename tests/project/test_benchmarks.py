"""The benchmarks measure what they say: every peer takes the same step, every section runs."""

import importlib

import numpy as np
import pytest

from benchmarks.peers.problem import Problem

PEERS = [
    "dlcourse_numpy",
    "hips_autograd",
    "mygrad_tensors",
    "numpy_by_hand",
    "scalar_engine",
    "sklearn_partial_fit",
    "torch_eager",
    "torch_fused",
]
PROBLEM = Problem(inputs=7, hidden=5, batch=6, classes=3, lr=0.1, dtype="float64")


def three_steps(name, problem):
    network = importlib.import_module(f"benchmarks.peers.{name}").build(problem)
    losses, weights = [], []
    for _ in range(3):
        losses.append(network.step())
        weights.append([np.array(w) for w in network.weights()])
    return losses, weights


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_peers_take_the_same_steps(name, dtype, tolerance):
    problem = Problem(inputs=7, hidden=5, batch=6, classes=3, lr=0.1, dtype=dtype)
    expected_losses, expected = three_steps("numpy_by_hand", PROBLEM)
    losses, weights = three_steps(name, problem)
    np.testing.assert_allclose(losses, expected_losses, rtol=tolerance)
    before = PROBLEM.weights()
    for after, expected_after in zip(weights, expected, strict=True):
        for w, want, start in zip(after, expected_after, before, strict=True):
            assert w.shape == want.shape
            np.testing.assert_allclose(w, want, rtol=0, atol=tolerance)
            assert np.abs(want - start).max() > 1e-3, "the step moved nothing, so it proves nothing"
