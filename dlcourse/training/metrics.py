"""Numbers that say how well a model does, and their mean over batches of different sizes."""

from __future__ import annotations

import numpy as np

from dlcourse.training.backend import Array

__all__ = ["Mean", "accuracy"]


def accuracy(output: Array, y: Array) -> float:
    """The share of right answers: the largest of the outputs (N, C) against the class numbers (N,).

    For one output, (N,) or (N, 1), taken as a logit, the answer is 1 where it is positive.
    Of soft targets (N, C), as mixup gives, the largest entry counts as the class.
    """
    if y.ndim == 2 and y.shape[1] > 1:
        y = y.argmax(1)
    if output.ndim == 2 and output.shape[1] > 1:
        answers = output.argmax(1)
    else:
        answers = (output.reshape(len(y)) > 0).astype(np.int64)
    return float((answers == y.reshape(len(y))).mean())


class Mean:
    """The mean over examples of numbers that are known for each batch."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.examples = 0

    def add(self, results: dict[str, float], examples: int) -> None:
        """Add the results of a batch, weighted by its number of examples."""
        self.examples += examples
        for name, value in results.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * examples

    def values(self) -> dict[str, float]:
        """The means so far."""
        return {name: total / self.examples for name, total in self.sums.items()}
