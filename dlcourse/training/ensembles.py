"""Several models voting: averages, the best k, and snapshots of one run.

Everywhere, *logits* are what the last layer gives and *probabilities* are their softmax, both
(N, C); the arrays of M models are a list or (M, N, C). Averaging probabilities lets a model that is
unsure say so; averaging logits multiplies probabilities (a geometric mean), so one confident model
weighs more. Averaging weights makes sense only for models close together, such as late snapshots.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Snapshots",
    "average_logits",
    "average_probabilities",
    "average_weights",
    "cyclic_cosine",
    "softmax",
    "top_k_average",
]

Array = NDArray[Any]


def softmax(logits: ArrayLike) -> Array:
    """exp(z) / Σ exp(z) over the last axis, safe for large z."""
    z = np.asarray(logits)
    powers = np.exp(z - z.max(-1, keepdims=True))
    probabilities: Array = powers / powers.sum(-1, keepdims=True)
    return probabilities


def average_probabilities(probabilities: ArrayLike) -> Array:
    """The mean of the models' probabilities, (M, N, C) to (N, C); its largest entry is the ensemble's answer.

    Raises ``ValueError`` when rows do not add up to 1: those are logits, apply :func:`softmax` first.
    """
    stacked = _stacked(probabilities, "average_probabilities")
    if (stacked < 0).any() or not np.allclose(stacked.sum(-1), 1, atol=1e-3):
        raise ValueError(
            "average_probabilities: rows do not add up to 1, so these are logits, not probabilities; "
            "apply softmax first, or use average_logits"
        )
    mean: Array = stacked.mean(0)
    return mean


def average_logits(logits: ArrayLike) -> Array:
    """Probabilities from the mean of the models' logits, (M, N, C) to (N, C).

    This is the geometric mean of their probabilities, scaled to add up to 1.
    """
    return softmax(_stacked(logits, "average_logits").mean(0))


def top_k_average(probabilities: ArrayLike, scores: ArrayLike, k: int = 10) -> Array:
    """The mean of the probabilities of the ``k`` models with the highest validation ``scores`` (M,).

    Take the scores from the validation set, never from the test set that judges the ensemble.
    Raises ``ValueError`` for k outside 1 to M, a NaN score, or scores that do not match.
    """
    stacked = _stacked(probabilities, "top_k_average")
    ranks = np.asarray(scores, dtype=np.float64)
    if ranks.shape != (len(stacked),) or np.isnan(ranks).any():
        raise ValueError(f"top_k_average: scores has shape {ranks.shape}, expected {len(stacked)} numbers, none NaN")
    if not 1 <= k <= len(stacked):
        raise ValueError(f"top_k_average: k is {k}, expected 1 to {len(stacked)}, the number of models")
    return average_probabilities(stacked[np.argsort(-ranks, kind="stable")[:k]])


def average_weights(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean of several ``state_dict``s of one network, entry by entry (Izmailov et al., 2018).

    Counters (whole numbers) are taken from the last state. A batch norm's running statistics do
    not fit averaged weights exactly: run some training batches through the model in training mode.
    Raises ``ValueError`` when there are no states or their keys or shapes differ.
    """
    if not states:
        raise ValueError("average_weights: got no states, expected at least one")
    for number, state in enumerate(states):
        differing = sorted(set(state) ^ set(states[0]))
        differing += [key for key in state if key in states[0] and state[key].shape != states[0][key].shape]
        if differing:
            raise ValueError(f"average_weights: state {number} differs from state 0 in {', '.join(differing)}")
    return {
        key: sum(state[key] for state in states) / len(states) if _is_float(last) else copy.deepcopy(last)
        for key, last in states[-1].items()
    }


def cyclic_cosine(step: int, steps: int, cycles: int, lr: float) -> float:
    """The learning rate at ``step`` (from 0) of ``steps``: ``cycles`` times from ``lr`` down to 0 along a cosine.

        lr/2 · (cos(π · (step mod L) / L) + 1)        L = ⌈steps / cycles⌉

    Each cycle ends in a minimum, where a snapshot is taken (Huang et al., 2017).
    """
    length = _cycle_length(steps, cycles)
    return lr / 2 * (math.cos(math.pi * (step % length) / length) + 1)


class Snapshots:
    """Keep a copy of the weights at the end of each cycle of one training run (Huang et al., 2017).

        snapshots = Snapshots(model, steps=1000, cycles=5)
        for step in range(1000):
            set_rate(optimizer, cyclic_cosine(step, 1000, 5, lr=0.2)); train_step(); snapshots.after_step(step)
        probabilities = average_probabilities(snapshots.each(lambda: softmax(predict(model, X)))[-3:])

    The model may be of either backend. Raises ``ValueError`` for more cycles than steps.
    """

    def __init__(self, model: Any, steps: int, cycles: int) -> None:
        self.model, self.steps = model, steps
        self.length = _cycle_length(steps, cycles)
        self.states: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self.states)

    def after_step(self, step: int) -> None:
        """Call after every optimizer step, numbered from 0; at the end of a cycle the weights are copied."""
        if (step + 1) % self.length == 0 or step + 1 == self.steps:
            self.states.append(copy.deepcopy(dict(self.model.state_dict())))

    def each(self, predict: Callable[[], Any]) -> list[Any]:
        """What ``predict()`` returns with each snapshot's weights in the model, which then gets its own back."""
        own = copy.deepcopy(dict(self.model.state_dict()))
        results = []
        try:
            for state in self.states:
                self.model.load_state_dict(state)
                results.append(predict())
        finally:
            self.model.load_state_dict(own)
        return results


def _cycle_length(steps: int, cycles: int) -> int:
    if not 1 <= cycles <= steps:
        raise ValueError(f"cycles is {cycles}, expected 1 to {steps}, the number of steps")
    return -(-steps // cycles)


def _stacked(arrays: ArrayLike, who: str) -> Array:
    stacked: Array = np.asarray(arrays)
    if stacked.ndim != 3 or len(stacked) == 0:
        raise ValueError(
            f"{who}: got an array of shape {stacked.shape}, expected (models, N, C) with at least one model"
        )
    return stacked


def _is_float(values: Any) -> bool:
    if hasattr(values, "is_floating_point"):
        return bool(values.is_floating_point())
    return bool(np.asarray(values).dtype.kind == "f")
