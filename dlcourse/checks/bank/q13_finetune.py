"""Exercise 13: who learns how fast, and who does not learn at all."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.drives import transfer
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

# ---- parameter groups


def _groups(model: Any, lr: float, head_lr: float, factor: float) -> list[dict[str, Any]]:
    groups, rate = [], lr
    for name, part in reversed(list(model.named_children())):
        parameters = [p for p in part.parameters() if p.requires_grad]
        if name == "head":
            groups.append({"params": parameters, "lr": head_lr})
        elif list(part.parameters()):
            groups.append({"params": parameters, "lr": rate})
            rate *= factor
    return groups


parameter_groups = Question(
    "13.parameter_groups",
    points=4,
    minutes=15,
    title="A rate for every part",
    called_as="groups = parameter_groups(model, lr, head_lr, factor); optimizer = SGD(groups, lr=1000)",
    tested="a network of six parts, one of them without parameters, one weight frozen; then a step with gradients of 1",
    inputs=lambda rng: {
        "flat": rng.normal(size=83),
        "lr": rng.uniform(0.01, 0.02),
        "head_lr": rng.uniform(0.1, 0.2),
        "factor": rng.uniform(0.3, 0.6),
    },
    drive=transfer.parameter_groups,
    answer=lambda **inputs: transfer.parameter_groups(_groups, **inputs),
    labels=dict.fromkeys(
        ("rate of each parameter (0: in no group)", "step of each parameter for a gradient of 1"),
        tuple(
            f"{part}.{name}"
            for part in ("stem", "block1.0", "block2.0", "block3", "head")
            for name in ("weight", "bias")
        ),
    ),
    off_limits=("dlcourse.transfer",),
)
parameter_groups.hint("reversed(list(model.named_children())) goes from the head down to the stem.")
parameter_groups.hint("Multiply the rate by factor after each part of the body that has parameters.")
parameter_groups.hint("A frozen parameter has requires_grad False. It belongs to no group; its neighbours do.")


def _learns(_name: str, parameter: Any) -> bool:
    return bool(parameter.requires_grad)


def _ladder(model: Any, rates: dict[str, float], keep: Any = _learns) -> list[dict[str, Any]]:
    """Groups with the rates that are named, of the parameters that ``keep`` lets through."""
    return [
        {"params": [p for n, p in part.named_parameters() if keep(n, p)], "lr": rates[name]}
        for name, part in model.named_children()
        if list(part.parameters())
    ]


def _right(lr: float, head_lr: float, factor: float) -> dict[str, float]:
    return {"stem": lr * factor**3, "block1": lr * factor**2, "block2": lr * factor, "block3": lr, "head": head_lr}


@parameter_groups.wrong(
    "the ladder is upside down: the first layers get the largest rate",
    ask="Which layers know what is useful for every task: the first or the last?",
    as_student=True,
)
def upside_down(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    rates = {"stem": lr, "block1": lr * factor, "block2": lr * factor**2, "block3": lr * factor**3, "head": head_lr}
    return _ladder(model, rates)


@parameter_groups.wrong(
    "the whole body has one rate", ask="What does factor do to the part below block3?", as_student=True
)
def one_body_rate(model: Any, lr: float, head_lr: float, factor: float) -> Any:  # noqa: ARG001
    return _ladder(model, {**dict.fromkeys(_right(1, 1, 1), lr), "head": head_lr})


@parameter_groups.wrong(
    "body and head have exchanged their rates", ask="Which of the two is new and must learn fast?", as_student=True
)
def exchanged(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    return _ladder(model, _right(head_lr, lr, factor))


@parameter_groups.wrong(
    "the part right below the head is already multiplied by factor", ask="Which rate does block3 get?", as_student=True
)
def one_rung_low(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    return _ladder(model, _right(lr * factor, head_lr, factor))


@parameter_groups.wrong(
    "the part without parameters counts as a rung",
    ask="How many factors does block1 get, and for which parts?",
    as_student=True,
)
def pool_counts(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    rates = _right(lr, head_lr, factor)
    return _ladder(model, {**rates, "block1": rates["block1"] * factor, "stem": rates["stem"] * factor})


@parameter_groups.wrong(
    "the frozen weight is in a group",
    ask="requires_grad is False. What should the optimizer do with it?",
    as_student=True,
)
def with_frozen(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    return _ladder(model, _right(lr, head_lr, factor), keep=lambda *_: True)


@parameter_groups.wrong("the biases are in no group", ask="What else does a Linear learn?", as_student=True)
def weights_only(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    return _ladder(model, _right(lr, head_lr, factor), keep=lambda name, p: p.requires_grad and "weight" in name)


@parameter_groups.wrong(
    "a part with one frozen parameter is left out as a whole",
    ask="Its bias is not frozen. Who updates it?",
    as_student=True,
)
def part_left_out(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    frozen = {id(p) for p in model.block1.parameters()}
    return _ladder(model, _right(lr, head_lr, factor), keep=lambda _, p: p.requires_grad and id(p) not in frozen)


@parameter_groups.wrong(
    "the head is in no group", ask="Which part is new and has to learn more than all others?", as_student=True
)
def headless(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    return [g for g in _ladder(model, _right(lr, head_lr, factor)) if g["lr"] != head_lr]


@parameter_groups.wrong(
    "the groups have no rate of their own", ask="Which key of a group does the optimizer look for?", as_student=True
)
def no_rates(model: Any, lr: float, head_lr: float, factor: float) -> Any:
    return [{"params": group["params"]} for group in _ladder(model, _right(lr, head_lr, factor))]


# ---- one epoch with a frozen part


def _epoch(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> list[float]:
    model.train()
    for name in frozen:
        part = model.get_submodule(name)
        part.eval()
        part.requires_grad_(False)
    losses = []
    for X, y in batches:
        loss = loss_function(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


finetune_epoch = Question(
    "13.finetune_epoch",
    points=5,
    minutes=18,
    title="One epoch with a frozen part",
    called_as='losses = finetune_epoch(model, ["stem"], optimizer, loss_function, batches)',
    tested="three batches; the mode of every layer is traced, and the frozen part is compared bit by bit",
    inputs=lambda rng: {
        "flat": rng.normal(size=54),
        "mean": rng.normal(size=4),
        "var": rng.uniform(0.5, 2.0, size=4),
        "X": rng.normal(1.0, 2.0, size=(3, 5, 3)),
        "y": rng.normal(size=(3, 5, 2)),
        "buffers": rng.uniform(0.1, 0.3),
    },
    drive=transfer.finetune_epoch,
    answer=lambda **inputs: transfer.finetune_epoch(_epoch, **inputs),
    steps=("losses",),
    off_limits=("dlcourse.transfer", "dlcourse.training"),
)
finetune_epoch.hint("model.train() reaches every layer. What you want in eval mode must be put there after it.")
finetune_epoch.hint(
    "requires_grad_(False), with the underscore, on the frozen part; then the four steps of every batch."
)
finetune_epoch.hint("An optimizer passes over a parameter only when its grad is None: see zero_grad(set_to_none=...).")


def _train(model: Any, optimizer: Any, loss_function: Any, batches: Any, **zero: Any) -> list[float]:
    """The four steps for every batch, in the modes in which the layers are."""
    losses = []
    for X, y in batches:
        loss = loss_function(model(X), y)
        optimizer.zero_grad(**zero)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@finetune_epoch.wrong(
    "only requires_grad is switched off: the statistics of the frozen part move",
    ask="Are running means parameters? Which switch holds them?",
    as_student=True,
)
def statistics_move(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.train()
    for name in frozen:
        model.get_submodule(name).requires_grad_(False)
    return _train(model, optimizer, loss_function, batches)


@finetune_epoch.wrong(
    "only eval() is called: the frozen weights learn", ask="Does eval() stop gradients?", as_student=True
)
def weights_move(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.train()
    for name in frozen:
        model.get_submodule(name).eval()
    return _train(model, optimizer, loss_function, batches)


@finetune_epoch.wrong(
    "the frozen part is put into eval mode in the first batch only: a later model.train() undoes it",
    ask="How often do you call model.train(), and what comes after it?",
    as_student=True,
)
def undone_later(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.train()
    for name in frozen:
        model.get_submodule(name).eval().requires_grad_(False)
    first = _train(model, optimizer, loss_function, batches[:1])
    model.train()
    return first + _train(model, optimizer, loss_function, batches[1:])


@finetune_epoch.wrong(
    "the whole model stays in eval mode",
    ask="Whose statistics should follow the new data: those of the parts that learn?",
    as_student=True,
)
def all_in_eval(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.eval()
    for name in frozen:
        model.get_submodule(name).requires_grad_(False)
    return _train(model, optimizer, loss_function, batches)


@finetune_epoch.wrong(
    "old gradients are set to zero, not to None: momentum and weight decay still move the frozen weights",
    ask="What does SGD do with a gradient of zero and a momentum that is not?",
    as_student=True,
)
def zero_instead_of_none(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.train()
    for name in frozen:
        model.get_submodule(name).eval().requires_grad_(False)
    return _train(model, optimizer, loss_function, batches, set_to_none=False)


@finetune_epoch.wrong(
    "the other parts are frozen, and the named one learns", ask="Which parts does the list name?", as_student=True
)
def wrong_way_round(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.train()
    for name, part in model.named_children():
        if name not in frozen:
            part.eval().requires_grad_(False)
    return _train(model, optimizer, loss_function, batches)


@finetune_epoch.wrong(
    "the gradients of earlier batches are never cleared", ask="backward() adds. To what?", as_student=True
)
def never_cleared(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:
    model.train()
    for name in frozen:
        model.get_submodule(name).eval().requires_grad_(False)
    losses = []
    for X, y in batches:
        loss = loss_function(model(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@finetune_epoch.wrong(
    "everything below the head is frozen", ask="Is `block` in the list? May it learn?", as_student=True
)
def only_the_head(model: Any, frozen: Any, optimizer: Any, loss_function: Any, batches: Any) -> Any:  # noqa: ARG001
    model.train()
    for part in (model.stem, model.block):
        part.eval().requires_grad_(False)
    return _train(model, optimizer, loss_function, batches)


QUESTIONS = (parameter_groups, finetune_epoch)
