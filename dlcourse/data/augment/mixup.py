"""Mixing pairs of examples and their labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcourse.data.augment.base import Images
from dlcourse.data.warp import like

__all__ = ["MixedBatches", "Mixup"]


class Mixup:
    """Train on mixtures of two examples with the labels mixed alike (Zhang, Cisse, Dauphin & Lopez-Paz, 2018).

        x = λ x_i + (1 - λ) x_j        y = λ y_i + (1 - λ) y_j        λ ~ Beta(α, α)

    j is a random permutation of i and there is one λ a batch, as in the authors' code. Labels come
    out soft, (N, C), for a cross-entropy that accepts probabilities. ``mixup.lam`` and
    ``mixup.partner`` are what the last call drew.
    Raises ``ValueError`` for α ≤ 0 or labels outside 0 … classes - 1.
    """

    def __init__(self, classes: int, alpha: float = 1.0, seed: int = 0) -> None:
        if alpha <= 0 or classes < 2:
            raise ValueError(f"Mixup: alpha is {alpha} and classes is {classes}, expected above 0 and 2 or more")
        self.classes, self.alpha = classes, alpha
        self.rng = np.random.default_rng(seed)
        self.lam = 1.0
        self.partner = np.arange(0)

    def __call__(self, X: Images, y: Any) -> tuple[Images, Images]:
        """Mix ``X`` (N, …) and labels ``y``, (N,) or already soft (N, C)."""
        self.lam = float(self.rng.beta(self.alpha, self.alpha))
        self.partner = self.rng.permutation(len(X))
        soft = self._soft(X, y)
        mixed = [values * self.lam + values[self.partner] * (1 - self.lam) for values in (X, soft)]
        return mixed[0], mixed[1]

    def _soft(self, X: Images, y: Any) -> Images:
        """Labels as one-hot rows of the same library and dtype as X."""
        if len(y) != len(X):
            raise ValueError(f"Mixup: X has {len(X)} rows and y has {len(y)}, expected as many")
        if y.ndim == 2:
            return y
        labels = y if isinstance(y, np.ndarray) else y.cpu().numpy()
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.classes:
            raise ValueError(
                f"Mixup: labels run from {labels.min()} to {labels.max()}, expected 0 to {self.classes - 1}"
            )
        return like(np.eye(self.classes)[labels], X)


class MixedBatches:
    """``batches`` with every batch mixed, to train on: ``MixedBatches(Batches(X, y), Mixup(classes=10))``."""

    def __init__(self, batches: Any, mixup: Mixup) -> None:
        self.batches, self.mixup = batches, mixup

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Images, Images]]:
        for X, y in self.batches:
            yield self.mixup(X, y)

    def state_dict(self) -> dict[str, Any]:
        """Where the order and the random numbers stand."""
        return {"batches": self.batches.state_dict(), "random": self.mixup.rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.batches.load_state_dict(state["batches"])
        self.mixup.rng.bit_generator.state = state["random"]
