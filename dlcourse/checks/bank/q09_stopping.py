"""Exercise 09: early stopping, with a copy of the best weights, in PyTorch."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_stopping
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]
TRAINED, WEIGHTS, BUFFER = "epochs trained", "epoch of the weights at the end", "epoch of the buffer at the end"
RETURNED, PUT_BACK = "number of costs returned", "something is put back at the end"
PATIENCE = 3
EPOCHS = 12


def _curves(rng: np.random.Generator) -> Arrays:
    """Four validation curves of 12 epochs, each of which shows another slip."""
    down = np.sort(rng.uniform(0.6, 1.5, 6))[::-1]
    rise = np.sort(rng.uniform(0.7, 1.6, 5))
    bump = np.array([*down[:4], down[3] + 0.05, down[3] - 0.1, *(down[3] + rise), down[3] + 2.0])
    zigzag = np.arange(EPOCHS) * 0.1 + np.where(np.arange(EPOCHS) % 2, 0.0, 0.15) + rng.uniform(0.4, 0.6)
    zigzag[0] += 1.0  # the best epoch is the second
    level = np.full(EPOCHS, rng.uniform(0.3, 0.5))
    level[0] += 0.5
    falling = np.sort(rng.uniform(0.1, 2, EPOCHS))[::-1].copy()
    falling[[2, 5, 8]] += 0.3 + falling[1] - falling[[2, 5, 8]]  # three bad epochs, but never three in a row
    falling[-1] = falling[-2] + 0.01  # ends before patience does; the last epoch is not the best
    return {"curves": np.stack([bump, zigzag, level, falling]), "patience": np.array(PATIENCE)}


def _stop(
    model: Any,
    train_epoch: Any,
    validate: Any,
    patience: int,
    max_epochs: int,
    better: Any = lambda cost, best: cost < best,
    keep: Any = lambda model: copy.deepcopy(model.state_dict()),
    reset: bool = True,
    restore: Any = lambda epochs, max_epochs: True,  # noqa: ARG005
) -> list[float]:
    costs: list[float] = []
    best, best_state, wait = np.inf, None, 0
    for _ in range(max_epochs):
        train_epoch(model)
        costs.append(validate(model))
        if better(costs[-1], best):
            best, best_state = costs[-1], keep(model)
            wait = 0 if reset else wait
        else:
            wait += 1
            if wait >= patience:
                break
    if best_state is not None and restore(len(costs), max_epochs):
        model.load_state_dict(best_state, strict=False)
    return costs


early_stopping = Question(
    "09.early_stopping",
    points=4,
    minutes=15,
    title="Early stopping in PyTorch",
    called_as="costs = early_stopping(model, train_epoch, validate, patience, max_epochs)",
    tested="four validation curves with patience 3: a bump, a zigzag that climbs, a level one, and one that ends early",
    inputs=_curves,
    drive=torch_stopping.early_stopping,
    answer=lambda **inputs: torch_stopping.early_stopping(_stop, **inputs),
    labels=dict.fromkeys((TRAINED, RETURNED, WEIGHTS, BUFFER, PUT_BACK), ("bump", "zigzag", "level", "falling")),
)
early_stopping.hint("Start with best = infinity, wait = 0. Lower than best: keep a copy, wait = 0. Else wait += 1.")
early_stopping.hint("copy.deepcopy(model.state_dict()) is a snapshot; model.state_dict() alone changes in training.")
early_stopping.hint("load_state_dict puts the best back, also when the loop ends because max_epochs is reached.")


@early_stopping.wrong(
    "the best weights are kept without a copy, so training goes on writing into them",
    ask="Train one more epoch and print what you kept. Does it change?",
    as_student=True,
)
def no_copy(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(model, train_epoch, validate, patience, max_epochs, keep=lambda model: model.state_dict())


@early_stopping.wrong(
    "the best weights are not put back: the model ends with the last ones",
    ask="After the loop, which epoch's weights does the model have?",
    as_student=True,
)
def last_weights(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(model, train_epoch, validate, patience, max_epochs, restore=lambda epochs, of: False)  # noqa: ARG005


@early_stopping.wrong(
    "the best weights are put back only when patience has run out",
    ask="Which weights does the model have when the loop ends because max_epochs is reached?",
    as_student=True,
)
def put_back_when_stopped(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(model, train_epoch, validate, patience, max_epochs, restore=lambda epochs, of: epochs < of)


@early_stopping.wrong(
    "the list of costs ends at the best epoch", ask="Which costs would a plot of the whole run need?", as_student=True
)
def costs_up_to_the_best(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    costs = _stop(model, train_epoch, validate, patience, max_epochs)
    return costs[: costs.index(min(costs)) + 1]


@early_stopping.wrong(
    "only the parameters are put back, not the buffers",
    ask="Where does a batch normalisation keep its running mean?",
    as_student=True,
)
def parameters_only(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    def keep(model: Any) -> Any:
        return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}

    return _stop(model, train_epoch, validate, patience, max_epochs, keep=keep)


@early_stopping.wrong("it waits one epoch too long", ask="How many bad epochs is patience 3?", as_student=True)
def one_too_many(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(model, train_epoch, validate, patience + 1, max_epochs)


@early_stopping.wrong("it stops at the first rise", ask="Is every rise of a noisy curve the end?", as_student=True)
def first_rise(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:  # noqa: ARG001
    return _stop(model, train_epoch, validate, 1, max_epochs)


@early_stopping.wrong(
    "bad epochs are counted altogether, not in a row",
    ask="What should happen to wait when a new best comes?",
    as_student=True,
)
def never_reset(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(model, train_epoch, validate, patience, max_epochs, reset=False)


@early_stopping.wrong(
    "a cost that equals the best counts as better", ask="Is a level curve getting better?", as_student=True
)
def ties_count(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(model, train_epoch, validate, patience, max_epochs, better=lambda cost, best: cost <= best)


@early_stopping.wrong(
    "each epoch is compared with the one before, not with the best",
    ask="On a zigzag that climbs, is every second epoch progress?",
    as_student=True,
)
def against_the_last(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    last = [np.inf]

    def better(cost: float, _: float) -> bool:
        is_better = cost < last[0]
        last[0] = cost
        return is_better

    return _stop(model, train_epoch, validate, patience, max_epochs, better=better)


@early_stopping.wrong("all epochs are trained", ask="Where does your loop use patience?", as_student=True)
def never_stops(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:  # noqa: ARG001
    return _stop(model, train_epoch, validate, max_epochs + 1, max_epochs)


@early_stopping.wrong("a higher cost counts as better", ask="Is this an accuracy or a cost?", as_student=True)
def higher_is_better(model: Any, train_epoch: Any, validate: Any, patience: int, max_epochs: int) -> Any:
    return _stop(
        model,
        train_epoch,
        validate,
        patience,
        max_epochs,
        better=lambda cost, best: cost > best or best == np.inf,
    )


QUESTIONS = (early_stopping,)
