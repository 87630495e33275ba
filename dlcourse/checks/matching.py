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


def same_first_output(outcomes: Outcomes, outputs: Outputs, right: Outputs, name: str, rtol: float) -> Variant | None:
    """The one known mistake that gives this output, whatever it gives elsewhere, or None."""
    same = [
        variant
        for variant, it in outcomes
        if variant.kind == "wrong"
        and not it.error
        and not agree(it.outputs[name], right[name], rtol)
        and agree(outputs[name], it.outputs[name], rtol)
    ]
    return same[0] if len(same) == 1 else None
