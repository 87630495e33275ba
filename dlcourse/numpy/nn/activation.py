"""Activation functions as layers. The formulas are in ``dlcourse/numpy/functional/activation.py``."""

from __future__ import annotations

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.module import Module

__all__ = ["ReLU", "Sigmoid", "Tanh"]


class ReLU(Module):
    """max(0, z)."""

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.relu(input)


class Sigmoid(Module):
    """1 / (1 + e^-z)."""

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.sigmoid(input)


class Tanh(Module):
    """tanh(z)."""

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.tanh(input)
