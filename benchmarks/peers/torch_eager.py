"""PyTorch, eager mode, its usual SGD."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.peers.problem import Array, Peer, Problem

__all__ = ["NAME", "Network", "build"]

NAME = "torch eager"


class Network:
    """The training step of torch's own tutorials. ``fused`` asks for SGD in one native call."""

    def __init__(self, problem: Problem, fused: bool = False) -> None:
        x, y = problem.data()
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        dtype = getattr(torch, problem.dtype)
        self.model = nn.Sequential(
            nn.Linear(problem.inputs, problem.hidden, dtype=dtype),
            nn.ReLU(),
            nn.Linear(problem.hidden, problem.classes, dtype=dtype),
        )
        with torch.no_grad():
            for parameter, w in zip(self.model.parameters(), problem.weights(), strict=True):
                parameter.copy_(torch.from_numpy(w))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=problem.lr, fused=fused or None)

    def step(self) -> float:
        """Forward, backward, update; returns the loss before the update."""
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def weights(self) -> list[Array]:
        """The weights now."""
        return [p.detach().numpy() for p in self.model.parameters()]


def build(problem: Problem) -> Peer:
    return Network(problem)
