"""Mini-batches, reshuffled at the start of every epoch.

Each class is one answer to "which examples make a batch?":
:class:`Batches` (a shuffled pass), :class:`StratifiedBatches` (every class in every batch),
:class:`WeightedBatches` (drawn with given weights) and :class:`HardExampleBatches` (drawn by loss).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Batches", "HardExampleBatches", "StratifiedBatches", "WeightedBatches"]

Indices = NDArray[np.int64]


class Batches:
    """Iterate over ``(X, y)`` mini-batches; each ``for`` loop over it is one epoch.

    ``X`` and ``y`` are NumPy arrays or torch tensors with the same number of rows. Names follow
    torch's ``DataLoader``; here ``shuffle`` is on by default. ``drop_last`` leaves out a last
    batch that is smaller. ``transform`` (an augmentation) is applied to each batch of inputs.

    The order of epoch k depends on ``seed`` and k only; ``state_dict`` and ``load_state_dict`` resume.
    ``batches.indices`` holds the positions of the batch at hand.
    Raises ``ValueError`` for lengths that differ or a batch size below 1.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        batch_size: int = 32,
        shuffle: bool = True,
        drop_last: bool = False,
        seed: int = 0,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if len(X) != len(y):
            raise ValueError(f"{type(self).__name__}: X has {len(X)} rows and y has {len(y)}, expected as many")
        if batch_size < 1:
            raise ValueError(f"{type(self).__name__}: batch_size is {batch_size}, expected 1 or more")
        self.X, self.y = X, y
        self.batch_size, self.shuffle, self.drop_last = batch_size, shuffle, drop_last
        self.seed, self.transform = seed, transform
        self.epoch = 0
        self.indices: Indices = np.arange(0)

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        whole, rest = divmod(len(self.X), self.batch_size)
        return whole + (1 if rest and not self.drop_last else 0)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        for indices in self.plan(rng):
            self.indices = indices
            X = self.X[indices]
            yield (X if self.transform is None else self.transform(X)), self.y[indices]

    def state_dict(self) -> dict[str, Any]:
        """What the next epochs depend on: the epoch's number, and where the augmentation's random numbers stand."""
        inner = getattr(self.transform, "state_dict", None)
        return {"epoch": self.epoch, "transform": None if inner is None else inner()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.epoch = int(state_dict["epoch"])
        if state_dict["transform"] is not None:
            self.transform.load_state_dict(state_dict["transform"])  # type: ignore[union-attr]

    def plan(self, rng: np.random.Generator) -> Iterator[Indices]:
        """The positions of each batch of one epoch. A subclass overrides this."""
        order = rng.permutation(len(self.X)) if self.shuffle else np.arange(len(self.X))
        for number in range(len(self)):
            yield order[number * self.batch_size : (number + 1) * self.batch_size]


class StratifiedBatches(Batches):
    """Every batch has every class, in nearly the same proportions; each example comes once an epoch.

    The examples of each class are shuffled and dealt to the batches like cards, so batch sizes
    differ by at most one and never exceed ``batch_size``.
    Raises ``ValueError`` when a class has fewer examples than there are batches.
    """

    def __init__(
        self, X: Any, y: Any, batch_size: int = 32, seed: int = 0, transform: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(X, y, batch_size, seed=seed, transform=transform)
        labels = np.asarray(y.cpu() if hasattr(y, "cpu") else y)
        self.groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        smallest = min(self.groups, key=len, default=np.arange(0))
        if len(smallest) < len(self):
            raise ValueError(
                f"StratifiedBatches: class {labels[smallest[0]]} has {len(smallest)} example(s) for "
                f"{len(self)} batches; use a batch_size of {-(-len(labels) // len(smallest))} or more, "
                f"or over-sample that class"
            )

    def plan(self, rng: np.random.Generator) -> Iterator[Indices]:
        """Deal the shuffled examples of each class to the batches in turn."""
        cards = np.concatenate([rng.permutation(group) for group in self.groups]) if self.groups else np.arange(0)
        for number in rng.permutation(len(self)):
            yield rng.permutation(cards[number :: len(self)])


class WeightedBatches(Batches):
    """Draw examples with replacement, with probability proportional to ``weights`` (N,).

    With ``example_weights(y)`` all classes come equally often. An epoch is as many draws as
    there are examples. Raises ``ValueError`` for weights that are negative, not finite or all zero.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        weights: ArrayLike,
        batch_size: int = 32,
        seed: int = 0,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(X, y, batch_size, seed=seed, transform=transform)
        values = np.asarray(weights, dtype=np.float64)
        if values.shape != (len(X),):
            raise ValueError(f"WeightedBatches: weights has shape {values.shape}, expected ({len(X)},)")
        if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
            raise ValueError("WeightedBatches: weights must be finite, not negative, and not all zero")
        self.weights = values / values.sum()

    def plan(self, rng: np.random.Generator) -> Iterator[Indices]:
        """Draw the examples of each batch."""
        for number in range(len(self)):
            size = min(self.batch_size, len(self.X) - number * self.batch_size)
            yield rng.choice(len(self.X), size, p=self.weights)


class HardExampleBatches(WeightedBatches):
    """Draw examples in proportion to their last known loss; tell it the losses with :meth:`report`.

    Losses are clipped at the ``clip`` quantile, so that a few mislabelled examples with huge
    losses do not take over. Examples not seen yet count as the hardest.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        batch_size: int = 32,
        clip: float = 0.9,
        seed: int = 0,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if not 0 < clip <= 1:
            raise ValueError(f"HardExampleBatches: clip is {clip}, expected a quantile above 0 and at most 1")
        super().__init__(X, y, np.ones(len(X)), batch_size, seed=seed, transform=transform)
        self.clip = clip
        self.losses = np.full(len(X), np.nan)

    def report(self, losses: ArrayLike) -> None:
        """Store the loss of each example of the batch at hand, (batch,)."""
        values = np.asarray(losses, dtype=np.float64)
        if values.shape != self.indices.shape:
            raise ValueError(
                f"HardExampleBatches.report: losses has shape {values.shape}, expected {self.indices.shape}, "
                f"one loss for each example of the batch"
            )
        self.losses[self.indices] = values

    def state_dict(self) -> dict[str, Any]:
        """As that of Batches, with the losses known so far."""
        return {**super().state_dict(), "losses": self.losses.copy()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        super().load_state_dict(state_dict)
        self.losses = np.array(state_dict["losses"], dtype=np.float64)

    def plan(self, rng: np.random.Generator) -> Iterator[Indices]:
        """Set the weights from the losses known at the start of the epoch, then draw."""
        seen = np.isfinite(self.losses)
        if seen.any():
            ceiling = np.quantile(self.losses[seen], self.clip)
            clipped = np.clip(np.where(seen, self.losses, ceiling), 0, ceiling) + 1e-3 * max(ceiling, 1e-12)
            self.weights = clipped / clipped.sum()
        yield from super().plan(rng)
