"""A tensor that a layer learns."""

from __future__ import annotations

from numpy.typing import ArrayLike

from dlcourse.numpy.graph import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A tensor that requires a gradient, and that a ``Module`` lists among its parameters when assigned to it."""

    __slots__ = ()

    def __init__(self, data: ArrayLike | Tensor, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad=requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
