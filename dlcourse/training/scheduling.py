"""A schedule inside the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dlcourse.training.callback import Callback
from dlcourse.training.stopping import measured

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["Schedule"]


class Schedule(Callback):
    """Step ``scheduler`` after every epoch, or after every update with ``every="batch"``.

    A warm-up and one-cycle schedule count batches; most others count epochs. ``monitor`` names the result that is
    handed on, as ReduceLROnPlateau wants it: ``Schedule(ReduceLROnPlateau(optimizer), monitor="val_cost")``.
    Raises ``ValueError`` for another ``every``, and for a monitor together with ``every="batch"``.
    """

    def __init__(self, scheduler: Any, every: Literal["epoch", "batch"] = "epoch", monitor: str | None = None) -> None:
        if every not in ("epoch", "batch"):
            raise ValueError(f"Schedule: every must be 'epoch' or 'batch', got {every!r}")
        if monitor is not None and every == "batch":
            raise ValueError(f"Schedule: monitor={monitor!r} is measured once an epoch, so every must be 'epoch'")
        self.scheduler, self.every, self.monitor = scheduler, every, monitor

    def on_batch_end(self, trainer: Trainer) -> None:  # noqa: ARG002  # each callback gets the trainer
        """Step, when it counts batches."""
        if self.every == "batch":
            self.scheduler.step()

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Step, when it counts epochs."""
        if self.every == "batch":
            return
        if self.monitor is None:
            self.scheduler.step()
        else:
            self.scheduler.step(measured(self, self.monitor, trainer))

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's."""
        return {"scheduler": self.scheduler.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.scheduler.load_state_dict(state_dict["scheduler"])
