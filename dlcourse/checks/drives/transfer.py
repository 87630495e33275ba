"""Drives for questions about transfer learning. PyTorch is imported when a drive runs."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, Watch, function, numbers, several

__all__ = [
    "distillation_loss",
    "few_labels",
    "finetune_epoch",
    "head_inputs",
    "linear_probe",
    "parameter_groups",
    "propagate",
    "pseudo_labels",
]


def head_inputs(student: Any, W1: Array, W2: Array, W3: Array, mean: Array, var: Array, X: Array) -> dict[str, Array]:
    """Ask for what the head sees, of a model found in training mode and of one found in evaluation mode."""
    import torch

    outputs: dict[str, Array] = {}
    for training in (True, False):
        model = _body_and_head(W1, W2, W3, mean, var)
        model.train(training)
        with torch.enable_grad():
            found = function(student)(model, torch.from_numpy(X))
        where = f"of a model found in {'train' if training else 'eval'} mode"
        outputs[f"features {where}"] = numbers(found, "head_inputs")
        outputs[f"running mean {where}"] = model[1].running_mean.numpy().copy()
        outputs[f"graph kept by the features {where}"] = np.array(bool(getattr(found, "requires_grad", False)))
        outputs[f"train mode afterwards {where}"] = np.array([part.training for part in model])
        outputs[f"the head is still there {where}"] = np.array(hasattr(model, "head") and len(model) == 6)
    return outputs


def _body_and_head(W1: Array, W2: Array, W3: Array, mean: Array, var: Array) -> Any:
    """Linear, batch normalisation, ReLU, linear, ReLU and a linear head, in float64."""
    import torch

    nn = torch.nn
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = nn.Sequential(
            OrderedDict(
                first=nn.Linear(W1.shape[1], W1.shape[0], bias=False),
                norm=nn.BatchNorm1d(W1.shape[0]),
                relu1=nn.ReLU(),
                second=nn.Linear(W2.shape[1], W2.shape[0], bias=False),
                relu2=nn.ReLU(),
                head=nn.Linear(W3.shape[1], W3.shape[0], bias=False),
            )
        ).double()
    with torch.no_grad():
        for layer, weight in ((model.first, W1), (model.second, W2), (model.head, W3)):
            layer.weight.copy_(torch.from_numpy(weight))
        model.norm.running_mean.copy_(torch.from_numpy(mean))
        model.norm.running_var.copy_(torch.from_numpy(var))
    return model


def linear_probe(student: Any, H: Array, y: Array, H_new: Array, lr: Array, steps: Array) -> dict[str, Array]:
    """Train a head on features and ask for the logits of new ones; the features must stay as they are."""
    watch = Watch(H, y, H_new)
    found = numbers(function(student)(H, y, H_new, 3, float(lr), int(steps)), "linear_probe")
    return {"logits": found, "the features are unchanged": watch.unchanged()}


def parameter_groups(student: Any, flat: Array, lr: Array, head_lr: Array, factor: Array) -> dict[str, Array]:
    """Hand the groups to an optimizer and look which parameter got which rate, and what one step then does."""
    import torch

    nn = torch.nn
    with torch.random.fork_rng(devices=[]):
        model: Any = nn.Sequential(
            OrderedDict(
                stem=nn.Linear(3, 4),
                block1=nn.Sequential(nn.Linear(4, 5), nn.ReLU()),
                pool=nn.Flatten(),
                block2=nn.Sequential(nn.Linear(5, 4), nn.ReLU()),
                block3=nn.Linear(4, 3),
                head=nn.Linear(3, 2),
            )
        ).double()
    place = 0
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(
                torch.from_numpy(np.resize(np.roll(flat, -place), parameter.numel())).reshape(parameter.shape)
            )
            place += parameter.numel()
    model.block1[0].weight.requires_grad_(False)
    groups = function(student)(model, float(lr), float(head_lr), float(factor))
    if groups is None:
        raise Unusable("parameter_groups returned None, expected a list of groups. Is a `return` missing?")
    optimizer = torch.optim.SGD(list(groups), lr=1000.0)  # where a group has no rate of its own
    named = dict(model.named_parameters())
    seen = {
        name: [g["lr"] for g in optimizer.param_groups if any(p is q for q in g["params"])] for name, p in named.items()
    }
    for parameter in named.values():
        parameter.grad = torch.ones_like(parameter) if parameter.requires_grad else None
    before = {name: parameter.detach().clone() for name, parameter in named.items()}
    optimizer.step()
    moved = [float((before[name] - p.detach()).flatten()[0]) for name, p in named.items()]
    return {
        "rate of each parameter (0: in no group)": np.array([rates[0] if rates else 0.0 for rates in seen.values()]),
        "step of each parameter for a gradient of 1": np.array(moved),
        "frozen before, frozen after": np.array(not named["block1.0.weight"].requires_grad),
    }


def finetune_epoch(
    student: Any, flat: Array, mean: Array, var: Array, X: Array, y: Array, buffers: Array
) -> dict[str, Array]:
    """Train one epoch of a model with history, and trace the mode of every layer at every batch.

    Its weights hold old gradients, and the optimizer holds all of them, with momentum and weight decay.
    """
    import torch

    nn = torch.nn
    with torch.random.fork_rng(devices=[]):
        model: Any = nn.Sequential(
            OrderedDict(
                stem=nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
                block=nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU()),
                head=nn.Linear(4, 2),
            )
        ).double()
    place = 0
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(
                torch.from_numpy(np.resize(np.roll(flat, -place), parameter.numel())).reshape(parameter.shape)
            )
            place += parameter.numel()
        for part in (model.stem, model.block):
            part[1].running_mean.copy_(torch.from_numpy(mean))
            part[1].running_var.copy_(torch.from_numpy(var))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.05)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.3)
        optimizer.state[parameter]["momentum_buffer"] = torch.full_like(parameter, float(buffers))
    model.eval()
    modes: dict[str, list[bool]] = {"stem": [], "block": []}
    for name, trace in modes.items():
        model.get_submodule(name)[1].register_forward_hook(lambda layer, *_, trace=trace: trace.append(layer.training))
    batches = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in zip(X, y, strict=True)]
    losses = function(student)(model, ["stem"], optimizer, nn.functional.mse_loss, batches)
    if losses is None:
        raise Unusable("finetune_epoch returned None, expected the list of losses. Is a `return` missing?")
    state = {key: value.numpy().copy() for key, value in model.state_dict().items()}

    def parameters(part: str) -> Array:
        chosen = [v.ravel() for k, v in state.items() if k.startswith(part) and k.endswith(("weight", "bias"))]
        return np.concatenate(chosen)

    def statistics(part: str) -> Array:
        return np.concatenate([v.ravel() for k, v in state.items() if k.startswith(part) and "running" in k])

    return {
        "the frozen part is in train mode, batch by batch": np.array(modes["stem"]),
        "the other part is in train mode, batch by batch": np.array(modes["block"]),
        "frozen weights": parameters("stem"),
        "frozen statistics": statistics("stem"),
        "a gradient was computed for the frozen part": np.array(
            any(p.grad is not None for p in model.stem.parameters())
        ),
        "weights that learn": np.concatenate([parameters("block"), parameters("head")]),
        "statistics that learn": statistics("block"),
        "losses": numbers([float(loss) for loss in losses], "finetune_epoch"),
    }


def distillation_loss(
    student: Any, z_student: Array, z_teacher: Array, y: Array, temperature: Array, alpha: Array
) -> dict[str, Array]:
    """Compute the loss and its gradients for the student's logits and for the teacher's."""
    import torch

    z, teacher = (torch.from_numpy(part).requires_grad_() for part in (z_student, z_teacher))
    loss = function(student)(z, teacher, torch.from_numpy(y), float(temperature), float(alpha))
    value = numbers(loss, "distillation_loss")
    if value.size != 1:
        raise Unusable(f"distillation_loss returned {value.size} numbers, expected the loss of the batch")
    if not getattr(loss, "requires_grad", False):
        raise Unusable("the loss has no gradient: it must be computed from z_student in PyTorch operations")
    loss.backward()
    gradients = [np.zeros_like(z_student) if part.grad is None else numbers(part.grad, "dz") for part in (z, teacher)]
    return {"loss": value.reshape(()), "dz of the student": gradients[0], "dz of the teacher": gradients[1]}


def propagate(student: Any, W: Array, labels: Array, alpha: Array, steps: Array) -> dict[str, Array]:
    """Let labels run along a graph for a few steps, and for none; graph and labels must stay as they are."""
    watch = Watch(W, labels)
    found = {
        f"F after {n} steps": numbers(function(student)(W, labels, 3, float(alpha), n), "propagate")
        for n in (0, 1, int(steps))
    }
    return {**found, "graph and labels are unchanged": watch.unchanged()}


def pseudo_labels(student: Any, shares: Array, known: Array, threshold: Array) -> dict[str, Array]:
    """Ask which images to train on and with which labels; sorted by position, since the order does not matter."""
    watch = Watch(shares, known)
    positions, labels = several(
        function(student)(shares, known, float(threshold)), ("positions", "labels"), "pseudo_labels"
    )
    if positions.ndim != 1 or positions.shape != labels.shape:
        raise Unusable(
            f"pseudo_labels returned shapes {positions.shape} and {labels.shape}, expected two of one shape (M,)"
        )
    if positions.dtype.kind not in "iu" or labels.dtype.kind not in "iu":
        raise Unusable("pseudo_labels: positions and labels must be whole numbers")
    order = np.argsort(positions, kind="stable")
    return {
        "positions": positions[order],
        "labels": labels[order],
        "shares and known labels are unchanged": watch.unchanged(),
    }


def few_labels(student: Any, X: Array, y: Array, X_test: Array, seed: Array) -> dict[str, Array]:
    """Train with few labels, then ask for the answers to all new images at once, and to each half by itself."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        predict = function(student)(X.astype(np.float32), y.copy())
        if not callable(predict):
            raise Unusable(f"few_labels returned a {type(predict).__name__}, expected a function predict(images)")
        images = X_test.astype(np.float32)
        half = len(images) // 2
        together = _answers(predict, images)
        apart = np.concatenate([_answers(predict, part) for part in (images[:half], images[half:])])
    return {"answers": together, "answers in halves": apart}


def _answers(predict: Any, images: Array) -> Array:
    found = numbers(predict(images.copy()), "predict")
    if found.shape != (len(images),):
        raise Unusable(
            f"predict returned the shape {found.shape} for {len(images)} images, expected one class for each"
        )
    return found
