"""What holds for the whole library: is a graph recorded, and which dtype do new numbers get."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

__all__ = ["get_default_dtype", "is_grad_enabled", "no_grad", "set_default_dtype"]


class _GradMode(threading.local):
    """Each thread has its own switch, so one thread's evaluation does not stop another's training."""

    enabled = True


grad_mode = _GradMode()
_default_dtype: np.dtype[Any] = np.dtype(np.float32)


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording a graph, inside a ``with`` block or, as a decorator, inside a function."""
    before, grad_mode.enabled = grad_mode.enabled, False
    try:
        yield
    finally:
        grad_mode.enabled = before


def is_grad_enabled() -> bool:
    """Whether operations record a graph at this point."""
    return grad_mode.enabled


def get_default_dtype() -> np.dtype[Any]:
    """The dtype of new parameters and of tensors made from Python floats (float32, as in torch)."""
    return _default_dtype


def set_default_dtype(dtype: DTypeLike, /) -> None:
    """Set the default dtype. Gradient checks want ``float64``.

    Raises ``TypeError`` when ``dtype`` is not a floating-point type.
    """
    global _default_dtype
    chosen = np.dtype(dtype)
    if chosen.kind != "f":
        raise TypeError(f"set_default_dtype: dtype must be a floating-point type, got {chosen}")
    _default_dtype = chosen
