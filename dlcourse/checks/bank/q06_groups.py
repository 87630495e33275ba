"""Exercise 06: parameter groups in PyTorch."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.drives import torch_optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 9

_NAMES = ("body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "head.weight", "head.bias")


def _optimizer(model: Any, rate_of: Any, decay_of: Any) -> Any:
    """AdamW with a group for each parameter; ``rate_of`` and ``decay_of`` may leave one out by returning None."""
    import torch

    groups = [
        {"params": [p], "lr": rate_of(name), "weight_decay": decay_of(name, p)}
        for name, p in model.named_parameters()
        if rate_of(name) is not None
    ]
    return torch.optim.AdamW(groups)


def _right(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: lr if name.startswith("head") else lr / 10,
        lambda _, p: weight_decay if p.ndim > 1 else 0.0,
    )


parameter_groups = Question(
    "06.parameter_groups",
    points=3,
    minutes=12,
    title="Parameter groups",
    called_as="optimizer = make_optimizer(model, lr, weight_decay)",
    tested="a model with a body (linear, layer normalisation) and a head (linear): the rate and the decay of each of "
    "its six parameters, and the weights after two steps",
    inputs=lambda rng: {
        "values": rng.normal(size=4 * 3 + 3 + 3 + 3 + 3 * 2 + 2),
        "grads": rng.normal(size=(2, 4 * 3 + 3 + 3 + 3 + 3 * 2 + 2)),
        "lr": rng.uniform(0.01, 0.1),
        "weight_decay": rng.uniform(0.1, 0.5),
    },
    drive=torch_optimizers.parameter_groups,
    answer=lambda **inputs: torch_optimizers.parameter_groups(_right, **inputs),
    labels=dict.fromkeys(("in a group", "learning rate", "weight decay"), _NAMES),
    rtol=1e-7,
)
parameter_groups.hint("Four groups: body and head, each with its matrices (ndim > 1) and the rest.")
parameter_groups.hint('A group is a dict: {"params": […], "lr": …, "weight_decay": …}. AdamW takes a list of them.')


@parameter_groups.wrong("one rate for body and head", ask="Which rate does the body get?", as_student=True)
def one_rate(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(model, lambda _: lr, lambda _, p: weight_decay if p.ndim > 1 else 0.0)


@parameter_groups.wrong(
    "the rates are swapped: the body learns faster", ask="Which part has been trained before?", as_student=True
)
def swapped_rates(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: lr / 10 if name.startswith("head") else lr,
        lambda _, p: weight_decay if p.ndim > 1 else 0.0,
    )


@parameter_groups.wrong(
    "the head gets ten times lr instead of the body a tenth", ask="Which rate should the head have?", as_student=True
)
def raised_head(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: 10 * lr if name.startswith("head") else lr,
        lambda _, p: weight_decay if p.ndim > 1 else 0.0,
    )


@parameter_groups.wrong(
    "everything decays, biases and normalisation too",
    ask="Does a large bias make a network overfit?",
    as_student=True,
)
def all_decay(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(model, lambda name: lr if name.startswith("head") else lr / 10, lambda *_: weight_decay)


@parameter_groups.wrong(
    "only what is called bias is spared: the scale of the normalisation decays",
    ask="body.1.weight: is that a matrix?",
    as_student=True,
)
def by_name(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: lr if name.startswith("head") else lr / 10,
        lambda name, _: 0.0 if name.endswith("bias") else weight_decay,
    )


@parameter_groups.wrong(
    "the wrong half decays: biases and normalisation", ask="Which parameters have ndim > 1?", as_student=True
)
def swapped_decay(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: lr if name.startswith("head") else lr / 10,
        lambda _, p: 0.0 if p.ndim > 1 else weight_decay,
    )


@parameter_groups.wrong(
    "weight_decay is not handed over, so that AdamW's default of 0.01 acts on everything",
    ask="What does a group take for what it does not say?",
    as_student=True,
)
def default_decay(model: Any, lr: float, weight_decay: float) -> Any:  # noqa: ARG001
    return _optimizer(model, lambda name: lr if name.startswith("head") else lr / 10, lambda *_: 0.01)


@parameter_groups.wrong(
    "biases and normalisation get no weight_decay, so that AdamW's default of 0.01 acts on them",
    ask="What does a group take for what it does not say?",
    as_student=True,
)
def default_for_the_rest(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: lr if name.startswith("head") else lr / 10,
        lambda _, p: weight_decay if p.ndim > 1 else 0.01,
    )


@parameter_groups.wrong(
    "the head is in no group, so that it never learns", ask="Is every parameter in a group?", as_student=True
)
def head_forgotten(model: Any, lr: float, weight_decay: float) -> Any:
    return _optimizer(
        model,
        lambda name: None if name.startswith("head") else lr / 10,
        lambda _, p: weight_decay if p.ndim > 1 else 0.0,
    )


QUESTIONS = (parameter_groups,)
