"""Exercise 08: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 8

WRITTEN = (
    Written(
        "08.explain_the_gap",
        title="Good in training, poor in evaluation",
        points=3,
        minutes=10,
        rubric=(
            "1 point: in training a batch's own statistics are used, in evaluation the running ones",
            "1 point: with two images the batch's statistics are noisy, so the network was trained for other numbers "
            "than evaluation gives it; eval() is not to blame",
            "1 point: a remedy with its reason (group or layer norm, larger batches, batch renorm) and why staying in "
            "training mode is none: answers would depend on the neighbours",
        ),
    ),
)
