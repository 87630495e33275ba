"""Exercise 06: the question that is answered in words."""

from __future__ import annotations

from dlcourse.checks.question import Written

__all__ = ["WRITTEN"]

ORDER = 11

WRITTEN = (
    Written(
        "06.explain_the_turn",
        title="A winner that loses when the world turns",
        points=3,
        minutes=10,
        rubric=(
            "1 point: gradient descent moves along the gradient, which turns with the world; it knows no axes",
            "1 point: Adagrad divides each coordinate by its own size; turned, all coordinates see the steep direction "
            "and get the same rate, so nothing is equalised",
            "1 point: a case in which the scales do belong to the weights themselves (units of inputs, rare words, "
            "layers), or the remedy of standardising the inputs",
        ),
    ),
)
