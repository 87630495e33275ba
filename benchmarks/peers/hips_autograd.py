"""HIPS autograd: ``value_and_grad`` of a loss written in its wrapped NumPy."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np

from benchmarks.peers.problem import Array, Peer, Problem

__all__ = ["NAME", "build"]

NAME = "HIPS autograd"


class Network:
    """The loss as a function of the list of weights."""

    def __init__(self, problem: Problem) -> None:
        x, y = problem.data()
        rows = np.arange(problem.batch)

        def loss(parameters: list[Array]) -> Array:
            w1, b1, w2, b2 = parameters
            hidden = anp.maximum(anp.dot(x, w1.T) + b1, 0)
            logits = anp.dot(hidden, w2.T) + b2
            logits = logits - anp.max(logits, axis=1, keepdims=True)
            return anp.mean(anp.log(anp.sum(anp.exp(logits), axis=1)) - logits[rows, y])

        self.loss_and_grads = autograd.value_and_grad(loss)
        self.parameters = problem.weights()
        self.lr = x.dtype.type(problem.lr)

    def step(self) -> float:
        loss, grads = self.loss_and_grads(self.parameters)
        for w, grad in zip(self.parameters, grads, strict=True):
            w -= self.lr * grad
        return float(loss)

    def weights(self) -> list[Array]:
        return self.parameters


def build(problem: Problem) -> Peer:
    return Network(problem)
