"""Drives for optimizers in PyTorch: one that the student writes, and parameter groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, construct, function, numbers

__all__ = ["adamax", "parameter_groups"]


def adamax(student: Any, weight: Array, bias: Array, dW: Array, db: Array, rate: Array) -> dict[str, Array]:
    """Step two groups with rates of their own, of which the first is lowered half way; one tensor has no gradient."""
    import torch

    W, b, idle = (torch.nn.Parameter(torch.tensor(array)) for array in (weight, bias, np.ones(3)))
    optimizer = construct(student, [{"params": [W]}, {"params": [b, idle], "lr": float(rate)}])
    weights, biases = [], []
    for t, (g_W, g_b) in enumerate(zip(dW, db, strict=True)):
        if t == len(dW) // 2:
            optimizer.param_groups[0]["lr"] *= 0.3  # as a schedule does
        W.grad, b.grad = torch.tensor(g_W), torch.tensor(g_b)
        before_W, before_b = W.detach().clone(), b.detach().clone()
        optimizer.step()
        weights.append((W.detach() - before_W).numpy())
        biases.append((b.detach() - before_b).numpy())
    kept = all(np.array_equal(numbers(p.grad, "grad"), g[-1]) for p, g in ((W, dW), (b, db)))
    return {
        "change of the weights": np.stack(weights),
        "change of the bias (a group with its own rate)": np.stack(biases),
        "a tensor without a gradient": idle.detach().numpy().copy(),
        "the gradients are left as they were": np.array(kept),
    }


def parameter_groups(student: Any, values: Array, grads: Array, lr: Array, weight_decay: Array) -> dict[str, Array]:
    """Look up the rate and the decay of every parameter, then take two steps."""
    import torch

    nn = torch.nn
    model: Any = nn.Sequential()
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model.body = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.Tanh())
        model.head = nn.Linear(3, 2)
    model.double()
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        nn.utils.vector_to_parameters(torch.tensor(values), parameters.values())
    optimizer = function(student)(model, float(lr), float(weight_decay))
    if not isinstance(optimizer, torch.optim.AdamW):
        raise Unusable(f"make_optimizer returned a {type(optimizer).__name__}, expected a torch.optim.AdamW")
    found = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    groups = [found.get(id(p), {"lr": 0.0, "weight_decay": 0.0}) for p in parameters.values()]
    for flat in grads:
        start = 0
        for p in parameters.values():
            p.grad = torch.tensor(flat[start : start + p.numel()]).reshape(p.shape)
            start += p.numel()
        optimizer.step()
    moved = nn.utils.parameters_to_vector(list(parameters.values())).detach().numpy()
    return {
        "in a group": np.array([id(p) in found for p in parameters.values()]),
        "learning rate": np.array([float(group["lr"]) for group in groups]),
        "weight decay": np.array([float(group["weight_decay"]) for group in groups]),
        "weights after two steps": moved.copy(),
    }
