"""What every loader returns: arrays, names and a description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

__all__ = ["Dataset", "to_torch"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs with their labels.

    ``X`` is float32: images (N, C, H, W) with values in [0, 1], or points (N, D).
    ``y`` is int64 (N,), and ``classes[y[i]]`` is the name of example i's class.
    Raises ``ValueError`` when ``X`` and ``y`` differ in length or a label has no class.
    """

    name: str
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        if self.y.shape != (len(self.X),):
            raise ValueError(
                f"Dataset {self.name}: y has shape {self.y.shape}, expected ({len(self.X)},) as X has rows"
            )
        if len(self.y) and not 0 <= self.y.min() <= self.y.max() < len(self.classes):
            raise ValueError(
                f"Dataset {self.name}: labels run from {self.y.min()} to {self.y.max()}, "
                f"expected 0 to {len(self.classes) - 1}, one for each class name"
            )

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}: {len(self)} examples, X {self.X.shape}, {len(self.classes)} classes)"

    def subset(self, indices: NDArray[Any] | slice) -> Dataset:
        """The examples at ``indices`` (positions, a boolean mask or a slice)."""
        return replace(self, X=self.X[indices], y=self.y[indices])

    def flat(self) -> Dataset:
        """The same examples as rows: images (N, C, H, W) become (N, C·H·W)."""
        return replace(self, X=self.X.reshape(len(self), -1))

    def counts(self) -> NDArray[np.int64]:
        """How many examples each class has, (C,)."""
        return np.bincount(self.y, minlength=len(self.classes))

    def to_torch(self, device: str | torch.device = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
        """``X`` and ``y`` as torch tensors on ``device``."""
        X, y = to_torch(self.X, self.y, device=device)
        return X, y


def to_torch(*arrays: NDArray[Any], device: str | torch.device = "cpu") -> tuple[torch.Tensor, ...]:
    """NumPy arrays as torch tensors of the same dtype on ``device``.

    The tensors are copies: changing one never changes the data set.
    """
    import torch

    return tuple(torch.tensor(array, device=device) for array in arrays)
