"""Gradient descent, with momentum and Nesterov's variant of it."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Group, Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent on mini-batches (Robbins & Monro, 1951), with momentum (Polyak, 1964).

        b = μ b + (1 - dampening) g         the first b is g itself
        w = w - lr b                        plain
        w = w - lr (g + μ b)                Nesterov (1983), in the form of Sutskever et al. (2013)

    ``momentum`` is μ. With μ = 0 this is w - lr g. The rate stands outside the buffer, as in torch: with
    a schedule this differs from the form b = μ b - lr g, w = w + b that you may also meet.
    ``nesterov`` needs a positive momentum and no dampening.
    """

    defaults: ClassVar = {"lr": 1e-3, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    state: ClassVar = ("b",)
    torch_names: ClassVar = {"b": "momentum_buffer"}

    def start(self, s: Any, **_: Any) -> None:
        """There is no velocity before the first step."""
        s.b = None

    def step_one(
        self, w: Array, g: Array, s: Any, *, lr: float, momentum: float, dampening: float, nesterov: bool
    ) -> Array:
        """Move against the velocity, or against the gradient where there is no momentum."""
        direction = g
        if momentum > 0:
            s.b = g.copy() if s.b is None else momentum * s.b + (1 - dampening) * g
            direction = g + momentum * s.b if nesterov else s.b
        w -= lr * direction
        return w

    def check(self, group: Group) -> None:
        """Nesterov's form is defined only with momentum and without dampening."""
        super().check(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                f"SGD: nesterov=True needs momentum > 0 and dampening = 0, got momentum={group['momentum']!r} and "
                f"dampening={group['dampening']!r}"
            )
