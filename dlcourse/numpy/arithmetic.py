"""Element by element: + - * / ** and the usual functions, each with its local derivative.

Every ``backward`` below is *local derivative × upstream gradient*. Two operands may have different
shapes; NumPy then repeats the smaller one. A value that is used several times collects the sum of
its gradients, so ``unbroadcast`` adds the gradient up over what was repeated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.graph import Array, Operation

__all__ = [
    "Abs",
    "Add",
    "Cast",
    "Clip",
    "Divide",
    "Exp",
    "Log",
    "Maximum",
    "Minimum",
    "Multiply",
    "Negative",
    "Power",
    "Sqrt",
    "Subtract",
    "Where",
    "unbroadcast",
]


def unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sum ``grad`` over the axes along which an array of this ``shape`` was repeated.

    ``unbroadcast(np.ones((5, 3)), (3,))`` is ``[5, 5, 5]``: each number was used five times.
    """
    if grad.shape == shape:
        return grad
    new_axes = grad.ndim - len(shape)
    repeated = [new_axes + i for i, size in enumerate(shape) if size == 1 and grad.shape[new_axes + i] != 1]
    summed: Array = grad.sum(axis=(*range(new_axes), *repeated), keepdims=True)
    return summed.reshape(shape)


class Add(Operation):
    """a + b. The gradient passes through to both."""

    def forward(self, a: Array, b: Array) -> Any:
        self.shapes = a.shape, b.shape
        return a + b

    def backward(self, grad: Array) -> tuple[Array, Array]:
        shape_a, shape_b = self.shapes
        return unbroadcast(grad, shape_a), unbroadcast(grad, shape_b)


class Subtract(Operation):
    """a - b. The gradient passes through to a, and with a minus to b."""

    def forward(self, a: Array, b: Array) -> Any:
        self.shapes = a.shape, b.shape
        return a - b

    def backward(self, grad: Array) -> tuple[Array, Array]:
        shape_a, shape_b = self.shapes
        return unbroadcast(grad, shape_a), unbroadcast(-grad, shape_b)


class Multiply(Operation):
    """a * b. Each factor gets the gradient times the *other* factor."""

    def forward(self, a: Array, b: Array) -> Any:
        self.a, self.b = a, b
        return a * b

    def backward(self, grad: Array) -> tuple[Array | None, Array | None]:
        da = unbroadcast(grad * self.b, self.a.shape) if self.needs[0] else None
        db = unbroadcast(grad * self.a, self.b.shape) if self.needs[1] else None
        return da, db


class Divide(Operation):
    """a / b, with d/da = 1/b and d/db = -a/b²."""

    def forward(self, a: Array, b: Array) -> Any:
        self.a, self.b = a, b
        return a / b

    def backward(self, grad: Array) -> tuple[Array | None, Array | None]:
        da = unbroadcast(grad / self.b, self.a.shape) if self.needs[0] else None
        db = unbroadcast(-grad * self.a / self.b**2, self.b.shape) if self.needs[1] else None
        return da, db


class Negative(Operation):
    """-a."""

    def forward(self, a: Array) -> Any:
        return -a

    def backward(self, grad: Array) -> Any:
        return -grad


class Power(Operation):
    """a ** b, with d/da = b·a^(b-1) and d/db = a^b·log a.

    Where b = 0 the value is 1 whatever a is, so d/da = 0 there, also at a = 0. Where a = 0 and
    b >= 0 the value does not change with b, so d/db = 0.
    """

    def forward(self, a: Array, b: Array) -> Any:
        self.a, self.b = a, b
        self.out = a**b
        return self.out

    def backward(self, grad: Array) -> tuple[Array | None, Array | None]:
        da = db = None
        if self.needs[0]:
            exponent = np.where(self.b == 0, 1, self.b - 1)
            da = unbroadcast(grad * self.b * self.a**exponent, self.a.shape)
        if self.needs[1]:
            flat = (self.a == 0) & (self.b >= 0)
            log = np.log(np.where(flat, 1, self.a))
            db = unbroadcast(grad * self.out * log, self.b.shape)
        return da, db


class Exp(Operation):
    """e^a, its own derivative."""

    def forward(self, a: Array) -> Any:
        self.out = np.exp(a)
        return self.out

    def backward(self, grad: Array) -> Any:
        return grad * self.out


class Log(Operation):
    """The natural logarithm, with derivative 1/a."""

    def forward(self, a: Array) -> Any:
        self.a = a
        return np.log(a)

    def backward(self, grad: Array) -> Any:
        return grad / self.a


class Sqrt(Operation):
    """√a, with derivative 1/(2√a)."""

    def forward(self, a: Array) -> Any:
        self.out = np.sqrt(a)
        return self.out

    def backward(self, grad: Array) -> Any:
        return grad / (2 * self.out)


class Abs(Operation):
    """abs(a), with derivative ±1, and 0 at 0 (torch's choice)."""

    def forward(self, a: Array) -> Any:
        self.sign = np.sign(a)
        return np.abs(a)

    def backward(self, grad: Array) -> Any:
        return grad * self.sign


class Maximum(Operation):
    """The larger of two, element by element. The larger gets the gradient; equal ones share it."""

    def forward(self, a: Array, b: Array) -> Any:
        self.a, self.b = a, b
        return np.maximum(a, b)

    def backward(self, grad: Array) -> tuple[Array, Array]:
        share = _share(self.a > self.b, self.a == self.b, grad.dtype)
        return unbroadcast(grad * share, self.a.shape), unbroadcast(grad * (1 - share), self.b.shape)


class Minimum(Operation):
    """The smaller of two, element by element. The smaller gets the gradient; equal ones share it."""

    def forward(self, a: Array, b: Array) -> Any:
        self.a, self.b = a, b
        return np.minimum(a, b)

    def backward(self, grad: Array) -> tuple[Array, Array]:
        share = _share(self.a < self.b, self.a == self.b, grad.dtype)
        return unbroadcast(grad * share, self.a.shape), unbroadcast(grad * (1 - share), self.b.shape)


def _share(wins: Array, ties: Array, dtype: Any) -> Array:
    """1 where the first operand wins, ½ where the two are equal, 0 elsewhere."""
    return wins.astype(dtype) + ties.astype(dtype) / 2


class Clip(Operation):
    """Limit a to the range from ``low`` to ``high``. Outside the range the output is flat: gradient 0."""

    def forward(self, a: Array, low: float | None, high: float | None) -> Any:
        self.inside = np.ones(a.shape, bool)
        if low is not None:
            self.inside &= a >= low
        if high is not None:
            self.inside &= a <= high
        return np.clip(a, low, high)

    def backward(self, grad: Array) -> Any:
        return grad * self.inside


class Where(Operation):
    """a where ``condition`` holds, else b. The gradient goes to the one that was chosen."""

    def forward(self, a: Array, b: Array, condition: Array) -> Any:
        self.condition, self.shapes = condition, (a.shape, b.shape)
        return np.where(condition, a, b)

    def backward(self, grad: Array) -> tuple[Array, Array]:
        shape_a, shape_b = self.shapes
        return unbroadcast(grad * self.condition, shape_a), unbroadcast(grad * ~self.condition, shape_b)


class Cast(Operation):
    """The same values in another dtype; the gradient comes back in the dtype of the input."""

    def forward(self, a: Array, dtype: Any) -> Any:
        self.dtype = a.dtype
        return a.astype(dtype)

    def backward(self, grad: Array) -> Any:
        return grad.astype(self.dtype)
