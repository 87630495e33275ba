"""The right numbers in the wrong places: transposed, reversed, shifted, reshaped, not summed."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np

from dlcourse.checks.compare import agree
from dlcourse.checks.diagnose.difference import Difference
from dlcourse.checks.diagnose.scale import same_as_other

__all__ = ["permuted_axes", "reversed_axis", "same_values_elsewhere", "shifted", "wrong_shape"]


def wrong_shape(difference: Difference) -> str:
    """Explain a shape that differs: transposed, another output, not summed, an axis of length 1, flattened."""
    got, want, name = difference.got, difference.want, difference.name
    turned = permuted_axes(difference) or same_as_other(difference)
    if turned:
        return turned
    if got.ndim == 0 and want.size != 1:
        return f"Your {name} is one number, expected an array of shape {want.shape}."
    if got.size == want.size:
        if agree(got.reshape(want.shape), want, difference.rtol):
            return f"The values of your {name} are right; only its shape is not."
        return same_values_elsewhere(difference)
    if got.ndim >= want.ndim:
        for count in range(1, got.ndim + 1):
            for axes in combinations(range(got.ndim), count):
                total = got.sum(axes)
                if total.size == want.size and agree(total.reshape(want.shape), want, difference.rtol):
                    return f"Summed over {_axes_text(axes)} your {name} is right: contributions have to be added up."
    if want.ndim > got.ndim and got.shape == want.shape[want.ndim - got.ndim :]:
        return f"Your {name} has lost {want.ndim - got.ndim} of its axes. What was summed or averaged away?"
    return ""


def _axes_text(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else "axes " + ", ".join(map(str, axes))


def permuted_axes(difference: Difference) -> str:
    """The expected array with its axes in another order."""
    want = difference.want
    if not 2 <= want.ndim <= 4 or want.size < 3:
        return ""
    for order in permutations(range(want.ndim)):
        if order != tuple(range(want.ndim)) and agree(difference.got, want.transpose(order), difference.rtol):
            if want.ndim == 2:
                return f"Your {difference.name} is the expected one transposed."
            return f"Your {difference.name} is the expected one with its axes in the order {order}."
    return ""


def reversed_axis(difference: Difference) -> str:
    """The expected array, last entry first."""
    for axis in range(difference.want.ndim):
        if agree(difference.got, np.flip(difference.want, axis), difference.rtol):
            return f"Your {difference.name} is the expected one in reverse order along {difference.axis(axis)}."
    return ""


def shifted(difference: Difference) -> str:
    """The expected array, moved by one or two places along one axis."""
    got, want = difference.got, difference.want
    for axis in range(want.ndim):
        length = want.shape[axis]
        for places in (1, 2):
            if length < places + 2:
                continue
            late = np.moveaxis(got, axis, 0)[places:], np.moveaxis(want, axis, 0)[:-places]
            early = np.moveaxis(got, axis, 0)[:-places], np.moveaxis(want, axis, 0)[places:]
            for (mine, right), word in ((late, "late"), (early, "early")):
                if agree(mine, right, difference.rtol) and not _constant_along_first(right):
                    step = "step" if difference.is_steps and axis == 0 else "place"
                    count = f"one {step}" if places == 1 else f"{places} {step}s"
                    along = difference.axis(axis)
                    return f"Your {difference.name} is right but comes {count} too {word} along {along}."
    return ""


def _constant_along_first(array: np.ndarray) -> bool:
    return bool(np.ptp(array, axis=0).max(initial=0.0) == 0)


def same_values_elsewhere(difference: Difference) -> str:
    """The same numbers in another order: a reshape where a transpose was meant."""
    got, want = difference.got, difference.want
    if want.size < 4 or got.size != want.size or np.ptp(want) == 0:
        return ""
    if not agree(np.sort(got, axis=None), np.sort(want, axis=None), difference.rtol):
        return ""
    return (
        f"Your {difference.name} has all the right numbers in the wrong places. reshape keeps the order of the "
        "numbers and moves no axis; was a transpose meant?"
    )
