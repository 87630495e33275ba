"""Handing a run on to TensorBoard or Weights & Biases, through their own libraries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcourse.training.callback import Callback

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["TensorBoardLog", "WandbLog"]


class TensorBoardLog(Callback):
    """Write the run to ``folder`` for ``tensorboard --logdir``. Needs torch and the package tensorboard."""

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError("TensorBoardLog needs the package tensorboard: pip install tensorboard") from error
        self.folder = Path(folder)
        self._open = SummaryWriter
        self._writer: Any = None

    def on_fit_start(self, trainer: Trainer) -> None:  # noqa: ARG002  # each callback gets the trainer
        """Open the event file."""
        self._writer = self._open(str(self.folder))

    def on_backward(self, trainer: Trainer) -> None:
        """Write the cost of the batch and the rate of its update."""
        self._writer.add_scalar("step/cost", trainer.cost, trainer.step + 1)
        self._writer.add_scalar("step/lr", float(trainer.optimizer.param_groups[0]["lr"]), trainer.step + 1)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Write the results of the epoch."""
        for name, value in trainer.logs.items():
            self._writer.add_scalar(f"epoch/{name}", value, trainer.epoch)
        self._writer.flush()

    def on_fit_end(self, trainer: Trainer) -> None:  # noqa: ARG002  # each callback gets the trainer
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()


class WandbLog(Callback):
    """Log the run with ``wandb.init(**init)``, such as ``WandbLog(project="digits")``. Needs the package wandb."""

    def __init__(self, **init: Any) -> None:
        try:
            import wandb
        except ImportError as error:
            raise ImportError("WandbLog needs the package wandb: pip install wandb") from error
        self._wandb: Any = wandb
        self._init = init
        self._run: Any = None

    def on_fit_start(self, trainer: Trainer) -> None:  # noqa: ARG002  # each callback gets the trainer
        """Start a run of the tracker."""
        self._run = self._wandb.init(**self._init)

    def on_backward(self, trainer: Trainer) -> None:
        """Log the cost of the batch and the rate of its update."""
        lr = float(trainer.optimizer.param_groups[0]["lr"])
        self._run.log({"step/cost": trainer.cost, "step/lr": lr}, step=trainer.step + 1)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Log the results of the epoch."""
        self._run.log({f"epoch/{name}": value for name, value in trainer.logs.items()}, step=trainer.step)

    def on_fit_end(self, trainer: Trainer) -> None:
        """Finish the run of the tracker."""
        if self._run is not None:
            self._run.summary["stopped"] = trainer.stopped
            self._run.finish()
