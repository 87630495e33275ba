"""The two-layer network of the network graph: its matrices forward, its gradients backward, torch beside them.

Forward the numbers are ``dlcourse.numpy``'s. Backward they are the lines that a reader would write, one
matrix product after the other, so that three known-wrong lines can be swapped in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlcourse.numpy import functional as F
from dlcourse.numpy import tensor

__all__ = ["ACTIVATIONS", "BUGS", "LEAVES", "NetworkRun", "torch_beside"]

Array = NDArray[np.float64]

X = np.array([[1.0, 2.0], [-1.0, 0.5], [0.5, -1.5]])
Y = np.array([0, 1, 0])
WEIGHTS = {
    "W1": np.array([[0.5, -0.2], [-0.4, 0.3], [0.1, 0.6]]),
    "b1": np.array([0.1, 0.0, -0.1]),
    "W2": np.array([[0.6, -0.3, 0.2], [-0.5, 0.4, 0.1]]),
    "b2": np.array([0.0, 0.1]),
}
LEAVES = ("X", *WEIGHTS)

ACTIVATIONS = {"relu": F.relu, "tanh": F.tanh, "sigmoid": F.sigmoid}

RIGHT = "right"
BUGS = {
    RIGHT: "right",
    "no mean": "bug: not divided by N",
    "no slope": "bug: f′ left out",
    "last sample": "bug: = instead of += over the samples",
}


@dataclass(frozen=True)
class NetworkRun:
    """``values`` and ``gradients`` of the network's matrices by name: X, W1, b1, z1, a1, W2, b2, z2, p, L.

    p has no gradient of its own: softmax and cross-entropy go back in one step.
    """

    samples: int
    activation: str
    values: dict[str, Array]
    gradients: dict[str, Array]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, samples: int, activation: str, rule: str) -> NetworkRun:
        """Run the first ``samples`` samples through the network, and go back by ``rule`` (a key of ``BUGS``)."""
        values = _forward(samples, activation)
        return cls(samples, activation, values, _backward(values, Y[:samples], activation, rule), Y[:samples])


def _forward(samples: int, activation: str) -> dict[str, Array]:
    leaves = {"X": X[:samples], **WEIGHTS}
    t = {name: tensor(value) for name, value in leaves.items()}
    z1 = F.linear(t["X"], t["W1"], t["b1"])
    a1 = ACTIVATIONS[activation](z1)
    z2 = F.linear(a1, t["W2"], t["b2"])
    p = F.softmax(z2, dim=1)
    loss = F.cross_entropy(z2, tensor(Y[:samples]))
    return {**leaves, "z1": z1.data, "a1": a1.data, "z2": z2.data, "p": p.data, "L": np.asarray(loss.data)}


def slope(activation: str, values: dict[str, Array]) -> Array:
    """f'(z1), element by element, from z1 and a1 = f(z1)."""
    z, a = values["z1"], values["a1"]
    if activation == "relu":
        return (z > 0).astype(float)
    return 1 - a**2 if activation == "tanh" else a * (1 - a)


def _backward(v: dict[str, Array], labels: NDArray[np.int64], activation: str, rule: str) -> dict[str, Array]:
    n = len(labels)
    g = {"L": np.array(1.0)}
    g["z2"] = (v["p"] - np.eye(v["p"].shape[1])[labels]) / (1 if rule == "no mean" else n)
    seen = slice(n - 1, n) if rule == "last sample" else slice(None)
    g["W2"], g["b2"] = g["z2"][seen].T @ v["a1"][seen], g["z2"][seen].sum(axis=0)
    g["a1"] = g["z2"] @ v["W2"]
    g["z1"] = g["a1"] if rule == "no slope" else g["a1"] * slope(activation, v)
    g["W1"], g["b1"] = g["z1"][seen].T @ v["X"][seen], g["z1"][seen].sum(axis=0)
    g["X"] = g["z1"] @ v["W1"]
    return g


@dataclass(frozen=True)
class TorchBeside:
    """The same network in torch: what made each matrix (``grad_fn``), and the largest difference of a gradient."""

    made_by: dict[str, str]
    differences: dict[str, float]


def torch_beside(run: NetworkRun) -> TorchBeside | None:
    """Run the network in torch in float64; None where torch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    t = {name: torch.tensor(run.values[name], requires_grad=True) for name in LEAVES}
    t["z1"] = torch.nn.functional.linear(t["X"], t["W1"], t["b1"])
    t["a1"] = getattr(torch, run.activation)(t["z1"])
    t["z2"] = torch.nn.functional.linear(t["a1"], t["W2"], t["b2"])
    t["L"] = torch.nn.functional.cross_entropy(t["z2"], torch.tensor(run.labels))
    differences = {}
    for name, gradient in zip(t, torch.autograd.grad(t["L"], list(t.values()))):
        differences[name] = float(abs(gradient.numpy() - run.gradients[name]).max())
    return TorchBeside({name: type(node.grad_fn).__name__ for name, node in t.items() if node.grad_fn}, differences)
