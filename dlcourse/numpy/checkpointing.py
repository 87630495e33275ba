"""Gradient checkpointing: keep less in memory, compute some of it twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcourse.numpy.graph import Array, Operation, Tensor
from dlcourse.numpy.random import get_rng_state, set_rng_state
from dlcourse.numpy.settings import grad_mode, no_grad

__all__ = ["checkpoint"]


class Checkpoint(Operation):
    """A stretch of the network that forgets its inside and recomputes it in backward (Chen et al., 2016).

    Going forward only the inputs are kept. Going backward, the stretch runs forward once more, now
    with a graph, and that graph is differentiated at once. Parameters inside the stretch get their
    gradient there, directly.
    """

    def forward(self, *arrays: Array, function: Callable[..., Tensor]) -> Any:
        self.function, self.arrays = function, arrays
        self.rng_state = get_rng_state()
        with no_grad():
            return function(*[Tensor(array) for array in arrays]).data

    def backward(self, grad: Array) -> tuple[Array | None, ...]:
        inputs = [Tensor(array, requires_grad=needed) for array, needed in zip(self.arrays, self.needs, strict=True)]
        now = get_rng_state()
        set_rng_state(self.rng_state)  # so that dropout drops the same units again
        out = self.function(*inputs)
        set_rng_state(now)
        if out.requires_grad:
            out.backward(grad)
        return tuple(x.grad for x in inputs)


def checkpoint(function: Callable[..., Tensor], *args: Tensor) -> Tensor:
    """``function(*args)``, computed again in backward instead of remembered.

    ``function`` takes tensors, returns one tensor, and must do the same each time. Weights inside
    it get their gradients even when no argument requires one. Twin of
    ``torch.utils.checkpoint.checkpoint(function, *args, use_reentrant=False)``.
    """
    if not grad_mode.enabled:
        return function(*args)
    # The extra input makes sure that the node is recorded: the weights inside `function` are not inputs of it.
    return Checkpoint.apply(*args, Tensor(0.0, requires_grad=True), function=lambda *inputs: function(*inputs[:-1]))
