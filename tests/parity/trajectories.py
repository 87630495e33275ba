"""Closed-loop trajectories: an optimizer of either twin, fed at every step by the gradients of its own weights.

The problem is a small network on random data, 7-5-3 with tanh and cross-entropy, mini-batches of 6. The inputs have
scales from 1 to 1e-3, so that gradients differ by orders of magnitude and a misplaced ε shows. For NumPy the
gradients are written out by hand here, for torch they are autograd's: of ``dlcourse`` only the optimizer is used.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch

EXAMPLES, FEATURES, HIDDEN, CLASSES, BATCH = 40, 7, 5, 3, 6
STEPS = 200
SHAPES = [(HIDDEN, FEATURES), (HIDDEN,), (CLASSES, HIDDEN), (CLASSES,)]


class Problem:
    """Data (40, 7), labels (40,), first weights W1, b1, W2, b2 and the batches' indices, all from one seed."""

    def __init__(self, seed: int = 0, steps: int = STEPS) -> None:
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(EXAMPLES, FEATURES)) * np.logspace(0, -3, FEATURES)
        self.y = rng.integers(CLASSES, size=EXAMPLES)
        self.weights = [rng.normal(0, 0.5, shape) for shape in SHAPES]
        self.batches = [rng.permutation(EXAMPLES)[:BATCH] for _ in range(steps)]

    def tensors(self, twin: ModuleType) -> list[Any]:
        """The first weights as leaves of a twin."""
        return [twin.tensor(w, requires_grad=True) for w in self.weights]

    def set_gradients(self, tensors: list[Any], step: int) -> None:
        """Put into ``.grad`` the gradients of the cost of batch ``step`` at the present weights."""
        batch = self.batches[step]
        if isinstance(tensors[0], torch.Tensor):
            w1, b1, w2, b2 = tensors
            for w in tensors:
                w.grad = None
            logits = torch.tanh(torch.from_numpy(self.x[batch]) @ w1.T + b1) @ w2.T + b2
            torch.nn.functional.cross_entropy(logits, torch.from_numpy(self.y[batch])).backward()
        else:
            for w, g in zip(tensors, by_hand([w.data for w in tensors], self.x[batch], self.y[batch]), strict=True):
                w.grad = g

    def run(
        self,
        twin: ModuleType,
        make: Callable[[list[Any]], Any],
        first: int = 0,
        last: int | None = None,
        tensors: list[Any] | None = None,
    ) -> dict[str, Any]:
        """All weights after each step, (steps, weights), from step ``first`` to before ``last``."""
        tensors = self.tensors(twin) if tensors is None else tensors
        optimizer = make(tensors)
        path = []
        for step in range(first, len(self.batches) if last is None else last):
            self.set_gradients(tensors, step)
            optimizer.step()
            path.append(np.concatenate([twin.to_numpy(w).ravel() for w in tensors]))
        return {"path": np.array(path), "tensors": tensors, "optimizer": optimizer}


def by_hand(weights: list[Any], x: Any, y: Any) -> list[Any]:
    """Gradients of the mean cross-entropy."""
    w1, b1, w2, b2 = weights
    hidden = np.tanh(x @ w1.T + b1)
    logits = hidden @ w2.T + b2
    exp = np.exp(logits - logits.max(1, keepdims=True))
    d_logits = exp / exp.sum(1, keepdims=True)
    d_logits[np.arange(len(y)), y] -= 1
    d_logits /= len(y)
    d_hidden = d_logits @ w2 * (1 - hidden**2)
    return [d_hidden.T @ x, d_hidden.sum(0), d_logits.T @ hidden, d_logits.sum(0)]
