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
    """The array on one line, shortened in the middle: "[ 0.4731 -1.202 ... 3.5 ]"."""
    if array.ndim == 0:
        return f"{array.item():.{digits}g}"
    shown = [f"{value + 0.0:>{digits + 4}.{digits}g}" for value in array.ravel()[:_WHOLE].tolist()]  # + 0.0: no "-0"
    return f"[{' '.join(shown)}{' ...' if array.size > _WHOLE else ''}]"


def excerpt(difference: Difference) -> tuple[str, str]:
    """The numbers around the first difference, yours and the expected ones, with as many digits as it takes."""
    got, want = difference.got, difference.want
    if not difference.same_shape:
        return f"shape {got.shape}  {numbers_text(got)}", f"shape {want.shape}  {numbers_text(want)}"
    if got.dtype.kind not in "biuf":
        return numbers_text(got.real) + f" of dtype {got.dtype}", numbers_text(want)
    label = ""
    if want.ndim and want.size > _WHOLE:
        first = tuple(np.argwhere(~difference.equal)[0])
        row = first[:1] if difference.is_steps else first[:-1]
        start = 0 if difference.is_steps or first[-1] < _WHOLE else int(first[-1])
        got, want = got[row], want[row]
        if not difference.is_steps and want.ndim:
            got, want = got[start:], want[start:]
        place = ", ".join([*(str(int(i)) for i in row), f"{start}:" if start else ":"])
        label = "" if difference.is_steps else f"   ({difference.name}[{place}])"
    digits = 4
    while digits < 17 and numbers_text(got, digits) == numbers_text(want, digits):
        digits += 2
    return numbers_text(got, digits) + label, numbers_text(want, digits)


def where(difference: Difference) -> str:
    """Where the outputs differ first: "db differs in all 4 entries", "w: step 1 agrees, step 2 differs"."""
    name = difference.name
    if not difference.same_shape:
        return f"{name} has shape {difference.got.shape}, expected {difference.want.shape}."
    wrong = ~difference.equal
    if not wrong.any():
        return f"{name} has the right values but dtype {difference.got.dtype}."
    if wrong.ndim == 0:
        return f"{name} differs."
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    if difference.is_steps:
        step = first[0] + 1
        if step == 1:
            return f"{name} differs from the first step on."
        agree = "step 1 agrees" if step == 2 else f"steps 1 to {step - 1} agree"
        return f"{name}: {agree}, step {step} differs."
    if wrong.all():
        return f"{name} differs in {'its only entry' if wrong.size == 1 else f'all {wrong.size} entries'}."
    at = ", ".join(map(str, first))
    return f"{name} differs in {int(wrong.sum())} of {wrong.size} entries, first at [{at}]."
