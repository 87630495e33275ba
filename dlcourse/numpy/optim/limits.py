"""The ranges of the optimizers' options, in one table, with one error for all of them."""

from __future__ import annotations

from numbers import Real
from typing import Any

__all__ = ["check_options"]

# name: (lowest, highest, whether the highest itself is allowed)
_LIMITS: dict[str, tuple[float, float, bool]] = {
    "lr": (0, float("inf"), False),
    "momentum": (0, float("inf"), False),
    "weight_decay": (0, float("inf"), False),
    "eps": (0, float("inf"), False),
    "alpha": (0, float("inf"), False),
    "rho": (0, 1, True),
    "betas": (0, 1, False),
    "lr_decay": (0, float("inf"), False),
    "initial_accumulator_value": (0, float("inf"), False),
    "momentum_decay": (0, float("inf"), False),
}


def check_options(owner: str, options: dict[str, Any]) -> None:
    """Raise ``ValueError`` naming the first option of ``owner`` that is out of its range.

    ``betas`` is a pair; each of the two is checked. An option that has no entry in the table, such as a
    switch, is not looked at.
    """
    for name, value in options.items():
        if name not in _LIMITS:
            continue
        if name != "betas":
            _check(owner, name, value)
            continue
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise ValueError(f"{owner}: betas must be a pair of numbers, got {value!r}")
        for i, beta in enumerate(value):
            _check(owner, f"betas[{i}]", beta)


def _check(owner: str, name: str, value: Any) -> None:
    low, high, closed = _LIMITS[name.split("[")[0]]
    if not isinstance(value, Real):
        raise ValueError(f"{owner}: {name} must be a number, got {value!r}")
    number = float(value)
    if low <= number < high or (closed and number == high):
        return
    wanted = f"at least {low}" if high == float("inf") else f"in [{low}, {high}{']' if closed else ')'}"
    raise ValueError(f"{owner}: {name} must be {wanted}, got {value!r}")
