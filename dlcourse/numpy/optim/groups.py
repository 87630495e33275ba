"""Reading what an optimizer is given: tensors or groups of them, and saved state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dlcourse.numpy.graph import Array, Tensor

__all__ = ["Group", "Params", "array_of", "as_groups", "check_params", "params_of"]

Group = dict[str, Any]
Params = Iterable[Tensor] | Iterable[Group]


def as_groups(owner: str, params: Any) -> list[Group]:
    """Make groups of a list of tensors or of groups; raises ``TypeError`` for neither, ``ValueError`` when empty."""
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise TypeError(f"{owner}: params must be a list of Tensors or of dicts, got {type(params).__name__}")
    items: list[Any] = list(params)
    if not items:
        raise ValueError(f"{owner}: params is empty; does the model have parameters, or was a generator used before?")
    return items if isinstance(items[0], dict) else [{"params": items}]


def params_of(owner: str, group: Group) -> list[Any]:
    """The tensors of a group as a list; raises ``ValueError`` when the key is missing."""
    if "params" not in group:
        raise ValueError(f'{owner}: a group needs the key "params", got the keys {sorted(group)}')
    params = group["params"]
    return [params] if isinstance(params, Tensor) else list(params)


def check_params(owner: str, params: list[Any], others: list[Tensor]) -> None:
    """Raise a named error for what is not a tensor, not a leaf, or there twice; ``others`` are in other groups."""
    seen = {id(p) for p in others}
    for i, p in enumerate(params):
        if not isinstance(p, Tensor):
            raise TypeError(f"{owner}: params must be Tensors, got {type(p).__name__} at position {i}")
        if not p.is_leaf:
            raise ValueError(
                f"{owner}: params[{i}] of shape {p.data.shape} is the result of an operation; only leaves, such as "
                f"model.parameters(), can be optimized"
            )
        if id(p) in seen:
            raise ValueError(f"{owner}: params[{i}] of shape {p.data.shape} appears more than once")
        seen.add(id(p))


def array_of(value: Any, dtype: Any) -> Array:
    """A new array from an array, or from a tensor of torch on any device."""
    if hasattr(value, "cpu"):
        value = value.detach().cpu()
    array: Array = np.asarray(value).astype(dtype)
    return array
