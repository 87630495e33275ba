"""Filling weights with their first values: in place, under torch's names.

*Fan-in* is how many numbers each output is a sum of, *fan-out* how many outputs each input feeds.
For weights of shape (out, in, height, width), the kernel area counts: fan_in = in · height · width.
Functions change ``tensor`` in place and return it. ``generator`` is a NumPy ``Generator``; without
one, the library's own is used (see ``manual_seed``).
"""

from __future__ import annotations

import math

import numpy as np

from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.random import default_generator

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

Generator = np.random.Generator


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return constant_(tensor, 1.0)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with ``val``."""
    tensor.data[...] = val
    return tensor


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from the normal distribution N(mean, std²)."""
    tensor.data[...] = (generator or default_generator()).normal(mean, std, tensor.shape)
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw evenly from a to b."""
    tensor.data[...] = (generator or default_generator()).uniform(a, b, tensor.shape)
    return tensor


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Std = gain · √(2 / (fan_in + fan_out)): keeps forward and backward signals level (Glorot & Bengio, 2010)."""
    fan_in, fan_out = _fans("xavier_normal_", tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2 / (fan_in + fan_out)), generator)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Evenly from -√3·std to √3·std with the std of ``xavier_normal_`` (Glorot & Bengio, 2010)."""
    fan_in, fan_out = _fans("xavier_uniform_", tensor)
    return _uniform_with_std(tensor, gain * math.sqrt(2 / (fan_in + fan_out)), generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Std = gain / √fan, with gain √2 for ReLU, which silences half of the units (He et al., 2015).

    ``mode`` "fan_in" keeps the forward signal level, "fan_out" the backward one. ``a`` is the
    negative slope of a leaky ReLU.
    """
    return normal_(tensor, 0.0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Evenly from -√3·std to √3·std with the std of ``kaiming_normal_`` (He et al., 2015)."""
    return _uniform_with_std(tensor, _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity), generator)


def lecun_normal_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Std = √(1 / fan_in): unit variance in, unit variance out (LeCun et al., 1998); SELU needs it."""
    return normal_(tensor, 0.0, math.sqrt(1 / _fans("lecun_normal_", tensor)[0]), generator)


def lecun_uniform_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Evenly from -√(3/fan_in) to √(3/fan_in) (LeCun et al., 1998)."""
    return _uniform_with_std(tensor, math.sqrt(1 / _fans("lecun_uniform_", tensor)[0]), generator)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that makes up for what an activation takes away from the signal's size.

    ``param`` is the negative slope of "leaky_relu" (0.01 if not given). Raises ``ValueError`` for
    a name that is not known.
    """
    gains = {"linear": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: nonlinearity is {nonlinearity!r}, expected one of {[*sorted(gains), 'leaky_relu']}"
        )
    return gains[nonlinearity]


def _fans(function: str, tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError(f"{function}: tensor has shape {tensor.shape}, expected at least 2 axes (out, in, ...)")
    area = math.prod(tensor.shape[2:])
    return tensor.shape[1] * area, tensor.shape[0] * area


def _kaiming_std(function: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{function}: mode is {mode!r}, expected 'fan_in' or 'fan_out'")
    fan_in, fan_out = _fans(function, tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def _uniform_with_std(tensor: Tensor, std: float, generator: Generator | None) -> Tensor:
    bound = math.sqrt(3) * std  # the uniform distribution on [-b, b] has standard deviation b/√3
    return uniform_(tensor, -bound, bound, generator)
