"""Exercise 13: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 6

WRITTEN = (
    Written(
        "13.explain_transfer_claim",
        title="A claim about transfer",
        points=3,
        minutes=12,
        rubric=(
            "1 point: scratch had neither augmentation nor as much tuning, so the gain is not the pretraining's alone",
            "1 point: the source may hold the target (near-duplicates, look-alikes), or: one seed is within the spread",
            "1 point: a fair experiment: equal augmentation and tuning, several seeds, nearest neighbour or probe as a "
            "baseline, more than one number of labels",
        ),
    ),
)
