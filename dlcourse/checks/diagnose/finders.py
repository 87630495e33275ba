"""Ask every finder in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dlcourse.checks.diagnose.difference import Difference, Finding
from dlcourse.checks.diagnose.layout import permuted_axes, reversed_axis, same_values_elsewhere, shifted, wrong_shape
from dlcourse.checks.diagnose.scale import (
    constant_factor,
    constant_offset,
    constant_result,
    leftover_of_input,
    same_as_other,
)
from dlcourse.checks.diagnose.show import excerpt, where
from dlcourse.checks.diagnose.subset import equal_on_subset
from dlcourse.checks.verdict import Kind

__all__ = ["describe"]

Finder = Callable[[Difference], str]

# Strong statements first: each explains every entry. The last one explains a part.
_VALUE_FINDERS: tuple[Finder, ...] = (
    constant_result,
    same_as_other,
    constant_factor,
    constant_offset,
    permuted_axes,
    reversed_axis,
    shifted,
    same_values_elsewhere,
    leftover_of_input,
    equal_on_subset,
)


def describe(difference: Difference, broken: Sequence[str] = ()) -> Finding:
    """Say where ``difference`` begins and what it looks like. ``broken`` are the invariants that fail."""
    kind, pattern = _recognise(difference)
    rules = " ".join(f"A rule that yours breaks: {rule}." for rule in broken)
    got, want = excerpt(difference)
    return Finding(kind, where(difference), " ".join(filter(None, [pattern, rules])), got, want)


def _recognise(difference: Difference) -> tuple[Kind, str]:
    kind = _wrong_dtype(difference)
    if kind:
        return "dtype", kind
    not_finite = _not_finite(difference)
    if not_finite:
        return "not finite", not_finite
    if difference.is_flag:
        return "value", ""
    with np.errstate(all="ignore"):
        if not difference.same_shape:
            return "shape", wrong_shape(difference)
        for finder in _VALUE_FINDERS:
            sentence = finder(difference)
            if sentence:
                return "value", sentence
    return "value", ""


def _wrong_dtype(difference: Difference) -> str:
    got, want = difference.got, difference.want
    if want.dtype.kind != "f":
        return ""
    if got.dtype.kind == "c":
        return "Your result is made of complex numbers. A root or a power of a negative number?"
    if got.dtype.kind in "biu":
        if got.size == 1 or not got.any() or np.ptp(got) == 0:
            return ""  # a plain 0 or 1 is better described by its value
        return f"Your {difference.name} has dtype {got.dtype}: the fractions were cut off."
    if got.dtype.itemsize < want.dtype.itemsize and got.shape == want.shape:
        precision = 50 * float(np.finfo(got.dtype).eps)
        if np.allclose(got, want, rtol=precision, atol=precision * float(np.abs(want).max(initial=0.0))):
            return (
                f"Your {difference.name} is right to the precision of {got.dtype}, but the inputs are {want.dtype}. "
                "Where does the precision get lost?"
            )
    return ""


def _not_finite(difference: Difference) -> str:
    got = difference.got
    if got.dtype.kind != "f" or np.isfinite(got).all() or not np.isfinite(difference.want).all():
        return ""
    nan, infinite = int(np.isnan(got).sum()), int(np.isinf(got).sum())
    parts = [f"{count} {what}" for count, what in ((nan, "NaN"), (infinite, "infinite")) if count]
    first = tuple(int(i) for i in np.argwhere(~np.isfinite(got))[0])
    at = f", first at [{', '.join(map(str, first))}]" if first else ""
    return f"Your {difference.name} has {' and '.join(parts)} of {got.size} entries{at}."
