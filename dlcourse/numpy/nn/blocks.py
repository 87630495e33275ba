"""Building blocks of deep networks: units with several linear pieces, and paths around layers."""

from __future__ import annotations

from dlcourse.numpy import functional as F
from dlcourse.numpy.creation import cat
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.container import ModuleList, Sequential
from dlcourse.numpy.nn.linear import Identity, Linear
from dlcourse.numpy.nn.module import Module

__all__ = ["DenseBlock", "Maxout", "Residual"]


class Maxout(Module):
    """Each unit is the maximum of ``pieces`` linear functions (Goodfellow et al., 2013).

    ``linear`` maps (..., in_features) to (..., out_features · pieces); neighbours form one unit.
    """

    def __init__(self, in_features: int, out_features: int, pieces: int = 2) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = Linear(in_features, out_features * pieces)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        return F.maxout(self.linear(input), self.pieces)

    def extra_repr(self) -> str:
        """The number of pieces."""
        return f"pieces={self.pieces}"


class Residual(Module):
    """y = shortcut(x) + scale · body(x): the layers learn a correction to their input (He et al., 2016).

    The gradient reaches x undiminished through the shortcut. ``shortcut`` is the identity unless
    the shapes differ and it has to convert; ``scale`` below 1 keeps deep stacks from growing.
    Raises ``ValueError`` when the two shapes differ.
    """

    def __init__(self, *layers: Module, shortcut: Module | None = None, scale: float = 1.0) -> None:
        super().__init__()
        self.body = Sequential(*layers)
        self.shortcut = Identity() if shortcut is None else shortcut
        self.scale = scale

    def forward(self, input: Tensor) -> Tensor:
        """The sum of both paths."""
        direct, correction = self.shortcut(input), self.body(input)
        if direct.shape != correction.shape:
            raise ValueError(
                f"Residual: body gives shape {correction.shape}, expected {direct.shape}, the shape that shortcut gives"
            )
        total: Tensor = direct + self.scale * correction
        return total

    def extra_repr(self) -> str:
        """The scale."""
        return f"scale={self.scale}"


class DenseBlock(Module):
    """Each layer sees the input and the outputs of all layers before it, joined along axis 1 (Huang et al., 2017).

    The output is everything joined: with C channels in and L layers giving G channels each,
    C + L·G channels.
    """

    def __init__(self, *layers: Module) -> None:
        super().__init__()
        self.layers = ModuleList(layers)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) to (N, C + L·G, ...)."""
        joined = input
        for layer in self.layers:
            joined = cat([joined, layer(joined)], dim=1)
        return joined
