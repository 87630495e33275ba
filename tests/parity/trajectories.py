"""Closed-loop trajectories: two optimizers, each on its own backend, fed by the gradients of their own weights.

The problem is a small network on random data, 7-5-3 with tanh and cross-entropy, mini-batches of 6. The inputs have
scales from 1 to 1e-3, so that gradients differ by orders of magnitude and a misplaced ε shows. The NumPy gradients
are written out by hand here: nothing of ``dlcourse`` but the optimizer is under test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dlcourse.numpy.graph import Tensor

Arrays = list[np.ndarray[Any, np.dtype[np.float64]]]
Make = Callable[[list[Any]], Any]

EXAMPLES, FEATURES, HIDDEN, CLASSES, BATCH = 40, 7, 5, 3, 6
SCALES = np.logspace(0, -3, FEATURES)


def data(seed: int = 0) -> tuple[Any, Any]:
    """Inputs (40, 7) and labels (40,)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(EXAMPLES, FEATURES)) * SCALES, rng.integers(CLASSES, size=EXAMPLES)


def first_weights(seed: int = 1) -> Arrays:
    """W1 (5, 7), b1 (5,), W2 (3, 5), b2 (3,)."""
    rng = np.random.default_rng(seed)
    shapes = [(HIDDEN, FEATURES), (HIDDEN,), (CLASSES, HIDDEN), (CLASSES,)]
    return [rng.normal(0, 0.5, shape) for shape in shapes]


def batches(steps: int, seed: int = 2) -> list[Any]:
    """One array of indices for each step."""
    rng = np.random.default_rng(seed)
    return [rng.permutation(EXAMPLES)[:BATCH] for _ in range(steps)]


def gradients(weights: Arrays, x: Any, y: Any) -> Arrays:
    """Gradients of the mean cross-entropy, by hand."""
    w1, b1, w2, b2 = weights
    hidden = np.tanh(x @ w1.T + b1)
    logits = hidden @ w2.T + b2
    exp = np.exp(logits - logits.max(1, keepdims=True))
    d_logits = exp / exp.sum(1, keepdims=True)
    d_logits[np.arange(len(y)), y] -= 1
    d_logits /= len(y)
    d_hidden = d_logits @ w2 * (1 - hidden**2)
    return [d_hidden.T @ x, d_hidden.sum(0), d_logits.T @ hidden, d_logits.sum(0)]


def numpy_trajectory(make: Make, steps: int = 200, each_step: Callable[[Any], None] | None = None) -> Any:
    """All weights after each step, (steps, number of weights), with the NumPy optimizer ``make(tensors)``."""
    x, y = data()
    tensors = [Tensor(w, requires_grad=True) for w in first_weights()]
    optimizer = make(tensors)
    path = []
    for batch in batches(steps):
        for p, g in zip(tensors, gradients([p.data for p in tensors], x[batch], y[batch]), strict=True):
            p.grad = g
        optimizer.step()
        if each_step is not None:
            each_step(optimizer)
        path.append(np.concatenate([p.data.ravel() for p in tensors]))
    return np.array(path)


def torch_trajectory(make: Make, steps: int = 200, each_step: Callable[[Any], None] | None = None) -> Any:
    """The same with a torch optimizer and autograd's gradients. The default dtype must be float64."""
    x, y = (torch.from_numpy(a) for a in data())
    tensors = [torch.tensor(w, requires_grad=True) for w in first_weights()]
    optimizer = make(tensors)
    path = []
    for batch in batches(steps):
        w1, b1, w2, b2 = tensors
        optimizer.zero_grad()
        logits = torch.tanh(x[batch] @ w1.T + b1) @ w2.T + b2
        torch.nn.functional.cross_entropy(logits, y[batch]).backward()
        optimizer.step()
        if each_step is not None:
            each_step(optimizer)
        path.append(torch.cat([p.detach().flatten() for p in tensors]).numpy())
    return np.array(path)


def assert_same_trajectory(ours: Any, theirs: Any, tolerance: float = 1e-12) -> None:
    """The paths agree at every step to ``tolerance`` of the largest weight on the way, and they do move."""
    assert ours.shape == theirs.shape
    scale = max(1.0, float(np.abs(theirs).max()))
    moved = np.abs(theirs[-1] - np.concatenate([w.ravel() for w in first_weights()])).max()
    assert moved > 1e-3, f"the weights moved by {moved:.1e} only: the trajectory proves nothing"
    error = np.abs(ours - theirs).max(axis=1)
    worst = int(error.argmax())
    assert error[worst] <= tolerance * scale, f"step {worst + 1}: the weights differ by {error[worst]:.2e}"
