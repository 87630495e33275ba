"""A module never changes its inputs: what a gate or a layer must leave alone, and the mistake of not doing so."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.drives.values import INPUTS_UNCHANGED, UNCHANGED_BY_BACKWARD, UNCHANGED_BY_FORWARD
from dlcourse.checks.question import Question

__all__ = ["NOTHING_CHANGED", "name_changed_inputs", "name_writing"]

NOTHING_CHANGED = {UNCHANGED_BY_FORWARD: True, UNCHANGED_BY_BACKWARD: True}


def name_writing(*questions: Question) -> None:
    """Register the two mistakes that leave every result right and spoil an array that others still need."""
    for question in questions:
        question.wrong(
            "forward writes into an array that it was given",
            ask="Another gate may have kept that array. What does it find there when its backward comes?",
        )(forward_writes)
        question.wrong(
            "backward writes into an array of the forward pass, or into the upstream gradient",
            ask="Who else holds that array? `a *= b` changes it for all of them; what does `a * b` do?",
        )(backward_writes)


def name_changed_inputs(*questions: Question) -> None:
    """Register the same mistake for functions, which have one call only."""
    for question in questions:
        question.wrong(
            "the function writes into an array that it was given",
            ask="Who else holds that array? `a *= b` changes it for all of them; what does `a * b` do?",
        )(inputs_changed)


def forward_writes() -> dict[str, Any]:
    return {UNCHANGED_BY_FORWARD: False}


def backward_writes() -> dict[str, Any]:
    return {UNCHANGED_BY_BACKWARD: False}


def inputs_changed() -> dict[str, Any]:
    return {INPUTS_UNCHANGED: False}
