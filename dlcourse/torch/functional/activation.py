"""Activations that torch does not have under one name."""

from __future__ import annotations

import torch

__all__ = ["maxout", "step"]


def step(input: torch.Tensor) -> torch.Tensor:
    """1 where the input is positive, else 0 (McCulloch & Pitts, 1943). Its gradient is 0 everywhere."""
    return torch.sign(input).clamp(min=0)  # sign is part of the graph, with gradient 0; a comparison would leave it


def maxout(input: torch.Tensor, pieces: int, dim: int = -1) -> torch.Tensor:
    """The largest of every ``pieces`` neighbours along ``dim`` (Goodfellow et al., 2013).

    Neighbours that are equal share the gradient. Raises ``ValueError`` if the length is not a
    multiple of ``pieces``.
    """
    length = input.shape[dim]
    if pieces < 1 or length % pieces:
        raise ValueError(f"maxout: pieces is {pieces}, expected a divisor of {length}, the length of axis {dim}")
    axis = dim % input.ndim
    shape = (*input.shape[:axis], length // pieces, pieces, *input.shape[axis + 1 :])
    return input.reshape(shape).amax(axis + 1)
