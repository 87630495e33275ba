"""SWATS as a torch optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from dlcourse.torch.optim.runs import cache_sized

__all__ = ["SWATS"]


class SWATS(Optimizer):
    """Switch from Adam to SGD with momentum when the rate that SGD would need has settled (Keskar & Socher, 2017).

        Adam's update p = -lr √(1 - β₂ᵗ) / (1 - β₁ᵗ) * m / (√v + ε),   w = w + p
        γ = pᵀp / (-pᵀg)                       SGD with rate γ would have moved as far along p
        λ = β₂ λ + (1 - β₂) γ                  Λ = λ / (1 - β₂ᵗ)
        after the switch:   b = β₁ b + g,   w = w - (1 - β₁) Λ b

    p and g are vectors over all tensors of a group. The paper switches at |Λ - γ| < 1e-9, which on small problems
    comes never or by accident. Here Λ has settled when it changes by less than the share ``tolerance`` in each of
    ``patience`` steps in a row. After the switch a schedule acts on Λ as it would on lr.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-9,
        weight_decay: float = 0.0,
        tolerance: float = 2e-3,
        patience: int = 5,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "tolerance": tolerance, "patience": patience})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group; each group estimates its own rate and switches by itself."""
        fresh = {"phase": "adam", "adam_steps": 0, "estimate": 0.0, "settled": 0, "sgd_lr": None, "lr_at_switch": None}
        for name, value in fresh.items():
            param_group.setdefault(name, value)
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step, of Adam or of SGD, in each group."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params if p.grad is not None]
            if group["weight_decay"] != 0:
                grads = list(torch._foreach_add(grads, params, alpha=group["weight_decay"]))
            if group["phase"] == "adam":
                self._adam_step(group, params, grads)
            else:
                self._sgd_step(group, params, grads)
        return loss

    def _adam_step(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        (beta1, beta2), t = group["betas"], group["adam_steps"] + 1
        rate = -group["lr"] * sqrt(1 - beta2**t) / (1 - beta1**t)
        products: list[Tensor] = []
        for p, g in cache_sized(params, grads):
            states = [self._state_of(tensor) for tensor in p]
            m, v = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
            torch._foreach_lerp_(m, g, 1 - beta1)
            torch._foreach_mul_(v, beta2)
            torch._foreach_addcmul_(v, g, g, value=1 - beta2)
            sizes = torch._foreach_sqrt(v)
            torch._foreach_add_(sizes, group["eps"])
            directions = [torch.div(a, b, out=b) for a, b in zip(m, sizes, strict=True)]  # spares one array's traffic
            torch._foreach_add_(p, directions, alpha=rate)
            products += _products(directions, g)
        update_update, update_grad = torch.stack(products).view(-1, 2).sum(0).tolist()
        self._estimate_rate(group, rate**2 * update_update, rate * update_grad)

    def _sgd_step(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        beta1 = group["betas"][0]
        velocity = [self._state_of(p)["momentum_buffer"] for p in params]
        torch._foreach_mul_(velocity, beta1)
        torch._foreach_add_(velocity, grads)
        rate = group["sgd_lr"] * group["lr"] / group["lr_at_switch"]
        torch._foreach_add_(params, velocity, alpha=-(1 - beta1) * rate)

    def _estimate_rate(self, group: dict[str, Any], update_update: float, update_grad: float) -> None:
        beta2, t = group["betas"][1], group["adam_steps"]
        group["adam_steps"] = t + 1
        if update_grad == 0:
            return
        before = group["estimate"] / (1 - beta2**t) if t > 0 else 0.0
        group["estimate"] = beta2 * group["estimate"] + (1 - beta2) * update_update / -update_grad
        rate = group["estimate"] / (1 - beta2 ** (t + 1))
        group["settled"] = group["settled"] + 1 if abs(rate - before) < group["tolerance"] * abs(rate) else 0
        if group["settled"] >= group["patience"] and rate > 0 and group["lr"] > 0:
            group.update(phase="sgd", sgd_lr=rate, lr_at_switch=group["lr"])

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state: dict[str, Any] = self.state[p]
        if not state:
            for name in ("exp_avg", "exp_avg_sq", "momentum_buffer"):
                state[name] = torch.zeros_like(p, memory_format=torch.preserve_format)
        return state


def _products(directions: Sequence[Tensor], grads: list[Tensor]) -> Iterator[Tensor]:
    """For each tensor dᵀd and dᵀg, in turn, still on the device."""
    for d, g in zip(directions, grads, strict=True):
        d = d.reshape(-1)
        yield torch.dot(d, d)
        yield torch.dot(d, g.reshape(-1))


def _check(group: dict[str, Any]) -> None:
    for name in ("lr", "eps", "weight_decay"):
        if not group[name] >= 0:
            raise ValueError(f"SWATS: {name} must be at least 0, got {group[name]!r}")
    for i, beta in enumerate(group["betas"]):
        if not 0 <= beta < 1:
            raise ValueError(f"SWATS: betas[{i}] must be in [0, 1), got {beta!r}")
    if not group["tolerance"] > 0:
        raise ValueError(f"SWATS: tolerance must be greater than 0, got {group['tolerance']!r}")
    if not isinstance(group["patience"], int) or group["patience"] < 1:
        raise ValueError(f"SWATS: patience must be a whole number of at least 1, got {group['patience']!r}")
