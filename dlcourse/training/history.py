"""What happened in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcourse.training.callback import Callback

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["History"]


class History(Callback):
    """The results of every epoch and the cost and rate of every update. Each trainer has one, ``trainer.history``.

    ``history["val_cost"]`` is the list over the epochs. ``epochs`` has a dict for each epoch, ``steps`` one for
    each batch, with the keys ``step`` (from 1), ``cost`` (before the update) and ``lr``.
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.steps: list[dict[str, float]] = []

    def __getitem__(self, name: str) -> list[float]:
        if self.epochs and name not in self.epochs[-1]:
            raise KeyError(f"History: {name!r} was not recorded, only {', '.join(self.epochs[-1])}")
        return [epoch[name] for epoch in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {value:.4g}" for name, value in self.epochs[-1].items()) if self.epochs else "empty"
        return f"History of {len(self.epochs)} epochs, {len(self.steps)} updates; last: {last}"

    def step_costs(self) -> list[float]:
        """The cost of each batch, before its update."""
        return [step["cost"] for step in self.steps]

    def on_backward(self, trainer: Trainer) -> None:
        """Record the cost of this batch and the rate of its update."""
        lr = float(trainer.optimizer.param_groups[0]["lr"])
        self.steps.append({"step": trainer.step + 1, "cost": trainer.cost, "lr": lr})

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Record the epoch."""
        self.epochs.append({"epoch": trainer.epoch, **trainer.logs})

    def state_dict(self) -> dict[str, Any]:
        """All records."""
        return {"epochs": self.epochs, "steps": self.steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.epochs, self.steps = list(state_dict["epochs"]), list(state_dict["steps"])
