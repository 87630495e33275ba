"""Bringing two operands together: one dtype, one kind of object; and what ``x[...]`` and ``x += 1`` need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dlcourse.numpy import arithmetic, graph
from dlcourse.numpy.settings import get_default_dtype

if TYPE_CHECKING:
    from dlcourse.numpy.graph import Operation, Tensor
    from dlcourse.numpy.operators import TensorMethods

__all__ = ["array_of", "binary", "divide", "floating", "in_place", "index_of", "shape_of", "wrap"]


def wrap(array: Any) -> Tensor:
    """A tensor around an array, outside any graph."""
    return graph.Tensor(array)  # through the module, because graph.py is still loading when this file is


def array_of(x: Any) -> Any:
    """The array inside a tensor; anything else as it is."""
    return x.data if isinstance(x, graph.Tensor) else x


def index_of(index: Any) -> Any:
    """The arrays inside an index that is made of tensors."""
    return tuple(array_of(part) for part in index) if isinstance(index, tuple) else array_of(index)


def shape_of(args: tuple[Any, ...]) -> tuple[int, ...]:
    """``reshape(2, 3)`` and ``reshape((2, 3))`` mean the same."""
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


def binary(operation: type[Operation], a: Any, b: Any, **options: Any) -> Tensor:
    """Apply to two operands after bringing them to one dtype."""
    x, y = array_of(a), array_of(b)
    first, second = getattr(x, "dtype", None), getattr(y, "dtype", None)
    if first is None or second is None or first != second:  # to NumPy, float64 == None is true
        dtype = _common_dtype(x, y)
        a, b = _as_dtype(a, dtype), _as_dtype(b, dtype)
    try:
        return operation.apply(a, b, **options)
    except ValueError:
        left, right = np.shape(array_of(a)), np.shape(array_of(b))
        raise ValueError(
            f"{operation.__name__}: left has shape {left} and right {right}, expected lengths that are equal or 1, "
            f"counted from the last axis"
        ) from None


def divide(a: Any, b: Any) -> Tensor:
    """Integers divide to the default dtype, as in torch (NumPy would say float64)."""
    if np.asarray(array_of(a)).dtype.kind != "f" and np.asarray(array_of(b)).dtype.kind != "f":
        a, b = _as_dtype(a, get_default_dtype()), _as_dtype(b, get_default_dtype())
    return binary(arithmetic.Divide, a, b)


def floating(x: Any) -> Any:
    """Integers and booleans in the default dtype; floating-point tensors as they are."""
    return x if x.dtype.kind == "f" else _as_dtype(x, get_default_dtype())


def in_place(symbol: str, target: TensorMethods, result: Tensor) -> Tensor:
    """Write ``result`` into ``target`` where no graph is being recorded; otherwise hand on the new node."""
    assert isinstance(target, graph.Tensor)
    if result.requires_grad:
        if target.requires_grad and target.is_leaf:
            raise RuntimeError(
                f"{symbol}: a leaf that requires a gradient cannot be changed in place while a graph is recorded; "
                f"update weights inside no_grad()"
            )
        return result
    if result.shape != target.shape:
        raise ValueError(f"{symbol}: the result has shape {result.shape}, expected {target.shape}, that of the target")
    np.copyto(target.data, result.data, casting="same_kind")
    return target


def _common_dtype(x: Any, y: Any) -> np.dtype[Any]:
    """The dtype of the result, by torch's rule.

    Floats win over integers. Among numbers of the same kind, Python numbers and 0-d arrays take
    the dtype of an operand that has axes: ``float32 * 0.5`` stays float32. NumPy alone would turn
    float32 times a 0-d float64 array, and float32 times int64, into float64.
    """
    kinds = {"b": 0, "u": 1, "i": 1, "f": 2}
    ranks = []
    for value in (x, y):
        array = np.asarray(value)
        if array.dtype.kind not in kinds:
            raise TypeError(
                f"expected a number, an array of numbers or a tensor as operand, got {type(value).__name__}"
            )
        weight = 0 if isinstance(value, (bool, int, float)) else 1 if array.ndim == 0 else 2
        dtype = get_default_dtype() if weight == 0 and array.dtype.kind == "f" else array.dtype
        ranks.append((kinds[array.dtype.kind], weight, dtype))
    first, second = ranks
    if first[:2] == second[:2]:
        return np.promote_types(first[2], second[2])
    return max(first, second, key=lambda rank: rank[:2])[2]


def _as_dtype(x: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(x, graph.Tensor):
        return x if x.dtype == dtype else arithmetic.Cast.apply(x, dtype=dtype)
    return np.asarray(x, dtype=dtype)
