"""Exercise 14: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 6

WRITTEN = (
    Written(
        "14.explain_average",
        title="Ten networks, three averages",
        points=4,
        minutes=12,
        rubric=(
            "1 point: averaging probabilities helps as far as the networks err on different examples",
            "1 point: hidden units of independent networks have no common order; the mean weights mix them up",
            "1 point: along one run the order stays, so late weights may be averaged",
            "1 point: the measurement is the disagreement of the members on validation data; if it is low, no gain",
        ),
    ),
)
