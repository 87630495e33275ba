"""The drive of lecture 00."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.drives.values import Array, function, numbers

__all__ = ["one_array"]


def one_array(student: Any, X: Array) -> dict[str, Array]:
    """Call a function of one array."""
    return {"mean": numbers(function(student)(X), "column_mean")}
