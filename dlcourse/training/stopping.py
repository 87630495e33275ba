"""Ending a run in time: when validation has stopped improving, or when training has blown up."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dlcourse.training.callback import Callback
from dlcourse.training.hooks import outputs_of

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["EarlyStopping", "StopOnExplosion"]


class EarlyStopping(Callback):
    """Stop when ``monitor`` has not improved for ``patience`` epochs, and go back to the best weights.

    ``mode`` says whether less ("min") or more ("max") is better; by default more for names with "accuracy" in
    them. An improvement of at most ``min_delta`` does not count. ``best``, ``best_epoch`` and ``wait`` can be read
    at any time. The best weights and buffers are copies; they are put back at the end of ``fit``, also when the
    epochs ran out, unless ``restore_best=False``. Raises ``ValueError`` for a monitor that is not measured.
    """

    def __init__(
        self,
        monitor: str = "val_cost",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: Literal["min", "max"] | None = None,
        restore_best: bool = True,
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience must be at least 1, got {patience!r}")
        if min_delta < 0:
            raise ValueError(f"EarlyStopping: min_delta must be at least 0, got {min_delta!r}")
        if mode not in ("min", "max", None):
            raise ValueError(f"EarlyStopping: mode must be 'min' or 'max', got {mode!r}")
        self.monitor, self.patience, self.min_delta, self.restore_best = monitor, patience, min_delta, restore_best
        self.mode = mode or ("max" if "accuracy" in monitor else "min")
        self.best = inf if self.mode == "min" else -inf
        self.best_epoch, self.wait = 0, 0
        self.weights: dict[str, Any] | None = None

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Compare with the best so far."""
        value = measured(self, self.monitor, trainer)
        better = value < self.best - self.min_delta if self.mode == "min" else value > self.best + self.min_delta
        if better:
            self.best, self.best_epoch, self.wait = value, trainer.epoch, 0
            self.weights = trainer.backend.copy_state() if self.restore_best else None
            return
        self.wait += 1
        if self.wait >= self.patience:
            trainer.stop(
                f"{self.monitor} has not improved for {self.wait} epochs; the best was {self.best:.6g} in epoch "
                f"{self.best_epoch}"
            )

    def on_fit_end(self, trainer: Trainer) -> None:
        """Put the best weights back."""
        if self.weights is not None:
            trainer.backend.load_state(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """The best value, its epoch and weights, and the wait so far."""
        return {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.best, self.best_epoch = state_dict["best"], state_dict["best_epoch"]
        self.wait, self.weights = state_dict["wait"], state_dict["weights"]


class StopOnExplosion(Callback):
    """Stop before the update when the cost is NaN, infinite or more than ``factor`` times the first cost.

    Gradients are looked at too. ``broken`` then names the first tensor that broke: the input, a weight, the output
    of a layer, the cost or a gradient, searched in the order in which they are computed.
    Raises ``ValueError`` unless the factor is greater than 1.
    """

    order: ClassVar[int] = -20  # before the gradients are clipped

    def __init__(self, factor: float = 3.0) -> None:
        if not factor > 1:
            raise ValueError(f"StopOnExplosion: factor must be greater than 1, got {factor!r}")
        self.factor = factor
        self.first_cost: float | None = None
        self.broken: str | None = None

    def on_backward(self, trainer: Trainer) -> None:
        """Look at the cost and the gradients of this batch."""
        cost, where = trainer.cost, f"epoch {trainer.epoch + 1}, update {trainer.step + 1}"
        gradients = [(name, p.grad) for name, p in trainer.model.named_parameters() if p.grad is not None]
        if not isfinite(cost):
            self.broken = first_broken(trainer)
            trainer.stop(f"the cost is {cost} at {where}; the first to break is {self.broken}")
        elif not trainer.backend.all_finite([gradient for _, gradient in gradients]):
            # backward starts at the output, so the last layer's gradient is the first to be computed
            name, gradient = next((n, g) for n, g in reversed(gradients) if not trainer.backend.all_finite([g]))
            self.broken = f"the gradient of {name}"
            bad = _describe(trainer.backend.array(gradient))
            trainer.stop(f"a gradient is not finite at {where}; the first to break is {self.broken}, {bad}")
        elif self.first_cost is None:
            self.first_cost = cost
        elif self.first_cost > 0 and cost > self.factor * self.first_cost:
            trainer.stop(
                f"the cost {cost:.4g} at {where} is more than {self.factor:g} times the first, {self.first_cost:.4g}"
            )

    def state_dict(self) -> dict[str, Any]:
        """The first cost."""
        return {"first_cost": self.first_cost}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.first_cost = state_dict["first_cost"]


def first_broken(trainer: Trainer) -> str:
    """Name what is not finite first on the way from the input of the present batch to its cost.

    The batch goes through the model once more; buffers and random numbers are put back afterwards.
    """
    backend = trainer.backend
    if not np.isfinite(backend.array(trainer.inputs)).all():
        return f"the input, {_describe(backend.array(trainer.inputs))}"
    for name, p in trainer.model.named_parameters():
        if not backend.all_finite([p]):
            return f"the weight {name}, {_describe(backend.array(p))}"
    state, random = backend.copy_state(), backend.rng_state()
    with backend.twin.no_grad(), backend.autocast():
        outputs = outputs_of(trainer.model, lambda: trainer.model(trainer.inputs))
    backend.load_state(state)
    backend.set_rng_state(random)
    for name, module, values in outputs:
        if not np.isfinite(values).all():
            return f"the output of {name} ({module}), {_describe(values)}"
    return "the cost itself: the outputs of the model are finite"


def measured(callback: Callback, monitor: str, trainer: Trainer) -> float:
    """The result called ``monitor``; raises ``ValueError`` when this run does not measure it."""
    if monitor not in trainer.logs:
        raise ValueError(
            f"{type(callback).__name__}: monitor={monitor!r} is not measured in this run, only "
            f"{', '.join(trainer.logs)}; names with val_ need fit(validation=…)"
        )
    return trainer.logs[monitor]


def _describe(values: Any) -> str:
    bad = int((~np.isfinite(values)).sum())
    return f"with {bad} of {values.size} entries NaN or infinite"
