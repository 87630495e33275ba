"""Exercise 03: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 4

WRITTEN = (
    Written(
        "03.explain_order",
        title="In which order would you look?",
        points=3,
        minutes=10,
        rubric=(
            "1 point: cheap checks first: data, first cost, gradient check; what each rules out",
            "1 point: 20 examples by heart separate a broken model from a badly tuned one",
            "1 point: only then rates and the gap between training and validation, with the remedy for each side",
        ),
    ),
)
