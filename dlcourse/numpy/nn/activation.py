"""Activation functions as layers. The formulas are in ``dlcourse/numpy/functional/activation.py``."""

from __future__ import annotations

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.module import Module

__all__ = ["ELU", "GELU", "SELU", "LeakyReLU", "LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Step", "Tanh"]


class Step(Module):
    """1 where z > 0, else 0; no gradient."""

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.step(input)


class ReLU(Module):
    """max(0, z)."""

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.relu(input)


class LeakyReLU(Module):
    """z where z > 0, else ``negative_slope`` · z."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        """The slope."""
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """z where z > 0, else α(e^z - 1)."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.elu(input, self.alpha)

    def extra_repr(self) -> str:
        """The level on the left."""
        return f"alpha={self.alpha}"


class SELU(Module):
    """The self-normalising ELU; initialise with ``lecun_normal_``."""

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.selu(input)


class GELU(Module):
    """z · Φ(z); ``approximate`` is "none" or "tanh"."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Element by element."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Which formula."""
        return f"approximate={self.approximate!r}"


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


class Softmax(Module):
    """Probabilities along ``dim``. Before ``CrossEntropyLoss`` it is one softmax too many."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Row by row."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """Logarithms of probabilities along ``dim``."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Row by row."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"
