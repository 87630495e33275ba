"""The course's reference: layers, a graph of operations, checks on."""

from __future__ import annotations

from benchmarks.peers.problem import Array, Peer, Problem
from dlcourse.numpy import Tensor, nn
from dlcourse.numpy import functional as F
from dlcourse.numpy.optim import SGD

__all__ = ["NAME", "build"]

NAME = "dlcourse.numpy"


class Network:
    """The training step as a lecture writes it."""

    def __init__(self, problem: Problem) -> None:
        x, y = problem.data()
        self.x, self.y = Tensor(x), Tensor(y)
        self.model = nn.Sequential(
            nn.Linear(problem.inputs, problem.hidden, dtype=problem.dtype),
            nn.ReLU(),
            nn.Linear(problem.hidden, problem.classes, dtype=problem.dtype),
        )
        for parameter, w in zip(self.model.parameters(), problem.weights(), strict=True):
            parameter.data[...] = w
        self.optimizer = SGD(self.model.parameters(), lr=problem.lr)

    def step(self) -> float:
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return float(loss.item())

    def weights(self) -> list[Array]:
        return [p.data for p in self.model.parameters()]


def build(problem: Problem) -> Peer:
    return Network(problem)
