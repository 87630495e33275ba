"""Exercise 07: a scheduler in the training loop, and an experiment with noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import rates
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


def _loop(
    model: Any,
    optimizer: Any,
    scheduler: Any,
    loss_fn: Any,
    batches: Any,
    epochs: int,
    place: str = "after the epoch",
) -> list[float]:
    listed = []
    for _ in range(epochs):
        if place == "before the epoch":
            scheduler.step()
        listed.append(optimizer.param_groups[0]["lr"])
        for X, y in batches:
            optimizer.zero_grad()
            loss_fn(model(X), y).backward()
            optimizer.step()
            if place == "after the batch":
                scheduler.step()
        if place == "after the epoch":
            scheduler.step()
    return listed


scheduled_training = Question(
    "07.train",
    points=3,
    minutes=10,
    title="A scheduler in the loop, in PyTorch",
    called_as="rates = train(model, optimizer, scheduler, loss_fn, batches, epochs)",
    tested="3 epochs of 4 batches with ExponentialLR(gamma=0.5): the rate of each update, the weights, the list",
    inputs=lambda rng: {
        "W": rng.normal(size=(2, 3)),
        "X": rng.normal(size=(4, 6, 3)),
        "y": rng.normal(size=(4, 6, 2)),
        "epochs": np.array(3),
    },
    drive=rates.scheduled_training,
    answer=lambda **inputs: rates.scheduled_training(_loop, **inputs),
    steps=("rate of each update",),
    rtol=1e-6,
)
scheduled_training.hint("The four steps for each batch; one scheduler.step() for each epoch, at its end.")
scheduled_training.hint('optimizer.param_groups[0]["lr"] is the rate in use. Note it before the epoch\'s first batch.')


@scheduled_training.wrong(
    "the scheduler is stepped after every batch",
    ask="Which unit has this schedule's time: updates or epochs?",
    as_student=True,
)
def every_batch(model: Any, optimizer: Any, scheduler: Any, loss_fn: Any, batches: Any, epochs: int) -> Any:
    return _loop(model, optimizer, scheduler, loss_fn, batches, epochs, place="after the batch")


@scheduled_training.wrong(
    "the scheduler is stepped before the first epoch, so the first rate is never used",
    ask="Which rate did you give the optimizer, and which one had the first update?",
    as_student=True,
)
def before_the_epoch(model: Any, optimizer: Any, scheduler: Any, loss_fn: Any, batches: Any, epochs: int) -> Any:
    return _loop(model, optimizer, scheduler, loss_fn, batches, epochs, place="before the epoch")


@scheduled_training.wrong("the scheduler is never stepped", ask="Who changes the rate?", as_student=True)
def never(model: Any, optimizer: Any, scheduler: Any, loss_fn: Any, batches: Any, epochs: int) -> Any:
    return _loop(model, optimizer, scheduler, loss_fn, batches, epochs, place="nowhere")


@scheduled_training.wrong(
    "the list holds the rate after each epoch, not the one that was used",
    ask="Which rate did the first epoch train with?",
    as_student=True,
)
def noted_late(model: Any, optimizer: Any, scheduler: Any, loss_fn: Any, batches: Any, epochs: int) -> Any:
    used = _loop(model, optimizer, scheduler, loss_fn, batches, epochs)
    return [*used[1:], optimizer.param_groups[0]["lr"]]


@scheduled_training.wrong(
    "the gradients are not cleared", ask="backward() adds to what is in .grad. What is in there?", as_student=True
)
def not_cleared(model: Any, optimizer: Any, scheduler: Any, loss_fn: Any, batches: Any, epochs: int) -> Any:
    optimizer.zero_grad = lambda: None
    return _loop(model, optimizer, scheduler, loss_fn, batches, epochs)


@scheduled_training.wrong(
    "the list holds the loss of each epoch", ask="What does the question ask you to return?", as_student=True
)
def losses(model: Any, optimizer: Any, scheduler: Any, loss_fn: Any, batches: Any, epochs: int) -> Any:
    _loop(model, optimizer, scheduler, loss_fn, batches, epochs)
    return [loss_fn(model(X), y).item() for X, y in batches[:epochs]]


def _paid_off(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    schedule = raw["multipliers"]
    constant = np.ones_like(schedule)
    problem = (inputs["curvature"], inputs["start"], inputs["noise"], float(inputs["peak"]))
    mine, flat = (rates.descend(each, *problem).mean() for each in (schedule, constant))
    return {
        "every multiplier is between 0 and 1": bool(((schedule >= 0) & (schedule <= 1)).all()),
        "the rate ends well below where it began": bool(schedule[-1] < 0.2 * schedule.max()),
        "the mean cost is at most a fifth of that of a constant rate": bool(mine <= flat / 5),
    }


def _bowl(rng: np.random.Generator) -> Arrays:
    return {
        "curvature": rng.uniform(0.2, 1.0, 6),
        "start": 20 * rng.choice([-1.0, 1.0], 6),
        "noise": rng.normal(size=(40, 400, 6)),
        "peak": np.array(0.5),
    }


decay = Question(
    "07.decay",
    points=3,
    minutes=10,
    title="An experiment: a schedule that pays off",
    called_as="multiplier = decay(update, total)",
    tested="40 runs of 400 noisy updates from far away, peak rate 0.5, against a constant rate on the same noise",
    inputs=_bowl,
    drive=rates.noisy_descent,
    judge=Judge(reads=("multipliers",), facts=_paid_off),
    answer=lambda: {
        "every multiplier is between 0 and 1": True,
        "the rate ends well below where it began": True,
        "the mean cost is at most a fifth of that of a constant rate": True,
    },
)
decay.hint("First get there, then calm down: which of the schedules above does both?")
decay.hint("Plot your multipliers. If they fall too early, the run never arrives; if they never fall, the noise stays.")


@decay.wrong("the rate does not fall", ask="What keeps a run with a constant rate from settling?")
def constant() -> Arrays:
    return {
        "the rate ends well below where it began": False,
        "the mean cost is at most a fifth of that of a constant rate": False,
    }


@decay.wrong(
    "the rate falls, but the cost does not: it falls too early, too late or too little",
    ask="How far has the run come when your rate is half of its peak?",
)
def too_early() -> Arrays:
    return {"the mean cost is at most a fifth of that of a constant rate": False}


@decay.wrong(
    "the cost is low enough, but the last multiplier is not below a fifth of the largest",
    ask="What moves the weights in the last updates, and how far at your rate?",
)
def hardly_falls() -> Arrays:
    return {"the rate ends well below where it began": False}


@decay.wrong("a multiplier is below 0 or above 1", ask="What does a negative rate do?")
def outside() -> Arrays:
    return {"every multiplier is between 0 and 1": False}


QUESTIONS = (scheduled_training, decay)
