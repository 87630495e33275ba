"""Limits on gradients and on weights, applied between ``backward()`` and the next forward pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dlcourse.numpy.graph import Array, Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "max_norm_"]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Any:
    """Scale all gradients together, in place, so that their norm is at most ``max_norm``.

    The norm is that of all gradients as one vector (Pascanu, Mikolov & Bengio, 2013); the direction stays.
    Returns the norm before clipping, a NumPy number. Raises ``ValueError`` for a negative ``max_norm`` and
    ``RuntimeError`` when the norm is not finite and ``error_if_nonfinite``.
    """
    if max_norm < 0:
        raise ValueError(f"clip_grad_norm_: max_norm must be at least 0, got {max_norm!r}")
    grads = _gradients(parameters)
    if not grads:
        return np.float32(0)
    norm = np.linalg.norm([np.linalg.norm(g.ravel(), norm_type) for g in grads], norm_type)
    if error_if_nonfinite and not np.isfinite(norm):
        raise RuntimeError(f"clip_grad_norm_: the norm of order {norm_type} of the gradients is {norm}")
    scale = min(float(max_norm / (norm + 1e-6)), 1.0)
    for g in grads:
        g *= scale
    return norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Cut every entry of every gradient to [-clip_value, clip_value], in place. This can turn the direction.

    Raises ``ValueError`` for a negative ``clip_value``.
    """
    if clip_value < 0:
        raise ValueError(f"clip_grad_value_: clip_value must be at least 0, got {clip_value!r}")
    for g in _gradients(parameters):
        np.clip(g, -clip_value, clip_value, out=g)


def max_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, dim: int = 0) -> None:
    """Project the weights of each unit onto the ball of radius ``max_norm``, in place, after ``step()``.

    A unit is one index along ``dim``: a row of a Linear weight (out, in), a filter of a convolution. Rows within
    the ball stay as they are (Srebro & Shraibman, 2005; Hinton et al., 2012). Tensors with fewer than two
    dimensions, such as biases, are left alone. Raises ``ValueError`` unless ``max_norm`` is positive.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm_: max_norm must be greater than 0, got {max_norm!r}")
    for p in _as_list(parameters):
        w = p.data
        if w.ndim < 2:
            continue
        others = tuple(axis for axis in range(w.ndim) if axis != dim % w.ndim)
        norms = np.sqrt((w**2).sum(axis=others, keepdims=True))
        w *= max_norm / np.maximum(norms, max_norm)


def _as_list(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Array]:
    return [p.grad for p in _as_list(parameters) if p.grad is not None]
