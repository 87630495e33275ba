"""Exercise 10: Monte Carlo dropout in PyTorch.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.norm_network import random_norm_network
from dlcourse.checks.drives import torch_dropout
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]


def _switch_dropout(model: Any) -> None:
    import torch

    model.eval()
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.train()


def _sample(model: Any, X: Any, passes: int, restore: bool = True, switch: Any = _switch_dropout) -> Any:
    """The logits (passes, N, C); ``switch`` brings the model into the mode in which it is asked."""
    import torch

    was_training = model.training
    switch(model)
    with torch.no_grad():
        logits = torch.stack([model(X) for _ in range(passes)])
    if restore:
        model.train(was_training)
    return logits


def _monte_carlo(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


def _mc_inputs(rng: np.random.Generator) -> Arrays:
    network = random_norm_network(rng)
    hidden = network["W1"].shape[0]
    p = rng.choice([0.2, 0.3, 0.4])
    masks = (rng.random((6, 5, hidden)) >= p).astype(float)
    return {**network, "X": rng.normal(1.0, 2.0, size=(5, network["W1"].shape[1])), "masks": masks, "p": p}


monte_carlo = Question(
    "10.monte_carlo",
    points=4,
    minutes=15,
    title="Monte Carlo dropout",
    called_as="mean, std = monte_carlo(model, X, passes)",
    tested=(
        "a network with batch norm and dropout, whose masks are known, with 6 passes; once it is found in train mode "
        "and once in eval mode"
    ),
    inputs=_mc_inputs,
    drive=torch_dropout.monte_carlo,
    answer=lambda **inputs: torch_dropout.monte_carlo(_monte_carlo, **inputs),
    labels=dict.fromkeys(
        [f"training flags afterwards, model found in {mode} mode" for mode in ("train", "eval")],
        ("model", "batch norm", "dropout"),
    ),
)
monte_carlo.hint("model.eval() first; then .train() for those parts of model.modules() that are an nn.Dropout.")
monte_carlo.hint("torch.stack the softmax of each pass, then mean(dim=0) and std(dim=0, unbiased=False).")
monte_carlo.hint("Note model.training at the beginning and hand it to model.train(…) at the end, in no_grad().")


@monte_carlo.wrong(
    "the whole model is in train mode, batch norm too",
    ask="In train mode, on which images does batch norm's answer for the first image depend?",
    as_student=True,
)
def everything_trains(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes, switch=lambda model: model.train()).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "dropout is off, so all passes agree", ask="How large is your std? Which line switches dropout on?", as_student=True
)
def everything_evaluates(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes, switch=lambda model: model.eval()).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the logits are averaged, and the softmax is taken of their mean",
    ask="Is the softmax of a mean the mean of the softmaxes?",
    as_student=True,
)
def softmax_of_mean(model: Any, X: Any, passes: int) -> Any:
    logits = _sample(model, X, passes)
    return logits.mean(dim=0).softmax(dim=-1), logits.softmax(dim=-1).std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the softmax runs over the examples, not over the classes",
    ask="What does each row of probabilities add up to?",
    as_student=True,
)
def over_examples(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the std is that of the logits, the mean that of the probabilities", ask="Where is the softmax?", as_student=True
)
def std_of_logits(model: Any, X: Any, passes: int) -> Any:
    logits = _sample(model, X, passes)
    return logits.softmax(dim=-1).mean(dim=0), logits.std(dim=0, unbiased=False)


@monte_carlo.wrong("mean and std have changed places", ask="In which order are they asked for?", as_student=True)
def exchanged(model: Any, X: Any, passes: int) -> Any:
    return _monte_carlo(model, X, passes)[::-1]


@monte_carlo.wrong("mean and std are those of the logits", ask="Where is the softmax?", as_student=True)
def of_the_logits(model: Any, X: Any, passes: int) -> Any:
    logits = _sample(model, X, passes)
    return logits.mean(dim=0), logits.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the std is taken over the classes", ask="Over which axis do sub-networks disagree?", as_student=True
)
def std_over_classes(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.mean(dim=0).std(dim=-1, unbiased=False)


@monte_carlo.wrong(
    "the std is taken over the examples", ask="Over which axis do sub-networks disagree?", as_student=True
)
def std_over_the_examples(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=1, unbiased=False)


@monte_carlo.wrong(
    "the variance is returned, not its root", ask="Which unit has a std of probabilities?", as_student=True
)
def variance(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.var(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the std is divided by √passes: that is the error of the mean",
    ask="Should the disagreement of sub-networks shrink when you ask more of them?",
    as_student=True,
)
def standard_error(model: Any, X: Any, passes: int) -> Any:
    mean, std = _monte_carlo(model, X, passes)
    return mean, std / passes**0.5


@monte_carlo.wrong(
    "the model is left with dropout switched on", ask="What will the next caller of model(X) get?", as_student=True
)
def left_switched(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes, restore=False).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the model is always left in eval mode", ask="Training goes on after this call. In which mode?", as_student=True
)
def left_in_eval(model: Any, X: Any, passes: int) -> Any:
    result = _monte_carlo(model, X, passes)
    model.eval()
    return result


@monte_carlo.wrong(
    "the model is always left in train mode", ask="Was it in train mode when you found it?", as_student=True
)
def left_in_training(model: Any, X: Any, passes: int) -> Any:
    result = _monte_carlo(model, X, passes)
    model.train()
    return result


@monte_carlo.wrong(
    "a graph is recorded for every pass",
    ask="Do you need gradients here? What does keeping 50 graphs cost?",
    as_student=True,
)
def with_graphs(model: Any, X: Any, passes: int) -> Any:
    import torch

    was_training = model.training
    _switch_dropout(model)
    P = torch.stack([model(X) for _ in range(passes)]).softmax(dim=-1)
    model.train(was_training)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.convention(
    "the std divides by passes - 1, as torch.std does unless told otherwise",
    ask="How much do the two differ for 50 passes?",
    as_student=True,
    full=True,
)
def unbiased(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0)


QUESTIONS = (monte_carlo,)
