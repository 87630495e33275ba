"""Right on a part of the array: say which part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.diagnose.difference import Difference

__all__ = ["equal_on_subset"]

Array = NDArray[Any]
Mask = NDArray[np.bool_]


def equal_on_subset(difference: Difference) -> str:
    """Name the part on which the answer agrees: a row, the border, x > 0, the target column ...

    A part is named when everything outside it differs; failing that, when it is a fifth or more of
    the array, all of it agrees, and at least half of what lies outside differs.
    """
    equal = difference.equal
    if equal.ndim == 0 or not equal.any() or equal.all() or difference.labels:
        return ""
    regions = [(text, mask) for text, mask in _regions(difference) if mask.any() and not mask.all()]
    name = difference.name
    for text, mask in regions:
        if np.array_equal(equal, mask):
            return f"Your {name} agrees {_only(text)}."
    for text, mask in regions:
        if mask.mean() >= 0.2 and equal[mask].all() and (~equal[~mask]).mean() >= 0.5:
            return f"Your {name} agrees everywhere {text}; all that differs lies {_outside(text)}."
    return ""


def _only(text: str) -> str:
    return f"everywhere {text}" if text.startswith("except") else f"exactly {text}, and nowhere else"


def _outside(text: str) -> str:
    return "there" if text.startswith("except") else "elsewhere"


def _regions(difference: Difference) -> Iterator[tuple[str, Mask]]:
    yield from _by_target(difference)
    yield from _by_sign(difference)
    yield from _by_index(difference)
    yield from _by_border(difference)
    yield from _by_diagonal(difference)


def _by_sign(difference: Difference) -> Iterator[tuple[str, Mask]]:
    right = {f"the right {name}": array for name, array in difference.right.items()}
    for name, array in [*difference.inputs.items(), *right.items()]:
        if array.shape != difference.want.shape or array.dtype.kind != "f":
            continue
        yield f"where {name} > 0", array > 0
        yield f"where {name} < 0", array < 0
        if array is not difference.want:  # 0 where 0 is expected is no news
            yield f"where {name} is exactly 0", array == 0
            yield f"where {name} is not 0", array != 0
        yield f"where {name} ≥ 0", array >= 0
        yield f"where {name} ≤ 0", array <= 0


def _by_target(difference: Difference) -> Iterator[tuple[str, Mask]]:
    """For integer labels: the column of the right class, and all others."""
    want = difference.want
    for name, labels in difference.inputs.items():
        if want.ndim == 2 and labels.dtype.kind in "iu" and labels.shape == want.shape[:1]:
            column = np.arange(want.shape[1])[None] == labels[:, None]
            yield f"in the column of the right class {name}", column
            yield f"outside the column of the right class {name}", ~column


def _by_index(difference: Difference) -> Iterator[tuple[str, Mask]]:
    """Whole rows, columns or slices, first those with a name: the first, the last, all but the first."""
    want = difference.want
    for axis in range(want.ndim):
        length, index = want.shape[axis], np.arange(want.shape[axis])
        if length < 2:
            continue
        parts = [("at the first index", index == 0), ("at the last index", index == length - 1)]
        if length > 2:
            parts += [("except at the first index", index > 0), ("except at the last index", index < length - 1)]
            parts += [(f"at index {i}", index == i) for i in range(1, length - 1)]
            parts += [("at even indices", index % 2 == 0)] if length > 3 else []
        for text, chosen in parts:
            shape = [1] * want.ndim
            shape[axis] = length
            where = "" if want.ndim == 1 and not difference.axes else f" of {difference.axis(axis)}"
            yield text + where, np.broadcast_to(chosen.reshape(shape), want.shape)


def _by_border(difference: Difference) -> Iterator[tuple[str, Mask]]:
    """The rim of the last two axes, as in a picture, and what lies inside it."""
    want = difference.want
    if want.ndim < 2 or min(want.shape[-2:]) < 3:
        return
    inside = np.zeros(want.shape, bool)
    inside[..., 1:-1, 1:-1] = True
    yield "in the interior (all but the border)", inside
    yield "on the border", ~inside


def _by_diagonal(difference: Difference) -> Iterator[tuple[str, Mask]]:
    want = difference.want
    if want.ndim != 2 or want.shape[0] != want.shape[1] or want.shape[0] < 2:
        return
    diagonal = np.eye(len(want), dtype=bool)
    yield "on the diagonal", diagonal
    yield "off the diagonal", ~diagonal
    yield "on and below the diagonal", np.tri(len(want), dtype=bool)
    yield "on and above the diagonal", np.tri(len(want), dtype=bool).T
