"""A small convolutional network while it learns letters: maps, kernels, gradients and answers at chosen steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.widgets.convolution_run import KERNELS, LETTERS, SIDE

__all__ = [
    "BATCH",
    "HELD",
    "MOMENTS",
    "MOMENTUM",
    "SAMPLES",
    "SECOND",
    "STEPS",
    "TRAIN",
    "Moment",
    "Run",
    "build",
    "held",
    "letters",
    "sample_rows",
    "train",
]

Array = NDArray[Any]

TRAIN, HELD = 800, 200
"""Letters that train, and new letters on which the network is judged."""
SECOND = 8  # kernels of the second layer
BATCH, STEPS, MOMENTUM = 40, 160, 0.9
SAMPLES = {"R": 2, "A": 9, "B": 3, "K": 2}
"""The letters that are shown: which one of the new letters of its class, counted from 0."""
MOMENTS = (0, 1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 130, STEPS)
"""The steps that the player shows."""


@dataclass(frozen=True, eq=False)
class Moment:
    """The network before one step, seen from all sides.

    ``W1`` (6, 1, 3, 3) and ``W2`` (8, 6, 3, 3) are its kernels, ``grad1`` and ``grad2`` the gradients of that step's
    batch; ``a1`` (S, 6, 16, 16) and ``a2`` (S, 8, 8, 8) the maps after ReLU of the S sample letters and ``P`` (S, 10)
    its answers to them; ``guesses`` (HELD,) the classes it gives to new letters, ``held_cost`` its cost on them.
    """

    W1: Array
    W2: Array
    grad1: Array
    grad2: Array
    a1: Array
    a2: Array
    P: Array
    guesses: Array
    held_cost: float

    def shown(self, name: str, place: int) -> tuple[Array, Array]:
        """Both layers' images: "activations" of sample number ``place``, "weights" or "gradients"."""
        if name == "activations":
            return self.a1[place], self.a2[place]
        return (self.W1, self.W2) if name == "weights" else (self.grad1, self.grad2)


@dataclass(frozen=True, eq=False)
class Run:
    """One training: the cost of each step's batch before the step (STEPS + 1,), and a moment for each of MOMENTS."""

    costs: Array
    moments: tuple[Moment, ...]

    def limits(self, name: str) -> tuple[float, float]:
        """For both layers the size from which on a number is drawn in full colour: half of the largest in the run."""
        kinds = {"activations": ("a1", "a2"), "weights": ("W1", "W2"), "gradients": ("grad1", "grad2")}[name]
        first, second = (max(float(np.abs(getattr(m, kind)).max()) for m in self.moments) / 2 for kind in kinds)
        return first, second


@cache
def letters() -> tuple[Array, Array]:
    """Images (TRAIN + HELD, 1, 16, 16) in whole hundredths, 0 is paper and 1 is ink, and their classes."""
    glyphs = data.make_glyphs(TRAIN + HELD, LETTERS, seed=0)
    half = glyphs.X.reshape(-1, 1, SIDE, 2, SIDE, 2).mean(axis=(3, 5), dtype=np.float64)
    return np.round(half, 2), glyphs.y


def held() -> tuple[Array, Array]:
    """The new letters: images (HELD, 1, 16, 16) and classes (HELD,)."""
    X, y = letters()
    return X[TRAIN:], y[TRAIN:]


@cache
def sample_rows() -> list[int]:
    """Where ``SAMPLES`` stand among the new letters."""
    y = held()[1]
    return [int(np.flatnonzero(y == LETTERS.index(letter))[number]) for letter, number in SAMPLES.items()]


def build(seed: int, equal: bool = False) -> Any:
    """The network of the convolution explorer with random weights, in float64.

    ``equal`` is the bug: all kernels of a layer start with the same numbers.
    """
    nn = dl.nn
    real: dict[str, Any] = {"dtype": np.float64}
    dl.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, KERNELS, 3, padding=1, **real), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(KERNELS, SECOND, 3, padding=1, **real), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(SECOND * (SIDE // 4) ** 2, len(LETTERS), **real),
    )  # fmt: skip
    for layer in (model[0], model[3]) if equal else ():
        layer.weight.data[...] = layer.weight.data[:1, :1]
        layer.bias.data[...] = layer.bias.data[0]
    return model


def train(rate: float, seed: int = 0, equal: bool = False) -> Run:
    """SGD with momentum on batches of :data:`BATCH` letters; a run is made once and kept.

    In float64, so that another processor ends with the same numbers. The reader's random numbers are left alone.
    """
    return _kept(rate, seed, equal)


@lru_cache(maxsize=16)
def _kept(rate: float, seed: int, equal: bool) -> Run:
    state = dl.get_rng_state()
    try:
        return _train(rate, seed, equal)
    finally:
        dl.set_rng_state(state)


def _train(rate: float, seed: int, equal: bool) -> Run:
    X, y = letters()
    model = build(seed, equal)
    optimizer = dl.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM)
    rng = np.random.default_rng(seed)
    epochs = STEPS * BATCH // TRAIN + 1
    batches = np.concatenate([rng.permutation(TRAIN) for _ in range(epochs)]).reshape(-1, BATCH)
    costs, moments = np.empty(STEPS + 1), []
    for step in range(STEPS + 1):
        rows = batches[step]
        optimizer.zero_grad()
        cost = dl.functional.cross_entropy(model(dl.tensor(X[rows])), dl.tensor(y[rows]))
        cost.backward()
        costs[step] = cost.item()
        if step in MOMENTS:
            moments.append(_look(model))
        optimizer.step()
    return Run(costs, tuple(moments))


def _look(model: Any) -> Moment:
    """Everything that is shown of the network as it stands; its gradients are those of the batch before."""
    X, y = held()
    first, second = model[0].weight, model[3].weight
    with dl.no_grad():
        a1 = model[:2](dl.tensor(X[sample_rows()]))
        a2 = model[2:5](a1)
        logits = model(dl.tensor(X))
        P = dl.functional.softmax(logits, dim=1)
        cost = dl.functional.cross_entropy(logits, dl.tensor(y)).item()
    return Moment(
        W1=first.data.copy(),
        W2=second.data.copy(),
        grad1=first.grad.copy(),
        grad2=second.grad.copy(),
        a1=a1.data,
        a2=a2.data,
        P=P.data[sample_rows()],
        guesses=logits.data.argmax(axis=1),
        held_cost=float(cost),
    )
