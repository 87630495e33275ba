"""Paths around layers: adding and joining."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["DenseBlock", "Residual"]


class Residual(nn.Module):
    """y = shortcut(x) + scale · body(x): the layers learn a correction to their input (He et al., 2016).

    ``shortcut`` is the identity unless the shapes differ and it has to convert; ``scale`` below 1
    keeps deep stacks from growing. Raises ``ValueError`` when the two shapes differ.
    """

    def __init__(self, *layers: nn.Module, shortcut: nn.Module | None = None, scale: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.scale = scale

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The sum of both paths."""
        direct, correction = self.shortcut(input), self.body(input)
        if direct.shape != correction.shape:
            raise ValueError(
                f"Residual: body gives shape {tuple(correction.shape)}, expected {tuple(direct.shape)}, the shape that "
                f"shortcut gives"
            )
        total: torch.Tensor = direct + self.scale * correction
        return total

    def extra_repr(self) -> str:
        """The scale."""
        return f"scale={self.scale}"


class DenseBlock(nn.Module):
    """Each layer sees the input and the outputs of all layers before it, joined along axis 1 (Huang et al., 2017).

    The output is everything joined: with C channels in and L layers giving G channels each,
    C + L·G channels.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """(N, C, ...) to (N, C + L·G, ...)."""
        joined = input
        for layer in self.layers:
            joined = torch.cat([joined, layer(joined)], dim=1)
        return joined
