"""The drive for a batch norm written as a PyTorch module. PyTorch is imported when it runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, construct, described, numbers

__all__ = ["norm_module"]

PARAMETERS = ("weight", "bias")
BUFFERS = ("running_mean", "running_var")


def norm_module(student: Any, batches: Array, new: Array, weight: Array, bias: Array, dy: Array) -> dict[str, Array]:
    """Put numbers into the module, train on some batches, evaluate, and load its state into a second one."""
    import torch

    norm = construct(student, len(weight))
    if not isinstance(norm, torch.nn.Module):
        raise Unusable(f"BatchNorm1d makes {described(norm)}, expected a torch.nn.Module. Is super().__init__() there?")
    registered = dict(norm.named_parameters())
    facts = {
        "weight and bias are parameters": set(PARAMETERS) <= set(registered),
        "nothing else is a parameter": set(registered) <= set(PARAMETERS),
        "the running statistics are in state_dict": set(BUFFERS) <= set(norm.state_dict()),
        "weight starts at 1 and bias at 0": _holds_only(norm, "weight", 1.0) and _holds_only(norm, "bias", 0.0),
    }
    norm = norm.double()
    _put(norm, {"weight": weight, "bias": bias})
    norm.train()
    outputs, means, variances = [], [], []
    for batch in batches:
        x = torch.from_numpy(batch.copy()).requires_grad_()
        y = norm(x)
        outputs.append(_same_shape(numbers(y, "forward"), batch))
        means.append(_statistic(norm, "running_mean", weight))
        variances.append(_statistic(norm, "running_var", weight))
    holds_graph = any(bool(getattr(getattr(norm, name), "requires_grad", False)) for name in BUFFERS)
    gradients = _gradients(norm, x, y, torch.from_numpy(dy))
    norm.eval()
    before = {name: _statistic(norm, name, weight) for name in BUFFERS}
    with torch.no_grad():
        evaluated = _same_shape(numbers(norm(torch.from_numpy(new.copy())), "forward"), new)
    kept = all(np.array_equal(before[name], _statistic(norm, name, weight)) for name in BUFFERS)
    return {
        **{name: np.array(value) for name, value in facts.items()},
        "y in training": np.stack(outputs),
        **gradients,
        "running_mean": np.stack(means),
        "running_var": np.stack(variances),
        "the running statistics hold on to the graph": np.array(holds_graph),
        "y after eval()": evaluated,
        "eval() leaves the running statistics alone": np.array(kept),
    }


def _holds_only(norm: Any, name: str, value: float) -> bool:
    tensor = getattr(norm, name, None)
    if tensor is None:
        raise Unusable(f"BatchNorm1d has no self.{name}. Does __init__ set it?")
    return bool((numbers(tensor, f"self.{name}") == value).all())


def _put(norm: Any, values: dict[str, Array]) -> None:
    """Write numbers into the module's tensors, whatever they are registered as."""
    import torch

    for name, value in values.items():
        tensor = getattr(norm, name, None)
        if not isinstance(tensor, torch.Tensor) or tensor.numel() != value.size:
            raise Unusable(f"BatchNorm1d has no self.{name} with {value.size} numbers")
        with torch.no_grad():
            tensor.data = torch.from_numpy(value.copy()).reshape(tensor.shape)


def _statistic(norm: Any, name: str, weight: Array) -> Array:
    if getattr(norm, name, None) is None:
        raise Unusable(f"BatchNorm1d has no self.{name}. Does __init__ set it?")
    value = numbers(getattr(norm, name), f"self.{name}")
    if value.size != weight.size:
        raise Unusable(f"self.{name} has shape {value.shape}, expected {weight.shape}: one number for each feature")
    return value.astype(float).reshape(weight.shape)


def _gradients(norm: Any, x: Any, y: Any, dy: Any) -> dict[str, Array]:
    """The gradients of the last training batch; zeros where there are none."""
    if not getattr(y, "requires_grad", False):
        raise Unusable(
            "forward's result has no graph: autograd cannot reach weight and x. Is there a detach or no_grad?"
        )
    y.backward(dy)
    tensors = {"dL/dx": x, "dL/dweight": norm.weight, "dL/dbias": norm.bias}
    return {
        name: np.zeros(tuple(tensor.shape)) if tensor.grad is None else tensor.grad.numpy().copy()
        for name, tensor in tensors.items()
    }


def _same_shape(output: Array, batch: Array) -> Array:
    if output.shape != batch.shape:
        raise Unusable(f"forward returned shape {output.shape}, expected {batch.shape}, that of its input")
    return output
