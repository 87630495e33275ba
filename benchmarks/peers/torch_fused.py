"""PyTorch, eager mode, with ``SGD(fused=True)``: the fastest update torch offers on a CPU."""

from __future__ import annotations

from benchmarks.peers.problem import Peer, Problem
from benchmarks.peers.torch_eager import Network

__all__ = ["NAME", "build"]

NAME = "torch eager, fused SGD"


def build(problem: Problem) -> Peer:
    return Network(problem, fused=True)
