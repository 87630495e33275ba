"""Measurements inside the network while it learns."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from dlcourse.training.backend import Array
from dlcourse.training.callback import Callback
from dlcourse.training.hooks import forward_hooks

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["LayerStatistics", "Statistics", "UpdateRatio", "statistics"]


class Statistics(NamedTuple):
    """Mean and standard deviation of a set of numbers."""

    mean: float
    std: float


def statistics(values: Any) -> Statistics:
    """Mean and population standard deviation (divided by N) of an array, in float64, the same for both backends.

    NumPy's ``std`` divides by N and torch's by N - 1, so go through this. An empty array gives NaN for both.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0:
        return Statistics(float("nan"), float("nan"))
    return Statistics(float(x.mean()), float(x.std()))


class LayerStatistics(Callback):
    """Mean and standard deviation of each layer's output and of dL/d(output), in every ``every``-th update.

    ``activations["0"]`` and ``gradients["0"]`` are lists of :class:`Statistics`, one for each measured update, whose
    numbers are in ``steps``. Layers are the modules without parts, by their dotted names.
    Raises ``ValueError`` unless ``every`` is at least 1.
    """

    order: ClassVar[int] = -10  # before the gradients are clipped

    def __init__(self, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"LayerStatistics: every must be at least 1, got {every!r}")
        self.every = every
        self.steps: list[int] = []
        self.activations: dict[str, list[Statistics]] = {}
        self.gradients: dict[str, list[Statistics]] = {}
        self._outputs: dict[str, Any] = {}
        self._hooks = ExitStack()

    def on_fit_start(self, trainer: Trainer) -> None:
        """Put the hooks in; raises ``ValueError`` for a compiled model, which may pass hooks over."""
        if trainer.forward is not trainer.model:
            raise ValueError("LayerStatistics: compile=True may pass over the hooks that measure; train without it")
        backend = trainer.backend

        def seen(name: str, _module: Any, output: Any) -> None:
            if not trainer.model.training or trainer.step % self.every != 0:
                return
            self.activations.setdefault(name, []).append(statistics(backend.array(output)))
            if output.requires_grad:
                output.retain_grad()
                self._outputs[name] = output

        self._hooks.enter_context(forward_hooks(trainer.model, seen))

    def on_backward(self, trainer: Trainer) -> None:
        """Read the gradients of the outputs."""
        if trainer.step % self.every == 0:
            self.steps.append(trainer.step + 1)
        for name, output in self._outputs.items():
            if output.grad is not None:
                self.gradients.setdefault(name, []).append(statistics(trainer.backend.array(output.grad)))
        self._outputs = {}

    def on_fit_end(self, trainer: Trainer) -> None:  # noqa: ARG002  # each callback gets the trainer
        """Take the hooks out."""
        self._hooks.close()
        self._outputs = {}

    def state_dict(self) -> dict[str, Any]:
        """All measurements so far."""
        return {"steps": self.steps, "activations": self.activations, "gradients": self.gradients}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.steps = list(state_dict["steps"])
        self.activations = {name: [Statistics(*s) for s in all_] for name, all_ in state_dict["activations"].items()}
        self.gradients = {name: [Statistics(*s) for s in all_] for name, all_ in state_dict["gradients"].items()}


class UpdateRatio(Callback):
    """‖Δw‖ / ‖w‖ of every parameter, in every ``every``-th update; about 1e-3 is a common rule of thumb.

    ``ratios["0.weight"]`` is a list, one for each measured update, whose numbers are in ``steps``. A parameter that
    is all zeros before the update has no ratio: NaN. Raises ``ValueError`` unless ``every`` is at least 1.
    """

    def __init__(self, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"UpdateRatio: every must be at least 1, got {every!r}")
        self.every = every
        self.steps: list[int] = []
        self.ratios: dict[str, list[float]] = {}
        self._before: dict[str, Array] = {}

    def on_backward(self, trainer: Trainer) -> None:
        """Keep the weights as they are before the update."""
        if trainer.step % self.every == 0:
            array = trainer.backend.array
            self._before = {name: array(p).copy() for name, p in trainer.model.named_parameters()}

    def on_batch_end(self, trainer: Trainer) -> None:
        """Compare with the weights after it."""
        if not self._before:
            return
        self.steps.append(trainer.step)
        for name, p in trainer.model.named_parameters():
            before = self._before[name].astype(np.float64)
            size = float(np.linalg.norm(before))
            moved = float(np.linalg.norm(trainer.backend.array(p).astype(np.float64) - before))
            self.ratios.setdefault(name, []).append(moved / size if size > 0 else float("nan"))
        self._before = {}

    def state_dict(self) -> dict[str, Any]:
        """All measurements so far."""
        return {"steps": self.steps, "ratios": self.ratios}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.steps, self.ratios = list(state_dict["steps"]), dict(state_dict["ratios"])
