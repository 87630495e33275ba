"""Find the known answers that give exactly what the student's code gave."""

from __future__ import annotations

from collections.abc import Sequence

from dlcourse.checks.compare import agree, agree_all
from dlcourse.checks.variants import Outcome, Outputs, Variant

__all__ = ["same_error", "same_first_output", "same_outputs"]

Outcomes = Sequence[tuple[Variant, Outcome]]


def same_outputs(outcomes: Outcomes, outputs: Outputs, rtol: float) -> list[Variant]:
    """Every variant that agrees in all outputs. More than one means that none can be named."""
    return [variant for variant, it in outcomes if not it.error and agree_all(outputs, it.outputs, rtol)]


def same_error(outcomes: Outcomes, raised: str) -> Variant | None:
    """The one known mistake that raises the same error with the same words, or None."""
    same = [variant for variant, it in outcomes if variant.kind == "wrong" and it.error == raised]
    return same[0] if len(same) == 1 else None


def same_first_output(
    outcomes: Outcomes, outputs: Outputs, right: Outputs, wrong: Sequence[str], rtol: float
) -> Variant | None:
    """The one known mistake behind the first of the ``wrong`` outputs, when there are others besides, or None.

    A mistake that would also have changed an output which is right is not the one.
    """
    same = [
        variant
        for variant, it in outcomes
        if variant.kind == "wrong"
        and not it.error
        and agree(outputs[wrong[0]], it.outputs[wrong[0]], rtol)
        and all(name in wrong or agree(it.outputs[name], right[name], rtol) for name in right)
    ]
    return same[0] if len(same) == 1 else None
