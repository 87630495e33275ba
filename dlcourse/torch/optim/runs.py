"""How many tensors to take at a time in a sequence of element-wise operations."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

__all__ = ["cache_sized"]

_CPU_RUN = 1 << 15  # elements; 128 kB in float32, a few such arrays fit the second-level cache


def cache_sized(*lists: list[Tensor]) -> Iterator[tuple[list[Tensor], ...]]:
    """Cut parallel lists of tensors into runs: everything at once on an accelerator, what fits the cache on a CPU.

    An accelerator wants few kernels, a CPU wants the next operation to find its inputs still in the cache.
    """
    start, size = 0, 0
    for i, p in enumerate(lists[0]):
        if i > start and p.is_cpu and size + p.numel() > _CPU_RUN:
            yield tuple(tensors[start:i] for tensors in lists)
            start, size = i, 0
        size += p.numel()
    if size > 0:
        yield tuple(tensors[start:] for tensors in lists)
