"""The same numbers in another arrangement. Backward puts each gradient back where its number came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.arithmetic import unbroadcast
from dlcourse.numpy.graph import Array, Operation

__all__ = ["Broadcast", "Concatenate", "Index", "Reshape", "Stack", "Transpose"]


class Reshape(Operation):
    """The same numbers in the same order with another shape."""

    def forward(self, a: Array, shape: tuple[int, ...]) -> Any:
        self.shape = a.shape
        try:
            return a.reshape(shape)
        except ValueError:
            raise ValueError(
                f"reshape: the tensor has shape {a.shape}, {a.size} numbers in all; expected as many as {shape} holds"
            ) from None

    def backward(self, grad: Array) -> Any:
        return grad.reshape(self.shape)


class Transpose(Operation):
    """Reorder the axes. ``axes`` lists the old position of every new axis; backward is the inverse order."""

    def forward(self, a: Array, axes: tuple[int, ...]) -> Any:
        self.inverse = np.argsort([axis % a.ndim for axis in axes])
        return a.transpose(axes)

    def backward(self, grad: Array) -> Any:
        return grad.transpose(self.inverse)


class Broadcast(Operation):
    """Repeat an array to a larger shape; backward sums over the repetitions."""

    def forward(self, a: Array, shape: tuple[int, ...]) -> Any:
        self.shape = a.shape
        return np.broadcast_to(a, shape)

    def backward(self, grad: Array) -> Any:
        return unbroadcast(grad, self.shape)


class Index(Operation):
    """a[index]. What was not picked gets gradient 0; what was picked twice gets the sum."""

    def forward(self, a: Array, index: Any) -> Any:
        self.shape, self.index = a.shape, index
        return a[index]

    def backward(self, grad: Array) -> Any:
        da = np.zeros(self.shape, grad.dtype)
        np.add.at(da, self.index, grad)  # da[index] += grad would count an index that repeats only once
        return da


class Concatenate(Operation):
    """Join arrays along an axis that they have; backward cuts at the same places."""

    def forward(self, *arrays: Array, axis: int = 0) -> Any:
        self.axis = axis
        self.cuts = np.cumsum([a.shape[axis] for a in arrays])[:-1]
        return np.concatenate(arrays, axis=axis)

    def backward(self, grad: Array) -> tuple[Array, ...]:
        return tuple(np.split(grad, self.cuts, axis=self.axis))


class Stack(Operation):
    """Join arrays of one shape along a new axis; backward takes them apart again."""

    def forward(self, *arrays: Array, axis: int = 0) -> Any:
        self.axis = axis
        return np.stack(arrays, axis=axis)

    def backward(self, grad: Array) -> tuple[Array, ...]:
        return tuple(np.moveaxis(grad, self.axis, 0))
