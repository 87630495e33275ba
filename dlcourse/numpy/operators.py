"""What a tensor can do: the operators and methods of :class:`~dlcourse.numpy.graph.Tensor`.

Each is one line: the name that torch gives it, and the operation that does the work. They live
here so that ``graph.py`` stays about the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from dlcourse.numpy import arithmetic, reductions, shapes
from dlcourse.numpy.operands import array_of, binary, divide, floating, in_place, index_of, shape_of, wrap
from dlcourse.numpy.settings import get_default_dtype, grad_mode

if TYPE_CHECKING:
    from dlcourse.numpy.graph import Array, Tensor

__all__ = ["TensorMethods"]

Axis = int | tuple[int, ...] | None


class TensorMethods:
    """Operators, reductions and reshaping for ``Tensor``, under torch's names."""

    __slots__ = ()
    __array_ufunc__ = None  # ndarray + tensor asks Tensor.__radd__; np.exp(tensor) is an error instead of a lost graph

    data: Array
    requires_grad: bool

    # The array inside

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """The number of axes; 0 for a single number."""
        return self.data.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return self.data.dtype

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one axis."""
        return self.data.shape if dim is None else self.data.shape[dim]

    def numel(self) -> int:
        """How many numbers there are."""
        return self.data.size

    def item(self) -> Any:
        """The value of a tensor with one number, as a Python number. Raises ``ValueError`` for more than one."""
        if self.data.size != 1:
            raise ValueError(f"item: the tensor has shape {self.shape}, expected a single number")
        return self.data.item()

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self.data.tolist()

    def numpy(self) -> Array:
        """The array itself, not a copy. Raises ``RuntimeError`` for a tensor in a graph: ``detach()`` it first."""
        if self.requires_grad:
            raise RuntimeError(
                "numpy: this tensor requires a gradient, which an array cannot carry; use detach() first"
            )
        return self.data

    def detach(self) -> Tensor:
        """The same array outside the graph: no gradient flows through."""
        return wrap(self.data)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __len__(self) -> int:
        if self.data.ndim == 0:
            raise TypeError("len: a tensor that is a single number has no length")
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        if self.data.ndim == 0:
            raise TypeError("iteration: a tensor that is a single number has nothing to iterate over")
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __repr__(self) -> str:
        values = np.array2string(self.data, separator=", ", prefix="tensor(", precision=4)
        dtype = "" if self.dtype in (get_default_dtype(), np.int64, np.bool_) else f", dtype={self.dtype}"
        operation = getattr(self, "operation", None)
        made_by = f", operation={type(operation).__name__}" if operation is not None else ""
        leaf = ", requires_grad=True" if self.requires_grad and not made_by else ""
        return f"tensor({values}{dtype}{made_by}{leaf})"

    # Arithmetic

    def __add__(self, other: Any) -> Tensor:
        return binary(arithmetic.Add, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return binary(arithmetic.Add, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return binary(arithmetic.Subtract, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return binary(arithmetic.Subtract, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return binary(arithmetic.Multiply, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return binary(arithmetic.Multiply, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return divide(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return binary(arithmetic.Power, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return binary(arithmetic.Power, other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return reductions.MatMul.apply(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return reductions.MatMul.apply(other, self)

    def __neg__(self) -> Tensor:
        return arithmetic.Negative.apply(self)

    def __abs__(self) -> Tensor:
        return arithmetic.Abs.apply(self)

    # In place. Under no_grad the array itself changes (an update of the weights); in a graph, a new node is made.

    def __iadd__(self, other: Any) -> Tensor:
        return in_place("+=", self, self + other)

    def __isub__(self, other: Any) -> Tensor:
        return in_place("-=", self, self - other)

    def __imul__(self, other: Any) -> Tensor:
        return in_place("*=", self, self * other)

    def __itruediv__(self, other: Any) -> Tensor:
        return in_place("/=", self, self / other)

    def __setitem__(self, index: Any, value: Any) -> None:
        if grad_mode.enabled and (self.requires_grad or getattr(value, "requires_grad", False)):
            raise RuntimeError(
                "item assignment: a tensor in a graph cannot be changed in place, because backward needs its old "
                "values; use where() or cat(), or assign inside no_grad()"
            )
        self.data[index_of(index)] = array_of(value)

    # Comparison: tensors of booleans, which carry no gradient

    def __lt__(self, other: Any) -> Tensor:
        return wrap(self.data < array_of(other))

    def __le__(self, other: Any) -> Tensor:
        return wrap(self.data <= array_of(other))

    def __gt__(self, other: Any) -> Tensor:
        return wrap(self.data > array_of(other))

    def __ge__(self, other: Any) -> Tensor:
        return wrap(self.data >= array_of(other))

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # element by element, as ndarray's
        return wrap(self.data == array_of(other))

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return wrap(self.data != array_of(other))

    __hash__ = object.__hash__  # a tensor is a node: two nodes with equal values are still two nodes

    # Functions, element by element. Those that cannot stay among integers give the default dtype.

    def exp(self) -> Tensor:
        """E to the power of every element."""
        return arithmetic.Exp.apply(floating(self))

    def log(self) -> Tensor:
        """Natural logarithm of every element; -inf at 0 and NaN below, with NumPy's warning."""
        return arithmetic.Log.apply(floating(self))

    def sqrt(self) -> Tensor:
        """Square root of every element; NaN below 0, with NumPy's warning."""
        return arithmetic.Sqrt.apply(floating(self))

    def abs(self) -> Tensor:
        """Absolute value of every element."""
        return arithmetic.Abs.apply(self)

    def pow(self, exponent: Any) -> Tensor:
        """Every element to the power of ``exponent``."""
        return binary(arithmetic.Power, self, exponent)

    def clamp(self, min: float | None = None, max: float | None = None) -> Tensor:
        """Limit every element to the range from ``min`` to ``max``. Raises ``ValueError`` if neither is given."""
        if min is None and max is None:
            raise ValueError("clamp: got neither min nor max, expected at least one")
        return arithmetic.Clip.apply(self, low=min, high=max)

    # Reductions; ``dim`` is an axis, a tuple of axes, or None for all

    def sum(self, dim: Axis = None, keepdim: bool = False) -> Tensor:
        """The sum over ``dim``."""
        return reductions.Sum.apply(self, axis=dim, keepdims=keepdim)

    def mean(self, dim: Axis = None, keepdim: bool = False) -> Tensor:
        """The mean over ``dim``. Raises ``TypeError`` for integers, as torch: their mean is no integer."""
        if self.dtype.kind != "f":
            raise TypeError(f"mean: the tensor is {self.dtype}, expected a floating-point type")
        return reductions.Mean.apply(self, axis=dim, keepdims=keepdim)

    def amax(self, dim: Axis = None, keepdim: bool = False) -> Tensor:
        """The largest value over ``dim``; equal maxima share the gradient."""
        return reductions.Max.apply(self, axis=dim, keepdims=keepdim)

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The position of the first largest value along ``dim``, or in the flattened tensor."""
        return wrap(np.argmax(self.data, axis=dim, keepdims=keepdim))

    # Shapes

    @property
    def T(self) -> Tensor:  # noqa: N802  torch's name
        """The transpose of a matrix. Raises ``ValueError`` for other shapes."""
        if self.ndim != 2:
            raise ValueError(f"T: the tensor has shape {self.shape}, expected a matrix; use transpose or permute")
        return shapes.Transpose.apply(self, axes=(1, 0))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Swap two axes."""
        axes = list(range(self.ndim))
        axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
        return shapes.Transpose.apply(self, axes=tuple(axes))

    def permute(self, *dims: int) -> Tensor:
        """Reorder all axes: ``x.permute(0, 2, 3, 1)`` turns NCHW into NHWC."""
        return shapes.Transpose.apply(self, axes=dims)

    def reshape(self, *shape: Any) -> Tensor:
        """The same numbers in another shape; one length may be -1."""
        return shapes.Reshape.apply(self, shape=shape_of(shape))

    def view(self, *shape: Any) -> Tensor:
        """The same as ``reshape``; torch's ``view`` refuses where the numbers would have to be copied."""
        return self.reshape(*shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Join the axes from ``start_dim`` to ``end_dim`` into one; a single number becomes a vector of one."""
        if self.ndim == 0:
            return self.reshape(1)
        first, last = start_dim % self.ndim, end_dim % self.ndim
        joined = int(np.prod(self.shape[first : last + 1]))
        return self.reshape(*self.shape[:first], joined, *self.shape[last + 1 :])

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Remove the axes of length 1, or ``dim`` alone if its length is 1."""
        drop = range(self.ndim) if dim is None else [dim % self.ndim]
        return self.reshape(*(n for i, n in enumerate(self.shape) if not (i in drop and n == 1)))

    def unsqueeze(self, dim: int) -> Tensor:
        """Insert an axis of length 1 at ``dim``."""
        return shapes.Reshape.apply(self, shape=np.expand_dims(self.data, dim).shape)

    def expand(self, *shape: Any) -> Tensor:
        """Repeat along axes of length 1 (no copy is made); -1 keeps an axis as it is."""
        wanted = shape_of(shape)
        kept = (1,) * (len(wanted) - self.ndim) + self.shape
        return shapes.Broadcast.apply(
            self, shape=tuple(n if w == -1 else w for w, n in zip(wanted, kept, strict=False))
        )

    def __getitem__(self, index: Any) -> Tensor:
        return shapes.Index.apply(self, index=index_of(index))

    # Dtypes

    def to(self, dtype: DTypeLike) -> Tensor:
        """The tensor in another dtype; itself when it has that dtype already."""
        if self.dtype == np.dtype(dtype):
            return self  # type: ignore[return-value]  # self is a Tensor: nothing else inherits from this class
        if np.dtype(dtype).kind != "f":
            return wrap(self.data.astype(dtype))
        return arithmetic.Cast.apply(self, dtype=dtype)

    def float(self) -> Tensor:
        """The tensor in float32."""
        return self.to(np.float32)

    def double(self) -> Tensor:
        """The tensor in float64."""
        return self.to(np.float64)
