"""Exercise 09: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 9

WRITTEN = (
    Written(
        "09.explain_report",
        title="A report with three holes",
        points=3,
        minutes=12,
        rubric=(
            "1 point: the training error is above ε: bias, which neither more data nor a penalty will mend",
            "1 point: weight_decay of Adam is an L2 penalty that is divided by the gradients' size; AdamW decouples it",
            "1 point: copies lie on both sides of the split, accuracy hides the rare class: split first, report recall",
        ),
    ),
)
