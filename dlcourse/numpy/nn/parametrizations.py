"""Weights that are computed from other parameters: weight norm and spectral norm.

The layer's ``weight`` becomes a property, computed anew each time it is read. The names in
``state_dict`` are those of ``torch.nn.utils.parametrizations``: ``parametrizations.weight.original0``
and so on.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from dlcourse.numpy.graph import Array, Tensor
from dlcourse.numpy.nn.module import Module
from dlcourse.numpy.nn.parameter import Parameter
from dlcourse.numpy.random import default_generator

__all__ = ["spectral_norm", "weight_norm"]

Layer = TypeVar("Layer", bound=Module)


class _WeightNorm(Module):
    """w = g · v / ‖v‖, where the norm is over all axes but ``dim``: length and direction apart."""

    def __init__(self, weight: Parameter, dim: int) -> None:
        super().__init__()
        self.axes = tuple(axis for axis in range(weight.ndim) if axis != dim % weight.ndim)
        norm = np.sqrt(np.square(weight.data).sum(axis=self.axes, keepdims=True))
        self.original0 = Parameter(norm)  # g
        self.original1 = Parameter(weight.data)  # v

    def forward(self) -> Tensor:
        """The weight."""
        norm = (self.original1 * self.original1).sum(self.axes, keepdim=True).sqrt()
        return self.original1 * (self.original0 / norm)


class _SingularVectors(Module):
    """The two buffers of spectral norm, under torch's names."""

    _u: Array
    _v: Array

    def __init__(self, u: Array, v: Array) -> None:
        super().__init__()
        self.register_buffer("_u", u)
        self.register_buffer("_v", v)


class _SpectralNorm(Module):
    """w = W / σ, where σ is the largest singular value of W as a matrix (dim, everything else).

    Power iteration, u ← normalise(W v), v ← normalise(Wᵀ u), follows the largest singular vectors
    while W changes slowly. u and v count as constants: σ = uᵀ W v.
    """

    def __init__(self, weight: Parameter, n_power_iterations: int, eps: float, dim: int) -> None:
        super().__init__()
        self.n_power_iterations, self.eps = n_power_iterations, eps
        self.order = (dim % weight.ndim, *(axis for axis in range(weight.ndim) if axis != dim % weight.ndim))
        self.original = Parameter(weight.data)
        matrix = self.matrix().data
        u, v = (np.asarray(default_generator().normal(size=n), matrix.dtype) for n in matrix.shape)
        self.add_module("0", _SingularVectors(_unit(u, eps), _unit(v, eps)))  # "0" is torch's name for it
        self.power_iteration(matrix, 15)

    @property
    def vectors(self) -> _SingularVectors:
        """The buffers u and v."""
        vectors: _SingularVectors = self.__dict__["0"]
        return vectors

    def matrix(self) -> Tensor:
        """The weight as a matrix."""
        length = self.original.shape[self.order[0]]
        return self.original.permute(*self.order).reshape(length, self.original.numel() // length)

    def power_iteration(self, matrix: Array, iterations: int) -> None:
        """Turn u and v towards the largest singular vectors, in place."""
        u, v = self.vectors._u, self.vectors._v
        for _ in range(iterations):
            u[...] = _unit(matrix @ v, self.eps)
            v[...] = _unit(matrix.T @ u, self.eps)

    def forward(self) -> Tensor:
        """The weight."""
        matrix = self.matrix()
        if self.training:
            self.power_iteration(matrix.data, self.n_power_iterations)
        u, v = (Tensor(vector.copy()) for vector in (self.vectors._u, self.vectors._v))
        return self.original / (u @ (matrix @ v))


def _unit(vector: Array, eps: float) -> Array:
    unit: Array = vector / max(float(np.linalg.norm(vector)), eps)
    return unit


def weight_norm(module: Layer, name: str = "weight", dim: int = 0) -> Layer:
    """Learn the length and the direction of a layer's weights apart (Salimans & Kingma, 2016).

    Changes the layer and returns it. ``parametrizations.NAME.original0`` is the length g, one for
    each index along ``dim``, ``original1`` the direction v. Raises ``ValueError`` if there is no
    such parameter.
    """
    return _parametrize(module, name, _WeightNorm(_parameter("weight_norm", module, name), dim))


def spectral_norm(
    module: Layer, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Layer:
    """Divide a layer's weights by their largest singular value (Miyato et al., 2018).

    The weights count as a matrix with rows along ``dim`` (0 if not given), so the layer stretches no
    vector by more than 1. Changes the layer and returns it; training
    runs ``n_power_iterations`` with each forward. ``parametrizations.NAME.original`` is W, and
    ``.0._u``, ``.0._v`` the vectors. Raises ``ValueError`` if there is no such parameter with at
    least two axes, or for fewer than one iteration.
    """
    weight = _parameter("spectral_norm", module, name)
    if weight.ndim < 2:
        raise ValueError(f"spectral_norm: {name} has shape {weight.shape}, expected at least 2 axes")
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations is {n_power_iterations}, expected at least 1")
    return _parametrize(module, name, _SpectralNorm(weight, n_power_iterations, eps, dim or 0))


def _parameter(function: str, module: Module, name: str) -> Parameter:
    value = module.__dict__.get(name)
    if not isinstance(value, Parameter):
        raise ValueError(f"{function}: {type(module).__name__} has no parameter {name!r}")
    return value


def _parametrize(module: Layer, name: str, compute: Module) -> Layer:
    """Replace the parameter by a property of a class made for this one layer, as torch does."""

    def computed(self: Any) -> Tensor:
        weight: Tensor = getattr(self.parametrizations, name)()
        return weight

    delattr(module, name)
    if "parametrizations" not in module.__dict__:
        module.add_module("parametrizations", Module())
    module.parametrizations.add_module(name, compute)  # type: ignore[attr-defined]
    cls = type(module)
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), {name: property(computed)})
    return module
