"""The runs behind the augmentation composer: digits somewhere on a page, and a pipeline in the right or wrong order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.data.augment import ColorJitter, Compose, GaussianNoise, HorizontalFlip, RandomCrop, Rotate, Transform
from dlcourse.models import mlp

__all__ = [
    "BATCH_SIZE",
    "LABELS",
    "RATE",
    "SEEDS",
    "SIZE",
    "STRENGTHS",
    "UPDATES",
    "Setting",
    "Statistics",
    "accuracies",
    "in_order",
    "pages",
    "statistics",
    "transforms",
]

SIZE = 12  # pixels of a page's side
LABELS = 100
UPDATES = 200
BATCH_SIZE = 50
RATE = 0.01
SEEDS = 3

STRENGTHS: dict[str, dict[str, Any]] = {
    "mild": {"turn": 10, "move": 1, "jitter": 0.2, "noise": 0.1},
    "medium": {"turn": 20, "move": 2, "jitter": 0.4, "noise": 0.3},
    "strong": {"turn": 180, "move": 6, "jitter": 0.8, "noise": 0.8},
}
"""What each transformation is given: degrees, pixels, share, standard deviation."""

Images = NDArray[np.float32]
Step = Callable[[Images], Images]


@dataclass(frozen=True)
class Setting:
    """Which transformations are in the pipeline, how strong they are, and whether pixels are standardised too early."""

    turn: bool = False
    mirror: bool = False
    move: bool = False
    jitter: bool = False
    noise: bool = False
    strength: str = "medium"
    too_early: bool = False


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of the training pages."""

    mean: float
    std: float

    def standardise(self, X: Images) -> Images:
        """Mean 0 and variance 1 on the training pages."""
        return ((X - self.mean) / self.std).astype(np.float32)

    def as_pixels(self, Z: Images) -> Images:
        """What standardised values look like."""
        return (Z * self.std + self.mean).astype(np.float32)


@cache
def pages() -> tuple[data.Dataset, data.Dataset]:
    """Training and validation digits, each at a random place on a page of 12 × 12, drawn once."""
    train, val, _ = data.stratified_split(data.load_digits(), (0.5, 0.3, 0.2), seed=0)
    place = RandomCrop(SIZE, padding=(SIZE - 8))
    return replace(train, X=place(train.X, seed=1)), replace(val, X=place(val.X, seed=2))


@cache
def statistics() -> Statistics:
    """Of all training pages."""
    X = pages()[0].X
    return Statistics(float(X.mean()), float(X.std()))


def transforms(setting: Setting) -> list[Transform]:
    """The pipeline: geometry, then grey values, then noise."""
    strength = STRENGTHS[setting.strength]
    steps: list[tuple[bool, Transform]] = [
        (setting.turn, Rotate(strength["turn"])),
        (setting.mirror, HorizontalFlip()),
        (setting.move, RandomCrop(SIZE, padding=strength["move"])),
        (setting.jitter, ColorJitter(strength["jitter"], strength["jitter"])),
        (setting.noise, GaussianNoise(strength["noise"])),
    ]
    return [transform for wanted, transform in steps if wanted]


def in_order(setting: Setting, augment: Step) -> Step:
    """From pixels to what the network sees: augmented, then standardised; or the wrong way round."""
    pixels = statistics()
    if setting.too_early:
        return lambda X: augment(pixels.standardise(X))
    return lambda X: pixels.standardise(augment(X))


@lru_cache(maxsize=256)
def accuracies(setting: Setting) -> tuple[float, ...]:
    """For each seed the share of new pages read, in %, after training on 100 augmented pages."""
    before = dl.get_rng_state()
    try:
        return tuple(_accuracy(setting, seed) for seed in range(SEEDS))
    finally:
        dl.set_rng_state(before)  # the reader's own random numbers stay as they were


def _accuracy(setting: Setting, seed: int) -> float:
    train, val = pages()
    few, _ = data.stratified_split(train, (LABELS, len(train) - LABELS), seed=seed)
    look = in_order(setting, Compose(transforms(setting), seed))
    dl.manual_seed(seed)
    model = mlp(dl, [SIZE * SIZE, 100, 10])
    optimizer = dl.optim.Adam(model.parameters(), lr=RATE)
    rng = np.random.default_rng(seed)
    for _ in range(UPDATES):
        batch = rng.choice(LABELS, BATCH_SIZE)
        cost = dl.functional.cross_entropy(model(dl.tensor(look(few.X[batch]))), dl.tensor(few.y[batch]))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    with dl.no_grad():
        answers = dl.to_numpy(model(dl.tensor(statistics().standardise(val.X)))).argmax(axis=1)
    return float(100 * (answers == val.y).mean())
