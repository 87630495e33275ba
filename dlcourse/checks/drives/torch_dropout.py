"""Drives for dropout in PyTorch: a layer of the student's own, and Monte Carlo dropout.

PyTorch is imported when a drive runs, so that a notebook that needs only NumPy never waits for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, construct, function, numbers, several

__all__ = ["dropout_module", "monte_carlo"]


def dropout_module(student: Any, p: Array, x: Array, dz: Array, seed: Array) -> dict[str, Array]:
    """Call the layer twice in training and once in evaluation; take a gradient back through the first call.

    Then toss the coins of the first call again, and ask for an input of another shape, in float32.
    """
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        torch.manual_seed(int(seed))
        module = construct(student, float(p))
        if not isinstance(module, torch.nn.Module):
            raise Unusable("TorchDropout is no torch.nn.Module. Is the base class missing?")
        module.train()
        leaf = torch.from_numpy(x.copy()).requires_grad_(True)
        inputs = leaf * 1.0
        first = _tensor(module(inputs))
        kept = numbers(first, "forward").copy()
        second = numbers(_tensor(module(torch.from_numpy(x.copy()))), "forward").copy()
        gradient = np.zeros_like(x)
        if first.requires_grad and first.shape == inputs.shape:
            first.backward(torch.from_numpy(dz.copy()))
            if leaf.grad is not None:
                gradient = leaf.grad.numpy().copy()
        torch.manual_seed(int(seed) + 1)
        before = numbers(_tensor(module(torch.from_numpy(x.copy()))), "forward").copy()
        torch.manual_seed(int(seed) + 1)
        again = numbers(_tensor(module(torch.from_numpy(x.copy()))), "forward").copy()
        other = _of_images(module, torch.from_numpy(x.reshape(4, 50, 5, 10).astype(np.float32)))
        module.eval()
        evaluated = numbers(_tensor(module(torch.from_numpy(x.copy()))), "forward").copy()
    return {
        "images in float32": other,
        "with a seed": before,
        "with that seed again": again,
        "first call": kept,
        "second call": second,
        "in eval mode": evaluated,
        "gradient": gradient,
        "x afterwards": inputs.detach().numpy().copy(),
    }


def monte_carlo(
    student: Any, W1: Array, W2: Array, mean: Array, var: Array, X: Array, masks: Array, p: Array
) -> dict[str, Array]:
    """Ask for mean and spread of a network whose dropout uses the given masks, one for each pass.

    The network is handed over once in training mode and once in evaluation mode.
    """
    import torch

    outputs: dict[str, Array] = {}
    for training in (True, False):
        model = _network(W1, W2, mean, var, masks, float(p))
        model.train(training)
        with torch.enable_grad():
            result = function(student)(model, torch.from_numpy(X.copy()), len(masks))
        found = f"model found in {'train' if training else 'eval'} mode"
        average, spread = several(result, ("mean", "std"), "monte_carlo")
        outputs[f"mean, {found}"] = average
        outputs[f"std, {found}"] = spread
        outputs[f"running mean afterwards, {found}"] = model[1].running_mean.numpy().copy()
        modes = [bool(part.training) for part in (model, model[1], model[3])]
        outputs[f"training flags afterwards, {found}"] = np.array(modes)
        outputs[f"a graph is kept, {found}"] = np.array(any(bool(getattr(r, "requires_grad", False)) for r in result))
    return outputs


def _network(W1: Array, W2: Array, mean: Array, var: Array, masks: Array, p: float) -> Any:
    """Linear, batch norm, ReLU, dropout, linear, in float64."""
    import torch

    H, D = W1.shape
    with torch.random.fork_rng(devices=[]):
        model: Any = torch.nn.Sequential(
            torch.nn.Linear(D, H, bias=False),
            torch.nn.BatchNorm1d(H),
            torch.nn.ReLU(),
            _with_given_masks(masks, p),
            torch.nn.Linear(H, W2.shape[0], bias=False),
        ).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.from_numpy(W1))
        model[4].weight.copy_(torch.from_numpy(W2))
        model[1].running_mean.copy_(torch.from_numpy(mean))
        model[1].running_var.copy_(torch.from_numpy(var))
    return model


def _with_given_masks(masks: Array, p: float) -> Any:
    """An nn.Dropout whose coins are known: call number k in training uses ``masks[k]``."""
    import torch

    class Dropout(torch.nn.Dropout):
        def __init__(self) -> None:
            super().__init__(p)
            self.calls = 0

        def forward(self, input: Any) -> Any:  # noqa: A002  # torch's name
            if not self.training:
                return input
            mask = masks[self.calls % len(masks)]
            self.calls += 1
            if tuple(input.shape) != mask.shape:
                raise Unusable("monte_carlo: call the model once for each pass, with X as it is")
            return input * torch.from_numpy(mask / (1 - self.p))

    return Dropout()


def _of_images(module: Any, images: Any) -> Array:
    """The output for images, or nothing: a layer that works for rows only is a fact that the check names."""
    try:
        return numbers(_tensor(module(images)), "forward").copy()
    except Exception:
        return np.zeros(0, np.float32)


def _tensor(value: Any) -> Any:
    import torch

    if not isinstance(value, torch.Tensor):
        kind = type(value).__name__
        raise Unusable(f"TorchDropout.forward returned a {kind}, expected a tensor. Is a `return` missing?")
    return value
