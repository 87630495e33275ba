"""A check that many functions share."""

from __future__ import annotations

from dlcourse.numpy.graph import Array, Tensor

__all__ = ["require_floating"]


def require_floating(function: str, input: Tensor | Array) -> None:
    """Raise ``TypeError`` for integers and booleans: NumPy would turn them into float64 without a word."""
    if input.dtype.kind != "f":
        raise TypeError(f"{function}: input is {input.dtype}, expected a floating-point type")
