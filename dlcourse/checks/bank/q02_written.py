"""Exercise 02: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 5

WRITTEN = (
    Written(
        "02.explain_leak",
        title="What is wrong with this study",
        points=3,
        minutes=10,
        rubric=(
            "1 point: choosing the features used the labels of all patients, so each validation fold had been seen",
            "1 point: two scans of one patient on both sides; split by patient, which stratifying does not do",
            "1 point: a remedy to carry out: choose inside each fold, open the test set once, report mean and spread",
        ),
    ),
)
