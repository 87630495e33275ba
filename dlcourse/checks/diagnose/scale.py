"""Right up to a factor, an offset, or a multiple of something that should not be there."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlcourse.checks.compare import agree
from dlcourse.checks.diagnose.difference import Difference

__all__ = ["constant_factor", "constant_offset", "constant_result", "leftover_of_input", "same_as_other"]


def constant_result(difference: Difference) -> str:
    """All zeros, or one number everywhere."""
    got, want = difference.got, difference.want
    if got.size < 2 or np.ptp(want) == 0:
        return ""
    if not got.any():
        return f"Every entry of your {difference.name} is 0."
    if np.ptp(got) == 0:
        return f"Every entry of your {difference.name} is the same number, {got.ravel()[0]:.4g}."
    return ""


def same_as_other(difference: Difference) -> str:
    """The answer is something else that the question knows: an input, or another output."""
    if difference.got.size < 2 or np.ptp(difference.got) == 0:
        return ""
    for what, other in difference.others().items():
        if other.dtype.kind == "f" and agree(difference.got, other, difference.rtol):
            return f"Your {difference.name} is exactly {what}."
        if other.dtype.kind == "f" and other.any() and agree(difference.got, -other, difference.rtol):
            return f"Your {difference.name} is exactly minus {what}."
    return ""


def constant_factor(difference: Difference) -> str:
    """The answer is the right one times one number; name that number."""
    got, want = difference.got, difference.want
    usable = np.abs(want) > 1e-9 * max(float(np.abs(want).max(initial=0.0)), 1e-300)
    if usable.sum() < 2 and want.size > 1:
        return ""
    if not usable.any():
        return ""
    ratios = got[usable] / want[usable]
    factor = float(np.median(ratios))
    if not agree(got, factor * want, max(difference.rtol, 1e-9)) or not math.isfinite(factor) or factor == 0:
        return ""
    names = [name for name, value in _named_factors(difference) if math.isclose(factor, value, rel_tol=1e-6)]
    if factor == -1:
        return f"Every entry of your {difference.name} has the opposite sign."
    if want.size == 1 and not names:  # one number is always some multiple of another
        return ""
    named = f", which is {' or '.join(dict.fromkeys(names))} here" if names else ""
    what = f"Every entry of your {difference.name}" if want.size > 1 else f"Your {difference.name}"
    return f"{what} is {factor:.4g} times the expected one{named}."


def _named_factors(difference: Difference) -> Iterator[tuple[str, float]]:
    """Numbers that a wrong factor is often made of: logarithms, sizes, rates and their products."""
    yield "1/ln 2 (log2 instead of ln)", 1 / math.log(2)
    yield "1/ln 10 (log10 instead of ln)", 1 / math.log(10)
    plain = {name: float(value) for name, value in difference.scales.items() if value not in (0, 1)}
    for name, value in plain.items():
        bracketed = _bracketed(name)
        yield name, value
        yield f"1/{bracketed}", 1 / value
        yield f"√{bracketed}", math.sqrt(abs(value))
        yield f"1/√{bracketed}", 1 / math.sqrt(abs(value))
        yield f"−{bracketed}", -value
        yield f"−1/{bracketed}", -1 / value
        yield f"2/{bracketed}", 2 / value
        yield f"{bracketed}/2", value / 2
        yield f"2{bracketed}", value * 2
        yield f"{bracketed}²", value**2
        if name == "N":
            yield "N/(N − 1)", value / (value - 1)
    names = list(plain)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            first, second = _bracketed(one), _bracketed(other)
            yield f"{first}·{second}", plain[one] * plain[other]
            yield f"1/({first}·{second})", 1 / (plain[one] * plain[other])
            yield f"{first}/{second}", plain[one] / plain[other]
            yield f"{second}/{first}", plain[other] / plain[one]


def _bracketed(name: str) -> str:
    """``name`` as a factor of a longer formula: "N", "(1 - p)"."""
    return f"({name})" if any(sign in name for sign in "+-− ") else name


def constant_offset(difference: Difference) -> str:
    """The answer is the right one plus one number."""
    if difference.got.size < 3:
        return ""
    residual = difference.got - difference.want
    offset = float(np.median(residual))
    if not agree(difference.got, difference.want + offset, difference.rtol):
        return ""
    return f"Every entry of your {difference.name} is too {'large' if offset > 0 else 'small'} by {abs(offset):.4g}."


def leftover_of_input(difference: Difference) -> str:
    """What is left over, yours minus expected, is a multiple of an input or of another output."""
    residual = difference.got - difference.want
    if residual.size < 3:
        return ""
    known = {f"the input {name}": array for name, array in difference.inputs.items()}
    known |= {f"the right {name}": array for name, array in difference.right.items()}
    for what, other in known.items():
        for turned, label in ((other, what), (other.T, f"{what}, transposed")):
            if turned.dtype.kind != "f" or turned.shape != residual.shape or not turned.any():
                continue
            factor = float((residual * turned).sum() / (turned * turned).sum())
            if factor and np.allclose(residual, factor * turned, rtol=1e-6, atol=1e-9 * np.abs(residual).max()):
                return f"Your {difference.name} minus the expected one is exactly {factor:.4g} times {label}."
    return ""
