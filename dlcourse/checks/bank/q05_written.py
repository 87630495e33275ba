"""Exercise 05: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 4

WRITTEN = (
    Written(
        "05.explain_factor_two",
        title="Where the factor 2 comes from",
        points=3,
        minutes=10,
        rubric=(
            "1 point: the variance of z is fan_in · Var(w) · E[a²], with independent weights of mean 0",
            "1 point: a ReLU keeps half of the second moment of a symmetric z, so E[a²] = Var(z)/2",
            "1 point: what follows for another activation, or why a missing factor 2 matters only in deep networks",
        ),
    ),
)
