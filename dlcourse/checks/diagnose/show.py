"""Show a few numbers of two arrays side by side, and say where they differ first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.diagnose.difference import Difference

__all__ = ["excerpt", "numbers_text", "where"]

Array = NDArray[Any]
_WHOLE = 6  # entries that fit one line


def numbers_text(array: Array, digits: int = 4) -> str:
    """The array on one line, cut off after a few entries: "[ 0.4731 -1.202 3.5 ...]"."""
    if array.dtype.kind == "b":
        words = ["yes" if value else "no" for value in array.ravel()[:_WHOLE].tolist()]
    elif array.ndim == 0:
        return f"{array.item():.{digits}g}"
    else:
        words = [f"{value + 0.0:>{digits + 4}.{digits}g}" for value in array.ravel()[:_WHOLE].tolist()]  # no "-0"
    shown = " ".join(words)
    return shown if array.ndim == 0 else f"[{shown}{' ...' if array.size > _WHOLE else ''}]"


def excerpt(difference: Difference) -> tuple[str, str]:
    """The numbers around the first difference, yours and the expected ones, with as many digits as it takes."""
    got, want = difference.got, difference.want
    if not difference.same_shape:
        return f"shape {got.shape}  {numbers_text(got)}", f"shape {want.shape}  {numbers_text(want)}"
    if got.dtype.kind == "c":
        return f"{numbers_text(got.real)} of dtype {got.dtype}", numbers_text(want)
    if difference.is_flag:
        return numbers_text(got != 0), numbers_text(want)
    place: tuple[int | slice, ...] = ()
    if want.ndim and want.size > _WHOLE:
        place = _around_first_difference(difference)
        got, want = got[place], want[place]
    digits = 4
    while digits < 17 and numbers_text(got, digits) == numbers_text(want, digits):
        digits += 2
    return numbers_text(got, digits) + _label(difference, place), numbers_text(want, digits)


def _around_first_difference(difference: Difference) -> tuple[int | slice, ...]:
    """Index of what to show of a long array: a whole step, or the row in which the first difference is."""
    first = [int(i) for i in np.argwhere(~difference.equal)[0]]
    if difference.is_steps and difference.want.ndim > 1:
        return (first[0],)
    return (*first[:-1], slice(None) if first[-1] < _WHOLE else slice(first[-1], None))


def _label(difference: Difference, place: tuple[int | slice, ...]) -> str:
    """Which part of the array is shown, where that is not plain: "   (dW[3, :])", "   (from step 8)"."""
    if difference.is_steps:
        begin = place[0].start if place and isinstance(place[0], slice) else None
        return f"   (from step {begin + 1})" if begin else ""
    inside = ", ".join(_index_text(index) for index in place)
    return "" if inside in ("", ":") or difference.labels else f"   ({difference.name}[{inside}])"


def _index_text(index: int | slice) -> str:
    if isinstance(index, slice):
        return f"{index.start}:" if index.start else ":"
    return str(index)


def where(difference: Difference) -> str:
    """Where the outputs differ first: "db: all 4 entries differ", "w: step 1 agrees, step 2 differs"."""
    name = difference.name
    if not difference.same_shape:
        return f"{name}: the shape is {difference.got.shape}, expected {difference.want.shape}."
    wrong = ~difference.equal
    if not wrong.any():
        return f"{name}: the values are right, the dtype is {difference.got.dtype}."
    if wrong.ndim == 0:
        return f"{name}: the value differs."
    if difference.labels:
        return _by_label(difference, wrong)
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    if difference.is_steps:
        step = first[0] + 1
        if step == 1:
            return f"{name}: step 1 differs already."
        agree = "step 1 agrees" if step == 2 else f"steps 1 to {step - 1} agree"
        return f"{name}: {agree}, step {step} differs."
    if wrong.all():
        return f"{name}: {'the only entry differs' if wrong.size == 1 else f'all {wrong.size} entries differ'}."
    count = int(wrong.sum())
    at = ", ".join(map(str, first))
    return f"{name}: {count} of {wrong.size} entries differ{'s' * (count == 1)}, first at [{at}]."


def _by_label(difference: Difference, wrong: NDArray[np.bool_]) -> str:
    named = [label for label, bad in zip(difference.labels, wrong.tolist()) if bad]
    if len(named) == len(difference.labels):
        return f"{difference.name}: every one differs."
    shown = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    return f"{difference.name}: {len(named)} of {wrong.size} differ{'s' * (len(named) == 1)}: {shown}."
