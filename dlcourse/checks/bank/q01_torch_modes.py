"""Exercise 01: eval mode, no_grad and requires_grad in PyTorch.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

from dlcourse.checks.bank.norm_network import random_norm_network
from dlcourse.checks.drives import torch_steps
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 11


# ---- evaluation


def _evaluate(model: Any, X: Any) -> Any:
    import torch

    was_training = model.training
    model.eval()
    with torch.no_grad():
        prediction = model(X)
    model.train(was_training)
    return prediction


evaluate = Question(
    "01.evaluate",
    points=3,
    minutes=8,
    title="Predictions in PyTorch, leaving no trace",
    called_as="prediction = evaluate(model, X)",
    tested="a network with batch normalisation, once found in train mode and once in eval mode",
    inputs=lambda rng: {**random_norm_network(rng), "X": rng.normal(1.0, 2.0, size=(6, 3))},
    drive=torch_steps.evaluate,
    answer=lambda **inputs: torch_steps.evaluate(_evaluate, **inputs),
)
evaluate.hint("Two switches: eval() changes what the layers compute, no_grad() stops recording. You need both.")
evaluate.hint("model.training says in which mode you found the model; model.train(mode) sets it back.")


@evaluate.wrong(
    "no_grad() is taken for eval(): the layers still train",
    as_student=True,
    ask="Which of the two changes what batch normalisation computes?",
)
def no_eval(model: Any, X: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(X)


@evaluate.wrong(
    "eval() is taken for no_grad(): a graph is still recorded", as_student=True, ask="Does eval() stop the bookkeeping?"
)
def no_no_grad(model: Any, X: Any) -> Any:
    was_training = model.training
    model.eval()
    prediction = model(X)
    model.train(was_training)
    return prediction


@evaluate.wrong(
    "neither eval() nor no_grad() is used", ask="What differs between a training pass and this one?", as_student=True
)
def plain_call(model: Any, X: Any) -> Any:
    return model(X)


@evaluate.wrong(
    "the model is left in eval mode", ask="Training goes on after this call. In which mode?", as_student=True
)
def left_in_eval(model: Any, X: Any) -> Any:
    import torch

    model.eval()
    with torch.no_grad():
        return model(X)


@evaluate.wrong(
    "the model is always set to train mode at the end", ask="In which mode did you find it?", as_student=True
)
def always_train(model: Any, X: Any) -> Any:
    prediction = _evaluate(model, X)
    model.train()
    return prediction


@evaluate.wrong(
    "autograd stays switched off after the call", ask="How long does set_grad_enabled(False) last?", as_student=True
)
def grad_off(model: Any, X: Any) -> Any:
    import torch

    prediction = _evaluate(model, X)
    torch.set_grad_enabled(False)
    return prediction


# ---- freezing


def _freeze(model: Any) -> Any:
    model.body.requires_grad_(False)
    return list(model.head.parameters())


freeze_body = Question(
    "01.freeze_body",
    points=2,
    minutes=5,
    title="Freeze one part of a network",
    called_as="parameters = freeze_body(model); optimizer = SGD(parameters, lr=0.2)",
    tested="requires_grad of body and head, then two training steps: the body must not move, the head must",
    inputs=lambda rng: {
        "body": rng.normal(size=(4, 3)),
        "head": rng.normal(size=(2, 4)),
        "X": rng.normal(size=(6, 3)),
        "y": rng.normal(size=(6, 2)),
    },
    drive=torch_steps.freeze_body,
    answer=lambda **inputs: torch_steps.freeze_body(_freeze, **inputs),
)
freeze_body.hint("requires_grad belongs to each parameter tensor, not to the module.")
freeze_body.hint("model.body.requires_grad_(False), with the underscore, walks over all parameters of the body.")


@freeze_body.wrong(
    "requires_grad is set on the module, where it does nothing, or on detached copies",
    as_student=True,
    ask="Print model.body.weight.requires_grad: did it change?",
)
def attribute_only(model: Any) -> Any:
    model.body.requires_grad = False
    return list(model.parameters())


@freeze_body.wrong(
    "the body is only left out of the optimizer, and still gets gradients",
    as_student=True,
    ask="Is a gradient still computed for the body, for nothing?",
)
def optimizer_only(model: Any) -> Any:
    return list(model.head.parameters())


@freeze_body.wrong(
    "the head is frozen and the body trains", ask="Which of the two is new and must learn?", as_student=True
)
def wrong_part(model: Any) -> Any:
    model.head.requires_grad_(False)
    return list(model.body.parameters())


@freeze_body.wrong("everything is frozen", ask="How many parameters are left to learn?", as_student=True)
def everything(model: Any) -> Any:
    model.requires_grad_(False)
    return list(model.parameters())


QUESTIONS = (
    evaluate,
    freeze_body,
)
