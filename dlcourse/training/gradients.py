"""Limits that are applied in every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcourse.training.callback import Callback

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["GradientClipping", "MaxNorm"]


class GradientClipping(Callback):
    """Clip the gradients before each update: together to ``max_norm``, or each entry to ±``value``.

    ``norms`` lists the norm of all gradients before clipping, one for each update, when clipping by norm.
    Raises ``ValueError`` unless exactly one of the two is given and it is positive.
    """

    def __init__(self, max_norm: float | None = None, value: float | None = None) -> None:
        if (max_norm is None) == (value is None):
            raise ValueError("GradientClipping: give either max_norm or value")
        limit = max_norm if max_norm is not None else value
        if limit is None or not limit > 0:
            raise ValueError(f"GradientClipping: the limit must be greater than 0, got {limit!r}")
        self.max_norm, self.value = max_norm, value
        self.norms: list[float] = []

    def on_backward(self, trainer: Trainer) -> None:
        """Clip."""
        optim, parameters = trainer.backend.twin.optim, list(trainer.model.parameters())
        if self.max_norm is not None:
            self.norms.append(float(optim.clip_grad_norm_(parameters, self.max_norm)))
        else:
            optim.clip_grad_value_(parameters, self.value)

    def state_dict(self) -> dict[str, Any]:
        """The norms so far."""
        return {"norms": self.norms}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.norms = list(state_dict["norms"])


class MaxNorm(Callback):
    """After each update, project every unit's incoming weights to a norm of at most ``max_norm``.

    Raises ``ValueError`` unless it is positive.
    """

    def __init__(self, max_norm: float) -> None:
        if not max_norm > 0:
            raise ValueError(f"MaxNorm: max_norm must be greater than 0, got {max_norm!r}")
        self.max_norm = max_norm

    def on_batch_end(self, trainer: Trainer) -> None:
        """Project."""
        trainer.backend.twin.optim.max_norm_(trainer.model.parameters(), self.max_norm)
