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
    "described",
    "function",
    "numbers",
    "returned_function",
    "several",
]

Array = NDArray[Any]

INPUTS_UNCHANGED = "the arrays given are left as they were"
UNCHANGED_BY_FORWARD = "inputs unchanged by forward"
UNCHANGED_BY_BACKWARD = "forward values and upstream gradient unchanged by backward"


class Unusable(Exception):  # noqa: N818 - it is a state of the answer, and this name is shown to students
    """The answer ran, but gave back something that is not numbers. The message is for the student."""


def described(value: Any) -> str:
    """The type of ``value`` with its article: "an int", "a list"; None stays None."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"


def numbers(value: Any, what: str) -> Array:
    """Return ``value`` as an array of numbers. ``what`` names it in the error: "Linear.forward"."""
    if value is None:
        raise Unusable(f"{what} returned None. Is a `return` missing?")
    if callable(getattr(value, "detach", None)):  # a tensor, ours or torch's
        value = value.detach()
        value = value.cpu().numpy() if callable(getattr(value, "cpu", None)) else value.data
    try:
        array = np.array(value)
    except Exception:  # what NumPy says about ragged rows would tell a student little
        length = f" of {len(value)} parts" if isinstance(value, (tuple, list)) else ""
        raise Unusable(f"{what} returned {described(value)}{length} that is not an array of numbers") from None
    if array.dtype.kind not in "biufc":
        raise Unusable(f"{what} returned {described(value)}, expected an array of numbers")
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
        raise Unusable(f"pass the class itself, not an object made from it; got {described(student)} object")
    return student(*arguments)


def function(student: Any) -> Callable[..., Any]:
    """Return the student's function, or say that something else was passed."""
    if not callable(student):
        raise Unusable(f"pass the function itself, without calling it; got {described(student)}")
    return student  # type: ignore[no-any-return]


def returned_function(value: Any, what: str, name: str) -> Callable[[Array], Any]:
    """Return the function ``name`` that the student's ``what`` gave back. It will get NumPy images."""
    if value is None:
        raise Unusable(f"{what} returned None, expected the function {name}. Is a `return` missing?")
    if not callable(value):
        raise Unusable(f"{what} returned {described(value)}, expected the function {name}")
    if callable(getattr(value, "state_dict", None)):  # a network, ours or torch's
        raise Unusable(
            f"{what} returned the network itself ({described(value)}), expected a function {name} that takes a NumPy "
            "array of images and asks the network"
        )
    return value  # type: ignore[no-any-return]


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
