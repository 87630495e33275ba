"""Saving a run so that it can go on later as if it had never ended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcourse.training.callback import Callback
from dlcourse.training.metrics import Mean
from dlcourse.training.packing import pack, unpack

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]

FORMAT = 1


class Checkpoint(Callback):
    """Save the whole run to ``path``, a safetensors file, after every ``every``-th epoch.

    ``every_steps`` saves after every so many updates as well. The file holds the weights and buffers, under
    ``model.``, the optimizer, the schedules and all other callbacks, the counters, and where the random numbers and
    the order of the batches stand. A new file is written beside the old one and then takes its place, so that an
    interruption at any moment leaves a whole file. ``trainer.fit(…, resume=path)`` continues.
    Raises ``ValueError`` unless both numbers are at least 1.
    """

    order: ClassVar[int] = 100  # after the callbacks whose state is saved

    def __init__(self, path: str | Path, every: int = 1, every_steps: int | None = None) -> None:
        for name, value in (("every", every), ("every_steps", every_steps)):
            if value is not None and value < 1:
                raise ValueError(f"Checkpoint: {name} must be at least 1, got {value!r}")
        self.path, self.every, self.every_steps = Path(path), every, every_steps

    def on_batch_end(self, trainer: Trainer) -> None:
        """Save, when it is time."""
        if self.every_steps is not None and trainer.step % self.every_steps == 0:
            save_checkpoint(self.path, trainer)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Save, when it is time."""
        if trainer.epoch % self.every == 0:
            save_checkpoint(self.path, trainer)


def save_checkpoint(path: str | Path, trainer: Trainer) -> None:
    """Write everything that ``trainer`` needs to continue to ``path``, whole or not at all.

    Raises ``ValueError`` in the middle of an epoch when the batches cannot say where they stand.
    """
    path = Path(path)
    if trainer.batch > 0 and trainer.order_state is None:
        raise ValueError(
            f"Checkpoint: {type(trainer.batches).__name__} has no state_dict(), so its order cannot be repeated in "
            f"the middle of an epoch; use data.Batches, or save at the end of epochs"
        )
    arrays: dict[str, Any] = {}
    text = json.dumps(pack(_state(trainer), trainer.backend.is_tensor, arrays))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        trainer.backend.write_arrays(unfinished, arrays, {"dlcourse": str(FORMAT), "state": text})
        with unfinished.open("r+b") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_checkpoint(path: str | Path, trainer: Trainer) -> None:
    """Put the state in ``path`` into ``trainer``, its model, optimizer, callbacks and batches.

    Callbacks without a state, such as a progress bar, may come and go. Raises ``FileNotFoundError`` for a path
    without a file, and ``ValueError`` for a file that is not a checkpoint or is one of the other backend, and when
    the trainer lacks a callback whose state was saved.
    """
    state = _read(Path(path), trainer)
    partners = _partners(path, trainer.callbacks, [name for name, _ in state["callbacks"]])
    trainer.model.load_state_dict(state["model"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    for callback, (_, saved) in zip(partners, state["callbacks"], strict=True):
        callback.load_state_dict(saved)
    trainer.epoch, trainer.batch, trainer.step = state["epoch"], state["batch"], state["step"]
    trainer.running = Mean()
    trainer.running.sums, trainer.running.examples = state["sums"], state["examples"]
    trainer.order_state = state["batches"]
    for batches, saved in ((trainer.batches, state["batches"]), (trainer.validation, state["validation"])):
        if saved is not None and hasattr(batches, "load_state_dict"):
            batches.load_state_dict(saved)
    trainer.backend.set_rng_state(state["random"])
    if trainer.batch > 0:
        trainer.after_replay = {"random": state["random"], "batches": state["batches_now"]}


def _partners(path: str | Path, callbacks: list[Callback], saved: list[str]) -> list[Callback]:
    """For each saved name the callback that takes its state: of one class, the first takes the first."""
    free = list(callbacks)
    partners = []
    for name in saved:
        partner = next((callback for callback in free if type(callback).__name__ == name), None)
        if partner is None:
            raise ValueError(f"resume: {path} holds the state of a callback {name}, which this trainer lacks")
        free.remove(partner)
        partners.append(partner)
    return partners


def _state(trainer: Trainer) -> dict[str, Any]:
    from dlcourse.training.trainer import order_of

    return {
        "backend": trainer.backend.name,
        "model": dict(trainer.model.state_dict()),
        "optimizer": trainer.optimizer.state_dict(),
        "callbacks": [(type(callback).__name__, s) for callback in trainer.callbacks if (s := callback.state_dict())],
        "epoch": trainer.epoch,
        "batch": trainer.batch,
        "step": trainer.step,
        "sums": trainer.running.sums,
        "examples": trainer.running.examples,
        "batches": trainer.order_state if trainer.batch > 0 else order_of(trainer.batches),  # as the epoch began
        "batches_now": order_of(trainer.batches),
        "validation": order_of(trainer.validation),
        "random": trainer.backend.rng_state(),
    }


def _read(path: Path, trainer: Trainer) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"resume: there is no file {path}")
    framework = "pt" if trainer.backend.name == "torch" else "np"
    try:
        with safe_open(path, framework=framework) as file:
            metadata = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # not a dict
    except SafetensorError as error:
        raise ValueError(f"resume: {path} is damaged or no safetensors file ({error})") from None
    if metadata.get("dlcourse") != str(FORMAT):
        raise ValueError(f"resume: {path} is not a checkpoint of a Trainer in format {FORMAT}")
    raw = json.loads(metadata["state"])
    if raw["backend"] != trainer.backend.name:
        raise ValueError(f"resume: {path} was saved with {raw['backend']}; this trainer runs on {trainer.backend.name}")
    state: dict[str, Any] = unpack(raw, arrays)
    return state
