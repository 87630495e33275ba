"""A progress bar."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dlcourse.training.callback import Callback

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["ProgressBar", "bars_are_off"]


def bars_are_off() -> bool:
    """Whether ``TQDM_DISABLE`` is set; tqdm's bar for notebooks does not look at it by itself."""
    return bool(os.environ.get("TQDM_DISABLE"))


class ProgressBar(Callback):
    """Show the updates with tqdm, and behind the bar the results of the last epoch. ``TQDM_DISABLE=1`` hides it."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_fit_start(self, trainer: Trainer) -> None:
        """Open the bar; without an end where the batches have no length."""
        from tqdm.auto import tqdm

        each = len(trainer.batches) if hasattr(trainer.batches, "__len__") else None
        total = None if each is None else trainer.epochs * each
        self._bar = tqdm(total=total, initial=trainer.step, unit="update", disable=bars_are_off())

    def on_batch_end(self, trainer: Trainer) -> None:  # noqa: ARG002  # each callback gets the trainer
        """Move it on."""
        self._bar.update()

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Show the results."""
        results = {name: f"{value:.4g}" for name, value in trainer.logs.items()}
        self._bar.set_postfix({"epoch": trainer.epoch, **results}, refresh=False)

    def on_fit_end(self, trainer: Trainer) -> None:
        """Close it, with the reason of an early end."""
        if self._bar is not None:
            if trainer.stopped is not None:
                self._bar.set_description_str(f"stopped: {trainer.stopped}")
            self._bar.close()
