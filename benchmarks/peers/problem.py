"""What every peer is given, and what every peer offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Peer", "Problem"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """A network D-H-C, one batch of N examples, and the weights to start from."""

    inputs: int
    hidden: int
    batch: int
    classes: int = 10
    lr: float = 1e-3
    dtype: str = "float32"

    def data(self) -> tuple[Array, Array]:
        """Inputs (N, D) and class numbers (N,)."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(self.batch, self.inputs)).astype(self.dtype)
        return x, rng.integers(self.classes, size=self.batch)

    def weights(self) -> list[Array]:
        """W1 (H, D), b1 (H,), W2 (C, H), b2 (C,): He's initialisation, and biases that are not zero."""
        rng = np.random.default_rng(1)
        first = rng.normal(size=(self.hidden, self.inputs)) * (2 / self.inputs) ** 0.5
        second = rng.normal(size=(self.classes, self.hidden)) * (2 / self.hidden) ** 0.5
        biases = 0.1 * rng.normal(size=self.hidden), 0.1 * rng.normal(size=self.classes)
        return [w.astype(self.dtype) for w in (first, biases[0], second, biases[1])]


class Peer(Protocol):
    """A network that can train on its batch."""

    def step(self) -> float:
        """Forward, backward, update; returns the loss before the update."""
        ...

    def weights(self) -> list[Array]:
        """The weights now, in the order and the shapes of ``Problem.weights``."""
        ...
