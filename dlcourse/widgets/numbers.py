"""Numbers as people read them: four digits, a real minus sign, short exponents."""

from __future__ import annotations

__all__ = ["in_brackets", "short"]


def short(value: float) -> str:
    """Write a number with four significant digits: ``-0.39322`` becomes ``−0.3932``, ``1e-05`` becomes ``1e−5``."""
    text = f"{float(value) + 0.0:.4g}"  # + 0.0 turns -0.0 into 0
    mantissa, _, exponent = text.partition("e")
    if exponent:
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def in_brackets(value: float) -> str:
    """A number as an operand: negative ones in brackets, as in 3 × (−4)."""
    text = short(value)
    return f"({text})" if text.startswith("−") else text
