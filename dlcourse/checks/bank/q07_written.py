"""Exercise 07: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 4

WRITTEN = (
    Written(
        "07.explain_comparison",
        title="A comparison that proves nothing",
        points=3,
        minutes=10,
        rubric=(
            "1 point: the two arms had the same rate, which suits one of them; each needs its own search, equally long",
            "1 point: one run each says nothing about chance; several seeds, mean and spread",
            "1 point: the choice was made on the set that is reported; a third set, and the same budget of updates",
        ),
    ),
)
