"""Turn what a student's code gives back into arrays, or say plainly why that is impossible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "INPUTS_UNCHANGED",
    "UNCHANGED_BY_BACKWARD",
    "UNCHANGED_BY_FORWARD",
    "Unusable",
    "Watch",
    "construct",
    "function",
    "numbers",
    "several",
]

Array = NDArray[Any]

INPUTS_UNCHANGED = "the arrays given are left as they were"
UNCHANGED_BY_FORWARD = "inputs unchanged by forward"
UNCHANGED_BY_BACKWARD = "forward values and upstream gradient unchanged by backward"


class Unusable(Exception):  # noqa: N818 - it is a state of the answer, and this name is shown to students
    """The answer ran, but gave back something that is not numbers. The message is for the student."""


def numbers(value: Any, what: str) -> Array:
    """Return ``value`` as an array of numbers. ``what`` names it in the error: "Linear.forward"."""
    if value is None:
        raise Unusable(f"{what} returned None. Is a `return` missing?")
    if callable(getattr(value, "detach", None)):  # a tensor, ours or torch's
        value = value.detach()
        value = value.cpu().numpy() if callable(getattr(value, "cpu", None)) else value.data
    try:
        array = np.array(value)
    except Exception as error:
        raise Unusable(f"{what} returned a {type(value).__name__} that is not an array of numbers ({error})") from None
    if array.dtype.kind not in "biufc":
        raise Unusable(f"{what} returned a {type(value).__name__}, expected an array of numbers")
    return array


def several(value: Any, names: tuple[str, ...], what: str) -> tuple[Array, ...]:
    """Return the arrays of a tuple that must have one entry for each name in ``names``."""
    expected = ", ".join(names)
    if value is None:
        raise Unusable(f"{what} returned None, expected {expected}. Is a `return` missing?")
    if not isinstance(value, (tuple, list)):
        raise Unusable(f"{what} returned one {type(value).__name__}, expected {len(names)} values: {expected}")
    if len(value) != len(names):
        raise Unusable(f"{what} returned {len(value)} values, expected {len(names)}: {expected}")
    return tuple(numbers(entry, f"{name} from {what}") for name, entry in zip(names, value, strict=True))


def construct(student: Any, *arguments: Any) -> Any:
    """Make an object from the student's class, with an error that explains a class / object mix-up."""
    if not isinstance(student, type) and not callable(student):
        raise Unusable(f"pass the class itself, not an object made from it; got a {type(student).__name__} object")
    return student(*arguments)


def function(student: Any) -> Callable[..., Any]:
    """Return the student's function, or say that something else was passed."""
    if not callable(student):
        raise Unusable(f"pass the function itself, without calling it; got a {type(student).__name__}")
    return student  # type: ignore[no-any-return]


class Watch:
    """Remembers what arrays hold, to tell later whether the student's code wrote into one of them."""

    def __init__(self, *arrays: Any) -> None:
        self._arrays = arrays
        self._before = [numbers(array, "the answer") for array in arrays]

    def unchanged(self) -> Array:
        """Whether every array still holds what it held, as a flag that a drive can return."""
        now = [numbers(array, "the answer") for array in self._arrays]
        pairs = zip(self._before, now, strict=True)
        return np.array(all(np.array_equal(before, after, equal_nan=True) for before, after in pairs))
