"""Labels that run over a map of 300 digits: the maps, who gets a label, and the labels after every step."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlcourse.transfer import features, few, load_task, neighbour_graph, two_dimensions

__all__ = [
    "ALPHA",
    "DIGITS",
    "NEIGHBOURS",
    "STEPS",
    "known_labels",
    "labels_after",
    "make_maps",
    "map_of",
    "right",
    "truth",
]

Labels = NDArray[np.int64]

DIGITS, CLASSES, SEED = 300, 10, 4
ALPHA, NEIGHBOURS = 0.95, 5
STEPS = (0, 1, 2, 3, 4, 6, 8, 12, 20, 40, 100)
"""The steps of F ← αSF + (1 - α)Y that are shown; after 100 no label changes any more."""
FILE = Path(__file__).parent / "label_maps.json"
SPACES = ("features", "pixels")


@cache
def positions() -> Labels:
    """Which images of the task are on the maps: thirty of each class."""
    return few(load_task("digits"), DIGITS, SEED)


@cache
def truth() -> Labels:
    """The true class of each of the 300 digits."""
    return load_task("digits").y[positions()]


def make_maps() -> dict[str, list[list[float]]]:
    """Both maps anew, by t-SNE: of the features of a network that was trained on letters, and of pixels.

    They are stored because t-SNE gives another picture on another machine.
    """
    from dlcourse.models import zoo

    images = load_task("digits").X[positions()]
    spaces = {"features": features(zoo.load("glyph_resnet"), images), "pixels": images.reshape(DIGITS, -1)}
    maps = {}
    for name, values in spaces.items():
        points = two_dimensions(values, SEED)
        middle, reach = (points.max(0) + points.min(0)) / 2, np.ptp(points, axis=0) / 2
        maps[name] = np.round((points - middle) / reach, 3).tolist()
    return maps


@cache
def map_of(space: str) -> NDArray[np.float64]:
    """The places (300, 2) of the digits, each coordinate from -1 to 1."""
    return np.array(json.loads(FILE.read_text("utf-8"))[space])


def known_labels(each: int, slips: int, draw: int) -> Labels:
    """The given labels (300,), -1 where there is none: ``each`` of every class, ``slips`` of them wrong."""
    rng = np.random.default_rng([draw, SEED])
    known = np.full(DIGITS, -1)
    for label in range(CLASSES):
        known[rng.permutation(np.flatnonzero(truth() == label))[:each]] = label
    spoilt = rng.permutation(np.flatnonzero(known >= 0))[:slips]
    known[spoilt] = (known[spoilt] + rng.integers(1, CLASSES, 3)[:slips]) % CLASSES
    return known


def labels_after(space: str, known: Labels) -> list[Labels]:
    """The label of every digit (300,) after each of :data:`STEPS`; -1 where none has arrived."""
    S = _graph(space)
    Y = (known[:, None] == np.arange(CLASSES)).astype(float)
    F, found = Y, []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            arrived = np.where(F.max(axis=1) > 0, F.argmax(axis=1), -1)
            found.append(np.where(known >= 0, known, arrived))
        F = ALPHA * S @ F + (1 - ALPHA) * Y
    return found


def right(labels: Labels, known: Labels) -> float:
    """The share of right labels among the digits that were given none, in percent."""
    others = known < 0
    return float(100 * (labels == truth())[others].mean())


@cache
def _graph(space: str) -> NDArray[np.float64]:
    return neighbour_graph(map_of(space), NEIGHBOURS)
