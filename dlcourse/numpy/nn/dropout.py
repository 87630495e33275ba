"""Dropout as layers: random in training, the identity in evaluation."""

from __future__ import annotations

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.module import Module

__all__ = ["DropBlock2d", "Dropout", "Dropout2d"]


class Dropout(Module):
    """Drops single numbers with probability ``p``. Raises ``ValueError`` for a p outside [0, 1]."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        _check(self, p)
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        """Any shape."""
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class Dropout2d(Module):
    """Drops whole channels with probability ``p``. Raises ``ValueError`` for a p outside [0, 1]."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        _check(self, p)
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        """Images (N, C, H, W)."""
        return F.dropout2d(input, self.p, self.training)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class DropBlock2d(Module):
    """Drops squares of pixels, about a share ``p`` of them. Raises ``ValueError`` for a p outside [0, 1]."""

    def __init__(self, p: float = 0.1, block_size: int = 7) -> None:
        super().__init__()
        _check(self, p)
        self.p, self.block_size = p, block_size

    def forward(self, input: Tensor) -> Tensor:
        """Images (N, C, H, W)."""
        return F.drop_block2d(input, self.p, self.block_size, self.training)

    def extra_repr(self) -> str:
        """The probability and the size."""
        return f"p={self.p}, block_size={self.block_size}"


def _check(module: Module, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{type(module).__name__}: p is {p}, expected a probability from 0 to 1")
