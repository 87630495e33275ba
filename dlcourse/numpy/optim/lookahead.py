"""Lookahead, a slow copy that follows any optimizer's fast weights, and Ranger, its pairing with RAdam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Group, Optimizer, Params
from dlcourse.numpy.optim.groups import array_of
from dlcourse.numpy.optim.radam import RAdam

__all__ = ["Lookahead", "Ranger"]


class Lookahead(Optimizer):
    """k steps forward, one step back (Zhang, Lucas, Hinton & Ba, 2019).

        k times:   w = optimizer's step
        then:      φ = φ + α (w - φ),   w = φ          φ: the slow weights, w itself before the first step

    ``optimizer`` is the one that takes the fast steps; its groups are shared, so a schedule may hold either.
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
        self.options = {"lookahead_k": k, "lookahead_alpha": alpha, "lookahead_step": 0}
        self.param_groups = optimizer.param_groups
        self.slow: dict[int, Array] = {}
        for group in self.param_groups:
            group.update(self.options)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one fast step; after every k-th, move the slow weights and start again from there."""
        for p in self._all_params():
            self.slow.setdefault(id(p), p.data.copy())
        loss = self.optimizer.step(closure)
        for group in self.param_groups:
            group["lookahead_step"] += 1
            if group["lookahead_step"] % group["lookahead_k"] == 0:
                self._synchronise(group)
        return loss

    def _synchronise(self, group: Group) -> None:
        for p in group["params"]:
            if p.grad is not None:
                slow = self.slow[id(p)]
                slow += group["lookahead_alpha"] * (p.data - slow)
                p.data[...] = slow

    def add_param_group(self, param_group: Group) -> None:
        """Add a group to the inner optimizer, and look ahead on it too."""
        self.optimizer.add_param_group({**self.options, **param_group})

    def state_dict(self) -> dict[str, Any]:
        """The inner optimizer's, with the slow weights beside the other state of each tensor."""
        saved = self.optimizer.state_dict()
        for i, p in enumerate(self._all_params()):
            if id(p) in self.slow:
                saved["state"].setdefault(i, {})["slow"] = self.slow[id(p)].copy()
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``; raises ``ValueError`` as the inner optimizer does."""
        state = state_dict["state"]
        inner = {i: {n: v for n, v in s.items() if n != "slow"} for i, s in state.items()}
        self.optimizer.load_state_dict({**state_dict, "state": inner})
        self.param_groups = self.optimizer.param_groups
        self.slow = {
            id(p): array_of(state[i]["slow"], p.data.dtype)
            for i, p in enumerate(self._all_params())
            if "slow" in state.get(i, {})
        }


class Ranger(Lookahead):
    """RAdam inside Lookahead (Wright, 2019), with that implementation's defaults; weight decay is decoupled."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.95, 0.999),
        eps: float = 1e-5,
        weight_decay: float = 0.0,
        k: int = 6,
        alpha: float = 0.5,
    ) -> None:
        fast = RAdam(params, lr, betas, eps, weight_decay, decoupled_weight_decay=True)
        super().__init__(fast, k, alpha)
