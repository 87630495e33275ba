"""Labels for nearly all images from very few, in rounds: project, propagate, train, project again.

After Benato, Telea & Falcão (2023), with their tools replaced by ones that you know from this course: t-SNE makes the
map of the features, :func:`~dlcourse.transfer.propagate_labels` carries the labels over it, and a network of the
zoo is fine-tuned on the images whose new label is sure enough. Its features give the next map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.standardize import Standardizer
from dlcourse.transfer.parts import features
from dlcourse.transfer.plans import PLANS, start, train
from dlcourse.transfer.propagation import propagate_labels

__all__ = ["Round", "pseudo_label_rounds", "two_dimensions"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Round:
    """One round: the map (N, 2), the shares (N, C) of the classes on it, the labels taken from them, and who was sure.

    ``model`` was trained on the images where ``sure`` holds.
    """

    points: Array
    shares: Array
    labels: NDArray[np.int64]
    sure: NDArray[np.bool_]
    model: Any


def two_dimensions(F: Array, seed: int = 0) -> Array:
    """A map of the features ``F`` (N, D) in the plane, (N, 2), by t-SNE (van der Maaten & Hinton, 2008).

    Neighbours stay neighbours; distances between groups mean little. It starts from the principal components.
    """
    from sklearn.manifold import TSNE

    scaled = Standardizer().fit_transform(F.reshape(len(F), -1))
    perplexity = min(30, (len(F) - 1) // 3)
    points: Array = TSNE(2, init="pca", perplexity=perplexity, random_state=seed).fit_transform(scaled)
    return points


def pseudo_label_rounds(
    X: Array,
    known: NDArray[np.int64],
    classes: int,
    rounds: int = 3,
    threshold: float = 0.8,
    seed: int = 0,
    steps: int = 200,
) -> Iterator[Round]:
    """Yield ``rounds`` rounds on images (N, 1, 32, 32); ``known`` (N,) holds their labels, -1 where there is none.

    A known label is never changed, and counts as sure. Each round trains anew from the weights of the zoo, so that
    an error of one round is not cemented in the weights of the next; it can still come back through the map.
    """
    plan = replace(PLANS["fine-tune all"], steps=steps)
    model = start(plan, classes, seed)
    for _ in range(rounds):
        points = two_dimensions(features(model, X), seed)
        shares = propagate_labels(points, known, classes)
        labels = np.where(known >= 0, known, shares.argmax(axis=1))
        sure = (known >= 0) | (shares.max(axis=1) >= threshold)
        model = train(plan, X[sure], labels[sure], classes, seed)
        yield Round(points, shares, labels, sure, model)
