"""Making tensors, joining them, and handing their numbers on as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from dlcourse.numpy.arithmetic import Maximum, Minimum, Where
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.operands import array_of, binary
from dlcourse.numpy.settings import get_default_dtype
from dlcourse.numpy.shapes import Concatenate, Stack

__all__ = ["cat", "from_numpy", "maximum", "minimum", "ones", "stack", "tensor", "to_numpy", "where", "zeros"]


def tensor(data: ArrayLike | Tensor, *, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """A new tensor from numbers, lists or arrays; the data are copied.

    Arrays keep their dtype, Python floats become the default dtype.
    """
    return Tensor(np.array(Tensor(data, dtype=dtype).data), requires_grad=requires_grad)


def zeros(*shape: int, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros: ``zeros(5, 3)``."""
    return Tensor(np.zeros(shape, dtype or get_default_dtype()), requires_grad=requires_grad)


def ones(*shape: int, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones: ``ones(5, 3)``."""
    return Tensor(np.ones(shape, dtype or get_default_dtype()), requires_grad=requires_grad)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along an axis that they have. Raises ``ValueError`` when there is none to join."""
    if len(tensors) == 0:
        raise ValueError("cat: got no tensors, expected at least one")
    return Concatenate.apply(*tensors, axis=dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis. Raises ``ValueError`` when there is none to join."""
    if len(tensors) == 0:
        raise ValueError("stack: got no tensors, expected at least one")
    return Stack.apply(*tensors, axis=dim)


def maximum(input: Any, other: Any) -> Tensor:
    """The larger of two, element by element; equal ones share the gradient."""
    return binary(Maximum, input, other)


def minimum(input: Any, other: Any) -> Tensor:
    """The smaller of two, element by element; equal ones share the gradient."""
    return binary(Minimum, input, other)


def where(condition: Any, input: Any, other: Any) -> Tensor:
    """``input`` where the boolean ``condition`` holds, else ``other``.

    Raises ``TypeError`` for a condition that is not boolean.
    """
    chosen = np.asarray(condition.data if isinstance(condition, Tensor) else condition)
    if chosen.dtype != np.bool_:
        raise TypeError(f"where: condition is {chosen.dtype}, expected booleans")
    shapes = np.shape(array_of(input)), np.shape(array_of(other))
    try:
        np.broadcast_shapes(chosen.shape, *shapes)
    except ValueError:
        raise ValueError(
            f"where: condition has shape {chosen.shape}, expected one that broadcasts against {shapes[0]} and "
            f"{shapes[1]}"
        ) from None
    return binary(Where, input, other, condition=chosen)


def to_numpy(x: Any) -> Any:
    """The numbers as an array, from a tensor in or out of a graph, a list or an array; in a dict, of each value.

    The array shares its memory with the tensor: ``.copy()`` it to keep today's values.
    """
    if isinstance(x, Mapping):
        return {name: to_numpy(value) for name, value in x.items()}
    return x.data if isinstance(x, Tensor) else np.asarray(x)


def from_numpy(array: Any) -> Any:
    """A tensor that shares the array's memory; for a dict, such as a ``state_dict``, a dict of tensors."""
    if isinstance(array, Mapping):
        return {name: from_numpy(value) for name, value in array.items()}
    return Tensor(array)
