"""The training loop, written once for both backends. Everything but the loop itself is a callback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcourse.training.backend import Array, backend_of
from dlcourse.training.callback import Callback
from dlcourse.training.history import History
from dlcourse.training.metrics import Mean

if TYPE_CHECKING:
    import torch

__all__ = ["Trainer"]

Metric = Callable[[Array, Array], float]
Batches = Iterable[tuple[Any, Any]]


class Trainer:
    """Train a model of either backend: batch, forward, backward, update.

        trainer = Trainer(model, optimizer, nn.CrossEntropyLoss(), {"accuracy": accuracy}, [ProgressBar()])
        history = trainer.fit(Batches(train.X, train.y, seed=0), epochs=10, validation=(val.X, val.y))

    ``loss_fn(output, y)`` returns the cost of a batch. ``metrics`` are functions of two arrays, output and target,
    that return a number. Inputs may be arrays or tensors; they are moved to the model's device and dtype.

    With a torch model, ``device`` moves the model first, ``autocast=True`` runs the forward pass in bfloat16 where
    that is safe, and ``compile=True`` goes through ``torch.compile``. All three are off by default.

    ``epoch``, ``batch`` and ``step`` count what is finished: epochs, batches of the present epoch, updates in all.
    ``stopped`` is the reason for an early end, or None. Raises ``TypeError`` for a model of no known kind and
    ``ValueError`` when a NumPy model is asked for what only torch has.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        loss_fn: Callable[[Any, Any], Any],
        metrics: Mapping[str, Metric] | None = None,
        callbacks: Sequence[Callback] = (),
        device: str | torch.device | None = None,
        autocast: bool = False,
        compile: bool = False,  # noqa: A002  # torch's word
    ) -> None:
        self.backend = backend_of(model, device, autocast)
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.metrics = dict(metrics or {})
        self.history = History()
        self.callbacks: list[Callback] = sorted([self.history, *callbacks], key=lambda callback: callback.order)
        self.forward = self._compiled() if compile else model
        self.epoch = self.batch = self.step = self.epochs = 0
        self.stopped: str | None = None
        self.cost = float("nan")
        self.inputs: Any = None
        self.targets: Any = None
        self.logs: dict[str, float] = {}
        self.running = Mean()
        self.batches: Any = ()
        self.validation: Any = None
        self.order_state: Any = None
        self.after_replay: dict[str, Any] | None = None

    def fit(
        self,
        batches: Batches,
        epochs: int,
        validation: Batches | tuple[Any, Any] | None = None,
        resume: str | Path | None = None,
    ) -> History:
        """Train for ``epochs`` more epochs and return the history of all of them.

        ``batches`` is iterated once for each epoch and yields (X, y). ``validation`` is either such batches or a
        pair of arrays. ``resume`` is a file of a ``Checkpoint``: the run goes on from there as if it had never
        ended, and ``epochs`` counts those before it too.
        """
        self.batches, self.validation, self.stopped = batches, validation, None
        if resume is None:
            self.batch, self.running = 0, Mean()  # an epoch that was stopped is not finished but begun anew
            self.epochs = self.epoch + epochs
        else:
            from dlcourse.training.checkpoint import load_checkpoint

            load_checkpoint(resume, self)
            self.epochs = epochs
        try:
            self._emit("on_fit_start")
            while self.epoch < self.epochs and self.stopped is None:
                self._train_epoch()
        finally:
            self._emit("on_fit_end")
        return self.history

    def _train_epoch(self) -> None:
        self.model.train()
        self._emit("on_epoch_start")
        for batch in self._batches_to_do():
            X, y = self.inputs, self.targets = self.backend.tensor(batch[0]), self.backend.tensor(batch[1])
            with self.backend.autocast():
                output = self.forward(X)
                cost = self.loss_fn(output, y)
            self.cost = cost.item()
            self.optimizer.zero_grad()
            cost.backward()
            self._emit("on_backward")
            if self.stopped is not None:
                return
            self.optimizer.step()
            self.running.add(self._results(self.cost, output, y), len(y))
            self.batch, self.step = self.batch + 1, self.step + 1
            self._emit("on_batch_end")
            if self.stopped is not None:
                return
        self._finish_epoch()

    def _finish_epoch(self) -> None:
        if self.batch == 0:
            raise ValueError(
                f"Trainer.fit: there are no batches in epoch {self.epoch + 1}; a generator gives them only once, so "
                f"use data.Batches, a DataLoader or a list"
            )
        self.epoch, self.batch = self.epoch + 1, 0
        self.logs = {**self.running.values(), "lr": float(self.optimizer.param_groups[0]["lr"])}
        self.running = Mean()
        if self.validation is not None:
            self.logs |= {f"val_{name}": value for name, value in self.evaluate(self.validation).items()}
        self._emit("on_epoch_end")

    def evaluate(self, batches: Batches | tuple[Any, Any]) -> dict[str, float]:
        """The cost and the metrics over ``batches`` or a pair of arrays, in evaluation mode, without gradients."""
        mean = Mean()
        training = self.model.training
        self.model.eval()
        with self.backend.twin.no_grad(), self.backend.autocast():
            for batch in _in_batches(batches):
                X, y = self.backend.tensor(batch[0]), self.backend.tensor(batch[1])
                output = self.forward(X)
                mean.add(self._results(self.loss_fn(output, y).item(), output, y), len(y))
        self.model.train(training)
        if mean.examples == 0:
            raise ValueError("Trainer.evaluate: there are no examples to evaluate")
        return mean.values()

    def stop(self, reason: str) -> None:
        """End the run after this batch or epoch; called before the update, it is not made."""
        self.stopped = reason

    def _results(self, cost: float, output: Any, y: Any) -> dict[str, float]:
        if not self.metrics:
            return {"cost": cost}
        answers, wanted = self.backend.array(output), self.backend.array(y)
        return {"cost": cost, **{name: float(metric(answers, wanted)) for name, metric in self.metrics.items()}}

    def _batches_to_do(self) -> Iterator[tuple[Any, Any]]:
        """The batches of this epoch; after a resume, without those that are done."""
        if self.batch == 0:
            self.order_state = order_of(self.batches)
        iterator = iter(self.batches)
        for _ in range(self.batch):
            next(iterator)
        if self.after_replay is not None:  # what the batches that are passed over must not change
            self.backend.set_rng_state(self.after_replay["random"])
            self.batches.load_state_dict(self.after_replay["batches"])
            self.after_replay = None
        yield from iterator

    def _emit(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self)

    def _compiled(self) -> Any:
        if self.backend.name != "torch":
            raise ValueError("Trainer: compile=True needs a model of dlcourse.torch")
        import torch

        return torch.compile(self.model)


def order_of(batches: Any) -> Any:
    """Where the order of the batches stands, or None for batches that do not say."""
    return batches.state_dict() if hasattr(batches, "state_dict") else None


def _in_batches(batches: Batches | tuple[Any, Any], size: int = 512) -> Iterator[tuple[Any, Any]]:
    """Cut a pair of arrays into batches; batches pass as they are."""
    if not isinstance(batches, tuple):
        yield from batches
        return
    X, y = batches
    for start in range(0, len(X), size):
        yield X[start : start + size], y[start : start + size]
