"""Compare arrays the way the checks do: in float64, tightly, and without trusting the first one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["agree", "agree_all", "close", "validate"]

Array = NDArray[Any]
_LARGEST = 4_000_000  # numbers in one output; no question needs more


def close(got: Array, want: Array, rtol: float) -> NDArray[np.bool_]:
    """Entry by entry: is ``got`` equal to ``want``, up to rounding? Both have one shape.

    The absolute tolerance is 1e-3 rtol of the largest finite expected entry, so that an entry
    that is zero only up to rounding does not fail.
    """
    finite = np.abs(want[np.isfinite(want)])
    atol = rtol * 1e-3 * (finite.max() if finite.size else 0.0)
    return np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)


def agree(got: Array, want: Array, rtol: float) -> bool:
    """Whether the arrays have one shape and equal entries."""
    return got.shape == want.shape and bool(close(got, want, rtol).all())


def agree_all(got: Mapping[str, Array], want: Mapping[str, Array], rtol: float) -> bool:
    """Whether every expected output is there and agrees."""
    return all(name in got and agree(got[name], want[name], rtol) for name in want)


def validate(raw: Any, names: tuple[str, ...]) -> tuple[dict[str, Array], str]:
    """Check what a drive returned before anything is computed with it.

    Returns the usable arrays and, when something is wrong, a sentence that says what. Nothing
    but a plain ``numpy.ndarray`` of numbers is let through.
    """
    if type(raw) is not dict:
        return {}, "the answer did not come back as named arrays"
    outputs: dict[str, Array] = {}
    for name in names:
        value = raw.get(name)
        if value is None:
            return outputs, f"{name} did not come back"
        if type(value) is not np.ndarray or value.dtype.kind not in "biufc":
            return outputs, f"{name} is not an array of numbers"
        if value.size > _LARGEST:
            return outputs, f"{name} has {value.size} entries, far too many"
        outputs[name] = value
    return outputs, ""
