"""Exercise 01: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 12

WRITTEN = (
    Written(
        "01.explain_adding_up",
        title="Why gradients add up at a shared node",
        points=3,
        minutes=10,
        rubric=(
            "1 point: the test passes because no node of (x + y) z is shared; an example with a shared node",
            "1 point: a nudge acts along every path at once, and the effects add (chain rule for several variables)",
            "1 point: gradients of two calls add up unless they are set to zero first, also at inner nodes",
        ),
    ),
)
