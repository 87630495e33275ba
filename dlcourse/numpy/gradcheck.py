"""Is a gradient right? Compare it with what the function does when an input moves a little.

The centred difference (f(x + h) - f(x - h)) / 2h has an error of order h²; the one-sided one of
order h. Everything is in float64: in float32, rounding alone costs half of the digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcourse.numpy.graph import Array, Tensor

__all__ = ["directional_check", "gradcheck", "numerical_gradient", "relative_error"]


def numerical_gradient(function: Callable[..., Any], *arrays: Array, eps: float = 1e-6) -> list[Array]:
    """The gradient of a function of arrays that returns a number, by centred differences, entry by entry.

    Costs two calls for every entry of every array. The arrays are changed for a moment and put
    back. Raises ``TypeError`` for arrays that are not float64 and ``ValueError`` if ``function``
    does not return one number.
    """
    _require_float64("numerical_gradient", arrays)
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            before = array[index]
            array[index] = before + eps
            above = _number("numerical_gradient", function(*arrays))
            array[index] = before - eps
            below = _number("numerical_gradient", function(*arrays))
            array[index] = before
            gradient[index] = (above - below) / (2 * eps)
        gradients.append(gradient)
    return gradients


def relative_error(a: Any, b: Any) -> float:
    """The largest abs(a - b), divided by the largest number in either; 0 if both are zero, NaN if either has a NaN.

    Dividing entry by entry instead would report a large error wherever both entries are nearly 0.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"relative_error: b has shape {second.shape}, expected {first.shape}, the shape of a")
    if first.size == 0:
        return 0.0
    scale = max(np.abs(first).max(), np.abs(second).max())
    difference = np.abs(first - second).max()
    return 0.0 if scale == 0 else float(difference / scale)


def gradcheck(function: Callable[..., Tensor], inputs: Sequence[Tensor], eps: float = 1e-6, rtol: float = 1e-6) -> bool:
    """Compare every gradient that ``backward`` gives with the numerical one. Returns True if all agree.

    ``function`` takes the tensors and returns a tensor of any shape; its entries are added up with
    random weights, so that an error cannot hide behind a symmetric sum. Raises ``RuntimeError``
    naming the input and entry that differ most, ``TypeError`` for inputs that are not float64, and
    ``ValueError`` if no input requires a gradient.
    """
    arrays = [x.data for x in inputs]
    _require_float64("gradcheck", arrays)
    if not any(x.requires_grad for x in inputs):
        raise ValueError("gradcheck: no input has requires_grad=True, expected at least one")
    fresh = [Tensor(x.data, requires_grad=x.requires_grad) for x in inputs]
    out = function(*fresh)
    weights = np.random.default_rng(0).normal(size=out.shape)
    out.backward(weights)
    numerical = numerical_gradient(
        lambda *arrays: (function(*[Tensor(a) for a in arrays]).data * weights).sum(), *arrays, eps=eps
    )
    for i, (x, expected) in enumerate(zip(fresh, numerical, strict=True)):
        if x.requires_grad:
            compare(i, np.zeros_like(x.data) if x.grad is None else x.grad, expected, rtol)
    return True


def compare(position: int, got: Array, expected: Array, rtol: float) -> None:
    """Raise ``RuntimeError`` naming the worst entry when a gradient differs from the numerical one."""
    if relative_error(got, expected) <= rtol:
        return
    worst = np.unravel_index(np.nanargmax(np.nan_to_num(np.abs(got - expected), nan=np.inf)), got.shape)
    raise RuntimeError(
        f"gradcheck: gradient of input {position} is wrong: entry {tuple(map(int, worst))} is {got[worst]:.6g}, the "
        f"difference quotient says {expected[worst]:.6g} (relative error {relative_error(got, expected):.1e}, "
        f"expected at most {rtol:.0e})"
    )


def directional_check(
    function: Callable[..., Any],
    arrays: Sequence[Array],
    gradients: Sequence[Array],
    directions: int = 3,
    eps: float = 1e-6,
    seed: int = 0,
) -> float:
    """Check gradients along random directions: two calls for each direction, however many entries there are.

    ``function`` takes the arrays and returns a number. Along a direction v, the slope is
    (f(x + hv) - f(x - hv)) / 2h, and must be the sum of gradient · v. Returns the largest
    difference relative to the size of the gradient. Raises as ``numerical_gradient``.
    """
    _require_float64("directional_check", arrays)
    for i, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
        if array.shape != np.shape(gradient):
            raise ValueError(f"directional_check: gradient {i} has shape {np.shape(gradient)}, expected {array.shape}")
    rng = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(directions):
        vectors = [rng.normal(size=a.shape) for a in arrays]
        above = _number("directional_check", function(*[a + eps * v for a, v in zip(arrays, vectors, strict=True)]))
        below = _number("directional_check", function(*[a - eps * v for a, v in zip(arrays, vectors, strict=True)]))
        slope = (above - below) / (2 * eps)
        products = [np.sum(g * v) for g, v in zip(gradients, vectors, strict=True)]
        size = np.sqrt(sum(float(np.sum(np.square(g))) for g in gradients))
        scale = max(size, abs(slope))
        worst = max(worst, 0.0 if scale == 0 else abs(slope - sum(products)) / scale)
    return float(worst)


def _require_float64(function: str, arrays: Sequence[Array]) -> None:
    for i, array in enumerate(arrays):
        if array.dtype != np.float64:
            raise TypeError(
                f"{function}: input {i} is {array.dtype}, expected float64; in float32 the difference of two close "
                f"numbers loses half of its digits"
            )


def _number(function: str, value: Any) -> float:
    array = np.asarray(value.data if isinstance(value, Tensor) else value)
    if array.size != 1:
        raise ValueError(f"{function}: the function returned shape {array.shape}, expected a single number")
    return float(array.reshape(()))
