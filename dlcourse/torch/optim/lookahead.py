"""Lookahead and Ranger as torch optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer, RAdam

__all__ = ["Lookahead", "Ranger"]


class Lookahead(Optimizer):
    """k steps forward, one step back (Zhang, Lucas, Hinton & Ba, 2019).

        k times:   w = optimizer's step
        then:      φ = φ + α (w - φ),   w = φ          φ: the slow weights, w itself before the first step

    ``optimizer`` is the one that takes the fast steps. Its groups and its state are shared, with ``"slow"`` added
    for each tensor, so a schedule may hold either and ``state_dict()`` has torch's form.
    Raises ``ValueError`` unless k is a whole number of at least 1 and α is in [0, 1].
    """

    def __init__(self, optimizer: Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"Lookahead: optimizer must be an Optimizer, got {type(optimizer).__name__}")
        if not isinstance(k, int) or k < 1:
            raise ValueError(f"Lookahead: k must be a whole number of at least 1, got {k!r}")
        if not 0 <= alpha <= 1:
            raise ValueError(f"Lookahead: alpha must be in [0, 1], got {alpha!r}")
        self.optimizer = optimizer
        groups = optimizer.param_groups
        super().__init__(groups, {"lookahead_k": k, "lookahead_alpha": alpha, "lookahead_step": 0})
        self.param_groups, self.state = groups, optimizer.state

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one fast step; after every k-th, move the slow weights and start again from there."""
        new = [(p, p.clone()) for group in self.param_groups for p in group["params"] if not self._has_slow(p)]
        loss = self.optimizer.step(closure) if closure is not None else self.optimizer.step()
        for p, before in new:
            if p.grad is not None:
                self.state[p]["slow"] = before
        for group in self.param_groups:
            group["lookahead_step"] += 1
            if group["lookahead_step"] % group["lookahead_k"] == 0:
                self._synchronise(group)
        return loss

    def _has_slow(self, p: torch.Tensor) -> bool:
        return p in self.state and "slow" in self.state[p]

    def _synchronise(self, group: dict[str, Any]) -> None:
        fast = [p for p in group["params"] if p.grad is not None]
        if fast:
            slow = [self.state[p]["slow"] for p in fast]
            torch._foreach_lerp_(slow, fast, group["lookahead_alpha"])
            torch._foreach_copy_(fast, slow)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group to the inner optimizer, and look ahead on it too."""
        if not any(param_group is group for group in self.optimizer.param_groups):
            self.optimizer.add_param_group(param_group)
        for name, value in self.defaults.items():
            param_group.setdefault(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "optimizer": self.optimizer}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over groups and state, and share them with the inner optimizer again."""
        super().__setstate__(state)
        self.optimizer.__setstate__({"state": self.state, "param_groups": self.param_groups})


class Ranger(Lookahead):
    """RAdam inside Lookahead (Wright, 2019), with that implementation's defaults; weight decay is decoupled."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.95, 0.999),
        eps: float = 1e-5,
        weight_decay: float = 0.0,
        k: int = 6,
        alpha: float = 0.5,
    ) -> None:
        fast = RAdam(params, lr, betas, eps, weight_decay, decoupled_weight_decay=True)
        super().__init__(fast, k, alpha)
