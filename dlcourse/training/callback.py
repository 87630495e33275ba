"""The base of everything that accompanies the training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["Callback"]


class Callback:
    """Override the moments you care about; each gets the trainer, with everything on it.

    In the order of a run: ``on_fit_start``, then for each epoch ``on_epoch_start``, for each batch
    ``on_backward`` (the gradients are there, the weights have not moved) and ``on_batch_end``, after the batches and
    the validation ``on_epoch_end``, at last ``on_fit_end``, also after an error. Call ``trainer.stop("reason")``
    to end the run. What must survive a checkpoint goes into ``state_dict``.
    """

    order: ClassVar[int] = 0  # callbacks run in this order, and in the given order where it is the same

    def on_fit_start(self, trainer: Trainer) -> None:
        """Before the first batch of a call of ``fit``."""

    def on_epoch_start(self, trainer: Trainer) -> None:
        """Before the first batch of an epoch."""

    def on_backward(self, trainer: Trainer) -> None:
        """After backward, before the update."""

    def on_batch_end(self, trainer: Trainer) -> None:
        """After the update; ``trainer.cost`` is the cost of the batch."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """After an epoch and its validation; ``trainer.logs`` holds the results."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """At the end, however it came."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint has to keep: numbers, strings, lists, dicts, arrays and tensors."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
