"""Training steps of a small network: the reference beside its peers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from benchmarks.peers import (
    dlcourse_numpy,
    hips_autograd,
    mygrad_tensors,
    numpy_by_hand,
    scalar_engine,
    sklearn_partial_fit,
    torch_eager,
    torch_fused,
)
from benchmarks.peers.problem import Problem
from benchmarks.speed_report import Report, Target, at_least, duration, section, table
from benchmarks.speed_timing import Effort, Timing, measure

PEERS = (
    numpy_by_hand,
    dlcourse_numpy,
    torch_eager,
    torch_fused,
    mygrad_tensors,
    hips_autograd,
    sklearn_partial_fit,
)
PRODUCTS = "NumPy's matrix products alone"
OURS, TORCH = dlcourse_numpy.NAME, torch_eager.NAME
SLOWER = (mygrad_tensors.NAME, hips_autograd.NAME, sklearn_partial_fit.NAME)
PROBLEMS = (Problem(64, 100, 64), Problem(64, 100, 256), Problem(3072, 50, 64), Problem(3072, 50, 256))
SMALL_PROBLEMS = (Problem(12, 5, 4), Problem(12, 5, 8), Problem(20, 5, 4), Problem(20, 5, 8))
AT_LEAST = (1.7, None, 1.2, 1.2)  # times torch's speed, for the four problems


@section("training", "Training steps")
def training(effort: Effort) -> Report:
    """Forward, backward and update, for each peer and each of four problems."""
    problems = SMALL_PROBLEMS if effort.tiny else PROBLEMS
    results = [measure(_candidates(problem), effort) for problem in problems]
    header = ["speed relative to torch eager", *map(_title, problems)]
    rows = [[name, *(_cell(times[name], times[TORCH]) for times in results)] for name in results[0]]
    rows.append([scalar_engine.NAME, *map(_scalar_cell, problems, results)])
    text = (
        "One step of gradient descent on a network D-H-10 with ReLU and softmax cross-entropy: the speed relative to "
        f"torch eager (above 1 is faster) and the time. The middle half of the rounds lies within "
        f"±{100 * _spread(results):.0f} % of each ratio. NumPy's five matrix products alone are what no engine on "
        "this BLAS can beat. MyGrad runs with its memory guard off. The scalar engine, written in micrograd's way, is "
        "timed on one and on two examples, and the difference multiplied.\n\n" + table(header, rows)
    )
    return Report(text, _targets(problems, results))


def _candidates(problem: Problem) -> dict[str, Callable[[], object]]:
    candidates: dict[str, Callable[[], object]] = {PRODUCTS: _products(problem)}
    candidates.update((peer.NAME, peer.build(problem).step) for peer in PEERS)
    return candidates


def _products(problem: Problem) -> Callable[[], object]:
    """The matrix products of a step and nothing else."""
    x, _ = problem.data()
    w1, _, w2, _ = problem.weights()
    hidden, dz = x @ w1.T, x[:, : problem.classes].copy()

    def run() -> None:
        x @ w1.T, hidden @ w2.T  # forward
        dz.T @ hidden, dz @ w2, hidden.T @ x  # backward

    return run


def _title(problem: Problem) -> str:
    return f"{problem.inputs}-{problem.hidden}-{problem.classes}, batch {problem.batch}"


def _cell(timing: Timing, reference: Timing) -> str:
    return f"{1 / timing.ratio_to(reference):.2f} · {duration(timing.median)}"


def _spread(results: list[dict[str, Timing]]) -> float:
    """How far the middle half of the rounds' ratios reaches from its middle, at worst, as a share of it."""
    ratios = [timing.quartiles_of_ratio_to(times[TORCH]) for times in results for timing in times.values()]
    return max((high - low) / (high + low) for low, high in ratios)


def _scalar_cell(problem: Problem, times: dict[str, Timing]) -> str:
    """Far too slow for whole rounds."""
    first, each_further = _scalar_seconds(replace(problem, batch=1))
    seconds = first + (problem.batch - 1) * each_further
    return f"{times[TORCH].median / seconds:.1e} · {duration(seconds)}"


@cache
def _scalar_seconds(problem: Problem) -> tuple[float, float]:
    """Seconds for a step on one example, and for each further example of the batch."""
    seconds = []
    for batch in (1, 2):
        network = scalar_engine.build(replace(problem, batch=batch))
        start = time.process_time()
        network.step()
        seconds.append(time.process_time() - start)
    return seconds[0], seconds[1] - seconds[0]


def _targets(problems: tuple[Problem, ...], results: list[dict[str, Timing]]) -> list[Target]:
    targets = []
    for problem, times, bound in zip(problems, results, AT_LEAST, strict=True):
        if bound is not None:
            speed = 1 / times[OURS].ratio_to(times[TORCH])
            targets.append(at_least(f"{OURS} against torch eager, {_title(problem)}", speed, bound))
    for peer in SLOWER:
        slowest = min(1 / times[OURS].ratio_to(times[peer]) for times in results)
        targets.append(at_least(f"{OURS} against {peer}, the closest of the four", slowest, 1))
    return targets
