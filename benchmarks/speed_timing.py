"""How times are taken: candidates in alternating order, warmed up, medians over rounds, paired ratios."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Effort", "Timing", "growth", "measure"]


@dataclass(frozen=True)
class Effort:
    """How long to measure. ``tiny`` shrinks the problems too: one call each, to see that everything runs."""

    rounds: int = 15
    seconds: float = 0.03  # for each candidate in each round
    tiny: bool = False

    def size(self, full: int, small: int) -> int:
        """The size of a problem: ``full``, or ``small`` when only a quick look is wanted."""
        return small if self.tiny else full


@dataclass(frozen=True)
class Timing:
    """Seconds for one call, one number for each round."""

    rounds: Any

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return float(np.median(self.rounds))

    def ratio_to(self, reference: Timing) -> float:
        """How many times the reference's time this takes: the median of the ratios round by round."""
        return float(np.median(self.rounds / reference.rounds))

    def quartiles_of_ratio_to(self, reference: Timing) -> tuple[float, float]:
        """Between these two lies the middle half of the rounds' ratios."""
        low, high = np.quantile(self.rounds / reference.rounds, [0.25, 0.75])
        return float(low), float(high)


def measure(candidates: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, Timing]:
    """Time each candidate in every round, forwards and backwards through the list in turn.

    The clock is the CPU time of this process: with one thread it is what a quiet machine would show,
    and other programs disturb it little.
    """
    calls = {name: _calls_in(effort.seconds, run) for name, run in candidates.items()}
    rounds: dict[str, list[float]] = {name: [] for name in candidates}
    order = list(candidates)
    gc.collect()
    gc.freeze()  # what lives now is not searched for garbage again, so the collections below are short
    for _ in range(effort.rounds):
        for name in order:
            rounds[name].append(_time(candidates[name], calls[name]))
        order.reverse()
    gc.unfreeze()
    return {name: Timing(np.array(times)) for name, times in rounds.items()}


def growth(sizes: list[int], seconds: list[float]) -> float:
    """The slope of log(time) against log(size): 1 is proportional, 2 is quadratic."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _calls_in(seconds: float, run: Callable[[], object]) -> int:
    """Warm up, and find how many calls fill the time of a round."""
    once = min(_time(run, 1) for _ in range(2 if seconds else 1))
    return max(1, int(seconds / max(once, 1e-9)))


def _time(run: Callable[[], object], calls: int) -> float:
    gc.collect()  # or one candidate pays for another's garbage
    run()  # and for finding its own arrays out of the cache
    start = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - start) / calls
