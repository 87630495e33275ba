"""MyGrad: tensors over NumPy, its own ReLU and its fused softmax cross-entropy.

Memory guarding, which makes arrays in a graph read-only, is off: MyGrad's manual names that as the
switch for speed.
"""

from __future__ import annotations

import mygrad
from mygrad.nnet.activations import relu
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.peers.problem import Array, Peer, Problem

__all__ = ["NAME", "build"]

NAME = "MyGrad"


class Network:
    """The training step with MyGrad's tensors."""

    def __init__(self, problem: Problem) -> None:
        self.x, self.y = problem.data()
        self.parameters = [mygrad.tensor(w) for w in problem.weights()]
        self.lr = self.x.dtype.type(problem.lr)

    def step(self) -> float:
        w1, b1, w2, b2 = self.parameters
        with mygrad.mem_guard_off:
            hidden = relu(mygrad.matmul(self.x, w1.T) + b1)
            loss = softmax_crossentropy(mygrad.matmul(hidden, w2.T) + b2, self.y)
            loss.backward()
        for w in self.parameters:
            w.data -= self.lr * w.grad
        return float(loss)

    def weights(self) -> list[Array]:
        return [w.data for w in self.parameters]


def build(problem: Problem) -> Peer:
    return Network(problem)
