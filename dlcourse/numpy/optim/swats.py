"""SWATS: start as Adam, end as SGD."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Group, Optimizer

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

    defaults: ClassVar = {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-9,
        "weight_decay": 0.0,
        "tolerance": 2e-3,
        "patience": 5,
    }
    state: ClassVar = ("m", "v", "b")
    torch_names: ClassVar = {"m": "exp_avg", "v": "exp_avg_sq", "b": "momentum_buffer"}

    def add_param_group(self, param_group: Group) -> None:
        """Add a group; each group estimates its own rate and switches by itself."""
        fresh = {"phase": "adam", "adam_steps": 0, "estimate": 0.0, "settled": 0, "sgd_lr": None, "lr_at_switch": None}
        super().add_param_group({**fresh, **param_group})

    def check(self, group: Group) -> None:
        """The tolerance is a share, the patience a number of steps."""
        super().check(group)
        if not group["tolerance"] > 0:
            raise ValueError(f"SWATS: tolerance must be greater than 0, got {group['tolerance']!r}")
        if not isinstance(group["patience"], int) or group["patience"] < 1:
            raise ValueError(f"SWATS: patience must be a whole number of at least 1, got {group['patience']!r}")

    def formula_options(self, group: Group) -> dict[str, Any]:
        """Add Adam's t, and the rate of SGD, which is None while the group is still with Adam."""
        options = {**super().formula_options(group), "t": group["adam_steps"] + 1, "sgd_lr": None}
        if group["phase"] == "sgd":
            options["sgd_lr"] = group["sgd_lr"] * group["lr"] / group["lr_at_switch"]
        return options

    def step_one(
        self,
        w: Array,
        g: Array,
        s: Any,
        *,
        lr: float,
        betas: tuple[float, float],
        eps: float,
        t: int,
        sgd_lr: float | None,
        **_: Any,
    ) -> Array:
        """Step as Adam and note pᵀp and pᵀg, or step as SGD with momentum."""
        beta1, beta2 = betas
        if sgd_lr is not None:
            s.b = beta1 * s.b + g
            velocity: Array = (1 - beta1) * s.b
            return w - sgd_lr * velocity
        s.m = beta1 * s.m + (1 - beta1) * g
        s.v = beta2 * s.v + (1 - beta2) * g**2
        update: Array = -lr * sqrt(1 - beta2**t) / (1 - beta1**t) * s.m / (np.sqrt(s.v) + eps)
        s.update_update, s.update_grad = float(np.vdot(update, update)), float(np.vdot(update, g))
        return w + update

    def step_group(self, group: Group) -> None:
        """Step, then see whether it is time to switch."""
        super().step_group(group)
        if group["phase"] == "adam":
            states = [self._state[id(p)] for p in group["params"] if p.grad is not None]
            self._estimate_rate(group, sum(s.update_update for s in states), sum(s.update_grad for s in states))

    def _estimate_rate(self, group: Group, update_update: float, update_grad: float) -> None:
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
