"""scikit-learn: ``MLPClassifier.partial_fit`` with one batch, no penalty, no momentum."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.problem import Array, Peer, Problem

__all__ = ["NAME", "build"]

NAME = "scikit-learn partial_fit"


class Network:
    """``partial_fit`` makes one step for each batch it is given."""

    def __init__(self, problem: Problem) -> None:
        self.x, self.y = problem.data()
        self.model = MLPClassifier(
            (problem.hidden,),
            solver="sgd",
            batch_size=problem.batch,
            learning_rate_init=problem.lr,
            momentum=0,
            alpha=0,
            shuffle=False,
        )
        self.model.partial_fit(self.x, self.y, classes=np.arange(problem.classes))  # makes the arrays
        w1, b1, w2, b2 = problem.weights()
        for array, value in zip(self.model.coefs_ + self.model.intercepts_, (w1.T, w2.T, b1, b2), strict=True):
            array[...] = value

    def step(self) -> float:
        self.model.partial_fit(self.x, self.y)
        return float(self.model.loss_)

    def weights(self) -> list[Array]:
        (w1, w2), (b1, b2) = self.model.coefs_, self.model.intercepts_
        return [w1.T, b1, w2.T, b2]


def build(problem: Problem) -> Peer:
    return Network(problem)
