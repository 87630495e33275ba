"""Drives for questions about PyTorch's switches: zero_grad, train and eval, requires_grad.

PyTorch is imported when a drive runs, so that a notebook that needs only NumPy never waits for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers

__all__ = ["evaluate", "freeze_body", "training_step"]


def _network(W1: Array, W2: Array, mean: Array, var: Array) -> Any:
    """Linear, batch normalisation, ReLU, linear, in float64: train and eval mode give different numbers."""
    import torch

    H, D = W1.shape
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = torch.nn.Sequential(
            torch.nn.Linear(D, H, bias=False),
            torch.nn.BatchNorm1d(H),
            torch.nn.ReLU(),
            torch.nn.Linear(H, W2.shape[0], bias=False),
        ).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.from_numpy(W1))
        model[3].weight.copy_(torch.from_numpy(W2))
        model[1].running_mean.copy_(torch.from_numpy(mean))
        model[1].running_var.copy_(torch.from_numpy(var))
    return model


def _flat(model: Any) -> Array:
    return np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])


def _lopsided_loss(prediction: Any, target: Any) -> Any:
    """Weigh the squares by the target: unlike mse_loss, it tells prediction and target apart."""
    return ((prediction - target) ** 2 * (1 + target**2)).mean()


def training_step(
    student: Any, W1: Array, W2: Array, mean: Array, var: Array, X: Array, y: Array, stale: Array
) -> dict[str, Array]:
    """Take one training step per batch. The model comes from an evaluation, with old gradients in its weights."""
    import torch

    model = _network(W1, W2, mean, var)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    model.eval()
    for p in model.parameters():
        p.grad = torch.full_like(p, float(stale))
    weights, losses, means, modes, graphs = [], [], [], [], []
    for batch, target in zip(X, y, strict=True):
        loss = function(student)(model, optimizer, _lopsided_loss, torch.from_numpy(batch), torch.from_numpy(target))
        graphs.append(bool(getattr(loss, "requires_grad", False)))
        losses.append(_one_number(loss, "training_step"))
        weights.append(_flat(model))
        means.append(model[1].running_mean.numpy().copy())
        modes.append(bool(model.training))
    return {
        "model in train mode": np.array(modes),
        "weights": np.stack(weights),
        "loss": np.array(losses),
        "running mean": np.stack(means),
        "loss holds on to the graph": np.array(graphs),
    }


def evaluate(student: Any, W1: Array, W2: Array, mean: Array, var: Array, X: Array) -> dict[str, Array]:
    """Ask for predictions twice: of a model in training mode, and of one in evaluation mode."""
    import torch

    outputs: dict[str, Array] = {}
    for training in (True, False):
        model = _network(W1, W2, mean, var)
        model.train(training)
        with torch.enable_grad():
            prediction = function(student)(model, torch.from_numpy(X))
            still_on = torch.is_grad_enabled()
        found = f"of a model found in {'train' if training else 'eval'} mode"
        outputs[f"prediction {found}"] = numbers(prediction, "evaluate")
        outputs[f"running mean {found}"] = model[1].running_mean.numpy().copy()
        outputs[f"graph kept by the prediction {found}"] = np.array(bool(getattr(prediction, "requires_grad", False)))
        outputs[f"train mode afterwards {found}"] = np.array(bool(model.training))
        outputs[f"autograd afterwards {found}"] = np.array(still_on)
    return outputs


def freeze_body(student: Any, body: Array, head: Array, X: Array, y: Array) -> dict[str, Array]:
    """Freeze, then train two steps with the parameters that the student hands to the optimizer."""
    import torch

    model: Any = torch.nn.Sequential()
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model.body = torch.nn.Linear(body.shape[1], body.shape[0], bias=False).double()
        model.head = torch.nn.Linear(head.shape[1], head.shape[0], bias=False).double()
    with torch.no_grad():
        model.body.weight.copy_(torch.from_numpy(body))
        model.head.weight.copy_(torch.from_numpy(head))
    parameters = function(student)(model)
    if parameters is None:
        raise Unusable("freeze_body returned None, expected the parameters for the optimizer. Is a `return` missing?")
    optimizer = torch.optim.SGD(list(parameters), lr=0.2)
    for _ in range(2):
        optimizer.zero_grad()
        prediction = model.head(torch.tanh(model.body(torch.from_numpy(X))))
        loss: Any = torch.nn.functional.mse_loss(prediction, torch.from_numpy(y))
        loss.backward()
        optimizer.step()
    weights = (model.body.weight, model.head.weight)
    return {
        "requires_grad of the body": np.array(bool(weights[0].requires_grad)),
        "requires_grad of the head": np.array(bool(weights[1].requires_grad)),
        "body after training": weights[0].detach().numpy().copy(),
        "head after training": weights[1].detach().numpy().copy(),
        "a gradient was computed for the body": np.array(weights[0].grad is not None),
    }


def _one_number(value: Any, what: str) -> float:
    array = numbers(value, what)
    if array.size != 1:
        raise Unusable(f"{what} returned {array.size} numbers, expected the loss of the batch")
    return float(array.reshape(()))
