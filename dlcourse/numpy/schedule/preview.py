"""The rates of a schedule without any training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.optim import SGD

__all__ = ["preview"]


def preview(
    make: Callable[..., Any],
    steps: int,
    lr: float = 0.1,
    key: Literal["lr", "momentum"] = "lr",
    metrics: Sequence[float] | None = None,
    **options: Any,
) -> list[float]:
    """List what the updates 1 to ``steps`` would use: ``preview(StepLR, 100, lr=0.1, step_size=30)``.

    ``make`` is a schedule, or a function of an optimizer that returns one, called with ``options``. ``key`` says
    what is listed. ``metrics``, one number for each step, is what a schedule that watches a measurement would see.
    Raises ``ValueError`` when there are fewer metrics than steps.
    """
    optimizer = SGD([Tensor([0.0], requires_grad=True)], lr=lr, momentum=0.9)
    schedule = make(optimizer, **options)
    if metrics is not None and len(metrics) < steps:
        raise ValueError(f"preview: metrics has {len(metrics)} numbers, expected one for each of {steps} steps")
    values = []
    for t in range(steps):
        values.append(float(optimizer.param_groups[0][key]))
        optimizer.step()
        if metrics is None:
            schedule.step()
        else:
            schedule.step(metrics[t])
    return values
