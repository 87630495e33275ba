"""Exercise 01: one training step in PyTorch, and what goes wrong without zero_grad and train mode.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

from dlcourse.checks.bank.norm_network import random_norm_network
from dlcourse.checks.drives import torch_steps
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 10


def _step(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


training_step = Question(
    "01.training_step",
    points=4,
    minutes=10,
    title="One training step in PyTorch",
    called_as="loss = training_step(model, optimizer, loss_function, X, y)",
    tested="four steps of a network with batch normalisation, which comes in eval mode and with old gradients in .grad",
    inputs=lambda rng: {
        **random_norm_network(rng),
        "X": rng.normal(1.0, 2.0, size=(4, 6, 3)),
        "y": rng.normal(size=(4, 6, 2)),
        "stale": rng.uniform(0.5, 1.5),
    },
    drive=torch_steps.training_step,
    answer=lambda **inputs: torch_steps.training_step(_step, **inputs),
    steps=("model in train mode", "weights", "loss", "running mean", "loss holds on to the graph"),
)
training_step.hint("Five things happen, in this order: train mode, clear, forward and loss, backward, step.")
training_step.hint("backward() adds to .grad. What is in .grad from the last batch?")
training_step.hint("loss.item() is a plain number; loss itself holds on to the whole graph of this batch.")


@training_step.wrong(
    "zero_grad() is missing", ask="backward() adds to what is in .grad. What is in there?", as_student=True
)
def no_zero_grad(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    model.train()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@training_step.wrong(
    "the weights never move: step() is missing, or finds no gradient because it was cleared or never computed",
    ask="Does step() run, and what is in .grad at that moment?",
    as_student=True,
)
def cleared(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    model.train()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return float(loss.detach())


@training_step.wrong(
    "step() comes before backward(): every update is one batch late",
    as_student=True,
    ask="Which batch made the gradient that step() applies?",
)
def one_late(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    model.train()
    loss = loss_function(model(X), y)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return float(loss.detach())


@training_step.wrong(
    "zero_grad() comes last: the first step still adds to what somebody left in .grad",
    as_student=True,
    ask="Who says that .grad is empty when your function is called?",
)
def cleared_last(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    model.train()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


@training_step.wrong(
    "the model stays in eval mode", ask="Which statistics does batch normalisation use in eval mode?", as_student=True
)
def stays_in_eval(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    optimizer.zero_grad()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@training_step.wrong(
    "the loss is returned as a tensor that keeps the graph of its batch",
    as_student=True,
    ask="You collect 10,000 such losses in a list. What else stays in memory?",
)
def returns_tensor(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> Any:
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    return loss


@training_step.wrong(
    "the loss is computed again after the step", ask="How often does the batch pass through the model?", as_student=True
)
def loss_after_step(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any) -> float:
    _step(model, optimizer, loss_function, X, y)
    return float(loss_function(model(X), y).detach())


QUESTIONS = (training_step,)
