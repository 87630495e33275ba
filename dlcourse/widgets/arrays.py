"""Arrays on their way to the front end: exact float32 from the kernel, small integers in an export."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["LEVELS", "for_export", "for_kernel", "is_finite"]

LEVELS = 4000
"""Steps between the smallest and the largest number of an exported array: a step is 1/4000 of its range."""
_NOT_FINITE = 65535


def is_finite(value: Any) -> bool:
    """Whether every number inside ``value`` is finite."""
    if isinstance(value, Mapping):
        return all(is_finite(v) for v in value.values())
    if isinstance(value, list | tuple):
        return all(is_finite(v) for v in value)
    if isinstance(value, np.ndarray | float | np.floating):
        return bool(np.isfinite(value).all())
    return True


def for_kernel(value: Any) -> Any:
    """Replace arrays by ``{"shape", "float32": bytes}`` and single numbers that are not finite by None."""
    return _walk(value, _as_float32, lambda x: x)


def for_export(value: Any) -> Any:
    """Replace arrays by integers of :data:`LEVELS` steps over their range, and round single numbers to six digits."""
    return _walk(value, _quantise, lambda x: float(f"{x:.6g}"))


def _as_float32(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    with np.errstate(over="ignore"):  # what float32 cannot hold is drawn as infinity
        return {"shape": list(array.shape), "float32": memoryview(array.astype("<f4").tobytes())}


def _quantise(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    values = array.astype(float)
    finite = np.isfinite(values)
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 0.0)
    step = (high - low) / LEVELS or (float(np.nextafter(0.0, 1.0)) if high > low else 1.0)
    codes = np.full(values.shape, _NOT_FINITE, "<u2")
    codes[finite] = np.round((values[finite] - low) / step).astype("<u2")
    return {"shape": list(array.shape), "low": low, "step": step, "uint16": base64.b64encode(codes.tobytes()).decode()}


def _walk(value: Any, array: Callable[[Any], Any], number: Callable[[float], float]) -> Any:
    if isinstance(value, np.ndarray):
        return array(value)
    if isinstance(value, Mapping):
        return {str(key): _walk(v, array, number) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(v, array, number) for v in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return number(float(value)) if math.isfinite(value) else None
    return value
