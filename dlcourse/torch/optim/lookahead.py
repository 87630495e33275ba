"""Lookahead and Ranger as torch optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer, RAdam

from dlcourse.torch.optim.runs import cache_sized

__all__ = ["Lookahead", "Ranger"]


class Lookahead(Optimizer):
    """k steps forward, one step back (Zhang, Lucas, Hinton & Ba, 2019).

        k times:   w = optimizer's step
        then:      φ = φ + α (w - φ),   w = φ          φ: the slow weights, w itself before the first step

    ``optimizer`` is the one that takes the fast steps; its groups are shared, so a schedule may hold either.
    ``state_dict()`` has torch's form: the inner optimizer's, with ``"slow"`` beside the other state of each tensor.
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
        self.slow: dict[Tensor, Tensor] = {}
        groups = optimizer.param_groups
        super().__init__(groups, {"lookahead_k": k, "lookahead_alpha": alpha, "lookahead_step": 0})
        self.param_groups, self.state = groups, optimizer.state

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one fast step; after every k-th, move the slow weights and start again from there."""
        for group in self.param_groups:
            if group["lookahead_step"] % group["lookahead_k"] == 0:
                self._start_cycle(group)
        loss = self.optimizer.step(closure) if closure is not None else self.optimizer.step()
        for group in self.param_groups:
            group["lookahead_step"] += 1
            if group["lookahead_step"] % group["lookahead_k"] == 0:
                self._synchronise(group)
        return loss

    def _start_cycle(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            if p not in self.slow:
                self.slow[p] = p.detach().clone(memory_format=torch.preserve_format)

    @torch.no_grad()
    def _synchronise(self, group: dict[str, Any]) -> None:
        fast = [p for p in group["params"] if p.grad is not None]
        for some_fast, some_slow in cache_sized(fast, [self.slow[p] for p in fast]):
            torch._foreach_lerp_(some_slow, some_fast, group["lookahead_alpha"])
            torch._foreach_copy_(some_fast, some_slow)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group to the inner optimizer, and look ahead on it too."""
        if not any(param_group is group for group in self.optimizer.param_groups):
            self.optimizer.add_param_group(param_group)
        for name, value in self.defaults.items():
            param_group.setdefault(name, value)

    def state_dict(self) -> dict[str, Any]:
        """The inner optimizer's, with the slow weights beside the other state of each tensor."""
        saved = self.optimizer.state_dict()
        state = dict(saved["state"])
        for i, p in enumerate(self._all_params()):
            if p in self.slow:
                state[i] = {**state.get(i, {}), "slow": self.slow[p]}
        return {**saved, "state": state}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``; raises ``ValueError`` as the inner optimizer does."""
        state = state_dict["state"]
        inner = {i: {n: v for n, v in s.items() if n != "slow"} for i, s in state.items()}
        self.optimizer.load_state_dict({**state_dict, "state": {i: s for i, s in inner.items() if s}})
        self.param_groups, self.state = self.optimizer.param_groups, self.optimizer.state
        self.slow = {
            p: state[i]["slow"].to(p, copy=True) for i, p in enumerate(self._all_params()) if "slow" in state.get(i, {})
        }

    def _all_params(self) -> Iterator[Tensor]:
        for group in self.param_groups:
            yield from group["params"]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "optimizer": self.optimizer, "slow": self.slow}


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
