"""Nested dicts and lists with arrays in them, as JSON text and a flat dict of arrays: what safetensors can hold.

No pickle: reading a file of a stranger runs no code.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

__all__ = ["pack", "unpack"]

_TAG = "__kind__"


def pack(value: Any, is_tensor: Any, arrays: dict[str, Any], path: str = "") -> Any:
    """Return ``value`` with its arrays moved to ``arrays``, under their dotted path, and the rest fit for JSON.

    ``is_tensor(x)`` recognises the tensors of the backend. Tuples, numbers as keys and counters are marked, so that
    ``unpack`` gives back what went in. Raises ``TypeError`` naming the path of anything else, such as a function.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if is_tensor(value) or isinstance(value, np.ndarray):
        arrays[path] = value
        return {_TAG: "array" if isinstance(value, np.ndarray) else "tensor", "path": path}
    if isinstance(value, (list, tuple)):
        items = [pack(item, is_tensor, arrays, f"{path}.{i}") for i, item in enumerate(value)]
        return items if isinstance(value, list) else {_TAG: "tuple", "items": items}
    if isinstance(value, dict):
        items = [[k, pack(v, is_tensor, arrays, f"{path}.{k}" if path else str(k))] for k, v in value.items()]
        if isinstance(value, Counter):
            return {_TAG: "counter", "items": items}
        return dict(items) if all(isinstance(k, str) for k in value) else {_TAG: "dict", "items": items}
    raise TypeError(f"cannot save {path}: {type(value).__name__} is neither a number, text, list, dict nor array")


def unpack(value: Any, arrays: dict[str, Any]) -> Any:
    """The inverse of ``pack``; ``arrays`` holds what was read for each path."""
    if isinstance(value, list):
        return [unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(_TAG)
    if kind is None:
        return {k: unpack(v, arrays) for k, v in value.items()}
    if kind in ("array", "tensor"):
        found = arrays[value["path"]]
        return np.asarray(found) if kind == "array" else found
    if kind == "tuple":
        return tuple(unpack(item, arrays) for item in value["items"])
    pairs = {k: unpack(v, arrays) for k, v in value["items"]}
    return Counter(pairs) if kind == "counter" else pairs
