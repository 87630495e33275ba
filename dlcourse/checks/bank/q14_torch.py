"""Exercise 14: snapshots of one run in PyTorch.

The known mistakes are the right loop with one line replaced, and go through the drive as a student's function does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_snapshots
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]


def _step(model: Any, optimizer: Any, loss_function: Any, batch: Any) -> None:
    X, y = batch
    optimizer.zero_grad()
    loss_function(model(X), y).backward()
    optimizer.step()


def _set(optimizer: Any, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _copy(model: Any) -> Any:
    return {name: value.clone() for name, value in model.state_dict().items()}


def _train(
    model: Any,
    optimizer: Any,
    loss_function: Any,
    batches: Any,
    rates: Any,
    kept: Any,
    *,
    set_rate: Any = _set,
    step: Any = _step,
    copy: Any = _copy,
) -> Any:
    """The right loop; a mistake in one of its lines replaces that line."""
    snapshots = []
    for t, batch in enumerate(batches):
        set_rate(optimizer, rates[t])
        step(model, optimizer, loss_function, batch)
        if t in kept:
            snapshots.append(copy(model))
    return snapshots


def _data(rng: np.random.Generator) -> Arrays:
    X, true = rng.normal(size=(8, 6, 3)), rng.normal(size=(2, 3))
    return {
        "W": rng.normal(size=(2, 3)),
        "b": rng.normal(size=2),
        "X": X,
        "y": X @ true.T + rng.normal(size=(8, 6, 2)),
        "rates": rng.uniform(0.05, 0.3, 8),
        "kept": np.array([2, 5, 7]),
    }


snapshot_training = Question(
    "14.snapshot_training",
    points=4,
    minutes=15,
    title="Snapshots of one run in PyTorch",
    called_as="snapshots = snapshot_training(model, optimizer, loss_function, batches, rates, kept)",
    tested="eight steps; weight and bias are in two parameter groups; copies are kept after steps 2, 5 and 7",
    inputs=_data,
    drive=torch_snapshots.snapshot_training,
    answer=lambda **inputs: torch_snapshots.snapshot_training(_train, **inputs),
    axes={
        "weights of the snapshots": ("snapshot", "output", "input"),
        "biases of the snapshots": ("snapshot", "output"),
    },
    rtol=1e-8,
    off_limits=("dlcourse.training", "torch.optim.lr_scheduler"),
)
snapshot_training.hint("optimizer.param_groups is a list of dicts: set group['lr'] = rates[t] in every one.")
snapshot_training.hint("state_dict() hands out the tensors themselves. The next step writes into them: copy them.")


@snapshot_training.wrong(
    "the snapshots are not copies: all of them are the network at the end",
    ask="Print the first snapshot again after the last step. Why has it changed?",
    as_student=True,
)
def no_copy(*run: Any) -> Any:
    return _train(*run, copy=lambda model: model.state_dict())


@snapshot_training.wrong(
    "the rate is set after the step, so it counts one step late",
    ask="With which rate is the very first step made?",
    as_student=True,
)
def late_rate(model: Any, optimizer: Any, loss_function: Any, batches: Any, rates: Any, kept: Any) -> Any:
    snapshots = []
    for t, batch in enumerate(batches):
        _step(model, optimizer, loss_function, batch)
        _set(optimizer, rates[t])
        if t in kept:
            snapshots.append(_copy(model))
    return snapshots


@snapshot_training.wrong(
    "only the first parameter group gets the rate", ask="With which rate does the bias move?", as_student=True
)
def first_group_only(*run: Any) -> Any:
    def set_rate(optimizer: Any, rate: float) -> None:
        optimizer.param_groups[0]["lr"] = rate

    return _train(*run, set_rate=set_rate)


@snapshot_training.wrong(
    "the gradients are not cleared", ask="backward() adds to what is in .grad. What is in there?", as_student=True
)
def not_cleared(*run: Any) -> Any:
    def step(model: Any, optimizer: Any, loss_function: Any, batch: Any) -> None:
        X, y = batch
        loss_function(model(X), y).backward()
        optimizer.step()

    return _train(*run, step=step)


@snapshot_training.wrong(
    "the copy is made before the step", ask="Step 2 is done. Which weights should its snapshot hold?", as_student=True
)
def copied_before(model: Any, optimizer: Any, loss_function: Any, batches: Any, rates: Any, kept: Any) -> Any:
    snapshots = []
    for t, batch in enumerate(batches):
        if t in kept:
            snapshots.append(_copy(model))
        _set(optimizer, rates[t])
        _step(model, optimizer, loss_function, batch)
    return snapshots


@snapshot_training.wrong(
    "the rates are never used", ask="Which rate has the optimizer if nobody sets it?", as_student=True
)
def rates_ignored(*run: Any) -> Any:
    return _train(*run, set_rate=lambda *_: None)


@snapshot_training.wrong(
    "each snapshot is put back, so that the next cycle starts from the first weights",
    ask="Where does a cycle begin: at the start of the run, or where the last cycle ended?",
    as_student=True,
)
def starts_again(*run: Any) -> Any:
    first = _copy(run[0])

    def copy(model: Any) -> Any:
        snapshot = _copy(model)
        model.load_state_dict(first)
        return snapshot

    return _train(*run, copy=copy)


QUESTIONS = (snapshot_training,)
