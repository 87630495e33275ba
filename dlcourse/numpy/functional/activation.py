"""Activation functions: what each does to its input, and to the gradient on the way back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.graph import Array, Operation, Tensor
from dlcourse.numpy.operands import floating

__all__ = ["elu", "gelu", "leaky_relu", "relu", "selu", "sigmoid", "step", "tanh"]


class Step(Operation):
    """1 where z > 0, else 0. Flat on both sides, so the gradient is 0: gradient descent cannot train through it."""

    def forward(self, z: Array) -> Any:
        return (z > 0).astype(z.dtype)

    def backward(self, grad: Array) -> Any:
        return np.zeros_like(grad)


class ReLU(Operation):
    """max(0, z). The gradient passes where z > 0 and stops elsewhere; at 0 it is 0, as in torch."""

    def forward(self, z: Array) -> Any:
        self.a = np.maximum(z, 0)
        return self.a

    def backward(self, grad: Array) -> Any:
        return grad * (self.a > 0)


class LeakyReLU(Operation):
    """z where z > 0, else slope·z: a unit that is off still learns."""

    def forward(self, z: Array, negative_slope: float) -> Any:
        self.slope = np.where(z > 0, 1, negative_slope).astype(z.dtype)
        return z * self.slope

    def backward(self, grad: Array) -> Any:
        return grad * self.slope


class ELU(Operation):
    """z where z > 0, else α(e^z - 1), all times ``scale`` (1 for ELU; SELU has its own α and scale).

    For z <= 0 the slope is scale·α·e^z, which is the output plus scale·α.
    """

    def forward(self, z: Array, alpha: float, scale: float) -> Any:
        self.positive = z > 0
        self.scale = scale
        negative = alpha * np.expm1(np.minimum(z, 0))
        self.negative_slope = negative + alpha
        return scale * np.where(self.positive, z, negative)

    def backward(self, grad: Array) -> Any:
        return self.scale * grad * np.where(self.positive, 1, self.negative_slope)


class Sigmoid(Operation):
    """s = 1 / (1 + e^-z), with derivative s(1 - s), at most 1/4."""

    def forward(self, z: Array) -> Any:
        small = np.exp(-np.abs(z))  # never above 1, so nothing overflows at z = -1000
        self.s = np.where(z >= 0, 1, small) / (1 + small)
        return self.s

    def backward(self, grad: Array) -> Any:
        return grad * self.s * (1 - self.s)


class Tanh(Operation):
    """t = tanh(z), with derivative 1 - t²."""

    def forward(self, z: Array) -> Any:
        self.t = np.tanh(z)
        return self.t

    def backward(self, grad: Array) -> Any:
        return grad * (1 - self.t**2)


class GELU(Operation):
    """z·Φ(z), where Φ(z) = (1 + erf(z/√2))/2 is the normal distribution function and φ its density.

    dz = Φ(z) + z·φ(z)
    """

    def forward(self, z: Array) -> Any:
        self.z = z
        self.cdf = (1 + _erf(z / math.sqrt(2))) / 2
        return z * self.cdf

    def backward(self, grad: Array) -> Any:
        density = np.exp(-(self.z**2) / 2) / math.sqrt(2 * math.pi)
        return grad * (self.cdf + self.z * density)


def _erf(z: Array) -> Array:
    """The error function, from Python's own ``math``: NumPy has none. One call for each entry, so it is slow."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(z), dtype=z.dtype)


class TanhGELU(Operation):
    """z·(1 + t)/2 with t = tanh(u), u = √(2/π)(z + 0.044715 z³): GELU without erf.

    dz = (1 + t)/2 + z·(1 - t²)/2 · du/dz        du/dz = √(2/π)(1 + 3·0.044715 z²)
    """

    def forward(self, z: Array) -> Any:
        self.z = z
        self.t = np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))
        return z * (1 + self.t) / 2

    def backward(self, grad: Array) -> Any:
        du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * self.z**2)
        return grad * ((1 + self.t) / 2 + self.z * (1 - self.t**2) / 2 * du)


def step(input: Tensor) -> Tensor:
    """1 where the input is positive, else 0 (McCulloch & Pitts, 1943). Its gradient is 0 everywhere."""
    return Step.apply(input)


def relu(input: Tensor) -> Tensor:
    """max(0, input) element by element (Nair & Hinton, 2010)."""
    return ReLU.apply(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """The input where it is positive, else ``negative_slope`` times it (Maas et al., 2013)."""
    require_floating("leaky_relu", input)
    return LeakyReLU.apply(input, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """The input where it is positive, else α(e^input - 1), which levels off at -α (Clevert et al., 2016)."""
    require_floating("elu", input)
    return ELU.apply(input, alpha=alpha, scale=1.0)


SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def selu(input: Tensor) -> Tensor:
    """ELU with the α and scale that keep mean 0 and variance 1 through a deep network (Klambauer et al., 2017).

    It needs weights from ``init.lecun_normal_``.
    """
    require_floating("selu", input)
    return ELU.apply(input, alpha=SELU_ALPHA, scale=SELU_SCALE)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input) element by element; safe for inputs of any size. Integers become the default dtype."""
    return Sigmoid.apply(floating(input))


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, element by element. Integers become the default dtype."""
    return Tanh.apply(floating(input))


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Input · Φ(input): each number weighted by how large it is among normal ones (Hendrycks & Gimpel, 2016).

    ``approximate`` is "none" for the exact function or "tanh" for the quick one, 1e-3 apart at most.
    Raises ``ValueError`` for anything else.
    """
    require_floating("gelu", input)
    if approximate == "none":
        return GELU.apply(input)
    if approximate == "tanh":
        return TanhGELU.apply(input)
    raise ValueError(f"gelu: approximate is {approximate!r}, expected 'none' or 'tanh'")
