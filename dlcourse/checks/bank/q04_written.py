"""Exercise 04: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 6

WRITTEN = (
    Written(
        "04.explain_flat_gradients",
        title="A level curve that hides a problem",
        points=3,
        minutes=10,
        rubric=(
            "1 point: dL/dW is a product of the layer's input and dL/dz",
            "1 point: with small weights the first falls with depth and the second falls towards the input",
            "1 point: what to plot instead, and one remedy that attacks the cause (start values, skips, normalisation)",
        ),
    ),
)
