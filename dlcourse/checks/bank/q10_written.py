"""Exercise 10: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 7

WRITTEN = (
    Written(
        "10.explain_verdict",
        title="A verdict on dropout",
        points=3,
        minutes=12,
        rubric=(
            "1 point: nn.Dropout drops with p, so 0.8 drops four fifths; keeping 0.8 is nn.Dropout(0.2)",
            "1 point: the training cost is that of thinned networks and may exceed the validation cost; use eval mode",
            "1 point: a fair trial: several seeds, p chosen on validation data, early stopping as rival, noisy labels",
        ),
    ),
)
