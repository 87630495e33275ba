"""Hand-written NumPy: no graph, no checks, buffers reused. What the reference could reach at best."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.problem import Array, Peer, Problem

__all__ = ["NAME", "build"]

NAME = "NumPy by hand"


class Network:
    """Forward and backward of this one network, written out."""

    def __init__(self, problem: Problem) -> None:
        self.x, self.y = problem.data()
        self.rows = np.arange(problem.batch)
        self.parameters = problem.weights()
        self.lr = self.x.dtype.type(problem.lr)

    def step(self) -> float:
        w1, b1, w2, b2 = self.parameters
        hidden = self.x @ w1.T
        hidden += b1
        np.maximum(hidden, 0, out=hidden)
        probabilities = hidden @ w2.T
        probabilities += b2
        probabilities -= probabilities.max(1, keepdims=True)
        np.exp(probabilities, out=probabilities)
        probabilities /= probabilities.sum(1, keepdims=True)
        loss = -np.log(probabilities[self.rows, self.y]).mean()

        d_logits = probabilities
        d_logits[self.rows, self.y] -= 1
        d_logits /= len(self.x)
        d_hidden = d_logits @ w2
        d_hidden *= hidden > 0
        grads = d_hidden.T @ self.x, d_hidden.sum(0), d_logits.T @ hidden, d_logits.sum(0)
        for w, grad in zip(self.parameters, grads, strict=True):
            grad *= self.lr
            w -= grad
        return float(loss)

    def weights(self) -> list[Array]:
        return self.parameters


def build(problem: Problem) -> Peer:
    return Network(problem)
