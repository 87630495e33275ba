"""Activation functions: what each does to its input, and to the gradient on the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "tanh"]


class ReLU(Operation):
    """max(0, z). The gradient passes where z > 0 and stops elsewhere; at 0 it is 0, as in torch."""

    def forward(self, z: Array) -> Any:
        self.a = np.maximum(z, 0)
        return self.a

    def backward(self, grad: Array) -> Any:
        return grad * (self.a > 0)


class Sigmoid(Operation):
    """s = 1 / (1 + e^-z), with derivative s(1 - s), at most 1/4."""

    def forward(self, z: Array) -> Any:
        self.s = _sigmoid(z)
        return self.s

    def backward(self, grad: Array) -> Any:
        return grad * self.s * (1 - self.s)


def _sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))  # never above 1, so nothing overflows at z = -1000
    s: Array = np.where(z >= 0, 1, small) / (1 + small)
    return s


class Tanh(Operation):
    """t = tanh(z), with derivative 1 - t²."""

    def forward(self, z: Array) -> Any:
        self.t = np.tanh(z)
        return self.t

    def backward(self, grad: Array) -> Any:
        return grad * (1 - self.t**2)


class Softmax(Operation):
    """p_i = e^{z_i} / Σ_j e^{z_j} along one axis: positive, summing to 1.

        dz = p · (dp - Σ_j dp_j p_j)

    Every output depends on every input of its row, hence the sum. Subtracting the largest z of the
    row changes nothing in the formula and keeps e^z from overflowing.
    """

    def forward(self, z: Array, axis: int) -> Any:
        self.axis = axis
        exp = np.exp(_shifted(z, axis))
        self.p = exp / exp.sum(axis=axis, keepdims=True)
        return self.p

    def backward(self, grad: Array) -> Any:
        return self.p * (grad - (grad * self.p).sum(axis=self.axis, keepdims=True))


class LogSoftmax(Operation):
    """log p = z - log Σ_j e^{z_j} along one axis, without ever forming a p that may be 0.

    dz = d(log p) - p · Σ_j d(log p_j)
    """

    def forward(self, z: Array, axis: int) -> Any:
        self.axis = axis
        shifted = _shifted(z, axis)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        return self.log_p

    def backward(self, grad: Array) -> Any:
        return grad - np.exp(self.log_p) * grad.sum(axis=self.axis, keepdims=True)


def _shifted(z: Array, axis: int) -> Array:
    """Subtract the largest value of each row (an empty row stays empty)."""
    shifted: Array = z - z.max(axis=axis, keepdims=True, initial=-np.inf)
    return shifted


def relu(input: Tensor) -> Tensor:
    """max(0, input) element by element (Nair & Hinton, 2010)."""
    return ReLU.apply(input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input) element by element; safe for inputs of any size."""
    return Sigmoid.apply(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, element by element."""
    return Tanh.apply(input)


def softmax(input: Tensor, dim: int) -> Tensor:
    """Probabilities along ``dim``; safe for inputs of ±1000."""
    return Softmax.apply(input, axis=dim)


def log_softmax(input: Tensor, dim: int) -> Tensor:
    """The logarithm of ``softmax``, computed so that no probability rounds to 0 on the way."""
    return LogSoftmax.apply(input, axis=dim)
