"""Exercise 12: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 7

WRITTEN = (
    Written(
        "12.explain_depth",
        title="Twenty layers worse than eight",
        points=3,
        minutes=10,
        rubric=(
            "1 point: it is no overfitting, because the training images are affected as well",
            "1 point: the deeper network could copy the shallow one and be the identity elsewhere, "
            "but plain layers have to build the identity, whereas a residual block only has to make F zero",
            "1 point: an experiment that tells the two apart, such as the curves of both networks on both sets, "
            "or the same network with paths around its layers",
        ),
    ),
)
