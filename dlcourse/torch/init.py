"""Filling weights with their first values, in place: torch's functions, and LeCun's rule, which torch lacks."""

from __future__ import annotations

import math

from torch import Generator, Tensor
from torch.nn.init import (
    calculate_gain,
    constant_,
    kaiming_normal_,
    kaiming_uniform_,
    normal_,
    ones_,
    uniform_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)

__all__ = [
    "calculate_gain",
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "normal_",
    "ones_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


def lecun_normal_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Std = √(1 / fan_in): unit variance in, unit variance out (LeCun et al., 1998); SELU needs it."""
    return normal_(tensor, 0.0, math.sqrt(1 / _fan_in("lecun_normal_", tensor)), generator)


def lecun_uniform_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Evenly from -√(3/fan_in) to √(3/fan_in) (LeCun et al., 1998)."""
    bound = math.sqrt(3 / _fan_in("lecun_uniform_", tensor))
    return uniform_(tensor, -bound, bound, generator)


def _fan_in(function: str, tensor: Tensor) -> int:
    if tensor.ndim < 2:
        raise ValueError(f"{function}: tensor has shape {tuple(tensor.shape)}, expected at least 2 axes (out, in, ...)")
    return tensor[0].numel()
