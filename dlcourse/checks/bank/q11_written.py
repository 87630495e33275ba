"""Exercise 11: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 7

WRITTEN = (
    Written(
        "11.explain_report",
        title="A report from a hospital",
        points=3,
        minutes=12,
        rubric=(
            "1 point: copies before the split put one original on both sides; split by patient, run on shuffled labels",
            "1 point: a flip alters the label (the heart changes sides); turns by any angle do not occur",
            "1 point: under mixup the training cost has a floor, the labels' entropy; judge on unmixed validation data",
        ),
    ),
)
