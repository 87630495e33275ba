"""A run on disk, line by line, readable while it is being written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dlcourse.training.callback import Callback

if TYPE_CHECKING:
    from dlcourse.training.trainer import Trainer

__all__ = ["RunLog", "read_run_log"]


class RunLog(Callback):
    """Append the run to ``path``, one JSON object a line, written out at once.

    The key ``event`` is "start", "step" (every ``every``-th update: step, epoch, cost, lr), "epoch" (all results) or
    "end" (with ``reason``, null when the epochs ran out). ``time`` is seconds since the start. ``note`` and
    ``configuration``, the hyperparameters of the run, are kept in the start line; after a resume ``from_step`` there
    says which earlier lines still count. NaN and infinity, which JSON does not have, become null.
    Raises ``ValueError`` unless ``every`` is at least 1.
    """

    def __init__(
        self, path: str | Path, every: int = 1, note: str = "", configuration: Mapping[str, Any] | None = None
    ) -> None:
        if every < 1:
            raise ValueError(f"RunLog: every must be at least 1, got {every!r}")
        self.path, self.every, self.note = Path(path), every, note
        self.configuration = dict(configuration or {})
        self._file: IO[str] | None = None
        self._started = datetime.now(UTC)

    def on_fit_start(self, trainer: Trainer) -> None:
        """Open the file and say what is trained."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8")
        self._started = datetime.now(UTC)
        parameters = sum(int(trainer.backend.array(p).size) for p in trainer.model.parameters())
        self._write(
            "start",
            date=self._started.isoformat(timespec="seconds"),
            note=self.note,
            configuration={name: _for_json(value) for name, value in self.configuration.items()},
            backend=trainer.backend.name,
            model=type(trainer.model).__name__,
            parameters=parameters,
            optimizer=type(trainer.optimizer).__name__,
            epochs=trainer.epochs,
            from_step=trainer.step,
        )

    def on_backward(self, trainer: Trainer) -> None:
        """Write the cost of this batch and the rate of its update."""
        step = trainer.step + 1
        if step % self.every == 0:
            lr = float(trainer.optimizer.param_groups[0]["lr"])
            self._write("step", step=step, epoch=trainer.epoch + 1, cost=trainer.cost, lr=lr)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Write the epoch."""
        self._write("epoch", epoch=trainer.epoch, step=trainer.step, **trainer.logs)

    def on_fit_end(self, trainer: Trainer) -> None:
        """Write the end and close the file."""
        if self._file is not None:
            self._write("end", step=trainer.step, epoch=trainer.epoch, reason=trainer.stopped)
            self._file.close()
            self._file = None

    def _write(self, event: str, **values: Any) -> None:
        if self._file is not None:
            seconds = round((datetime.now(UTC) - self._started).total_seconds(), 3)
            line = {"event": event, "time": seconds, **{name: _for_json(value) for name, value in values.items()}}
            self._file.write(json.dumps(line, allow_nan=False) + "\n")
            self._file.flush()


def read_run_log(path: str | Path) -> list[dict[str, Any]]:
    """All lines of a run log as dicts; a last line that is still being written is left out."""
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


def _for_json(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
