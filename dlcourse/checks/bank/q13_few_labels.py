"""Exercise 13: few labels, many images."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import transfer
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]

# ---- propagation


def _graph(rng: np.random.Generator) -> Arrays:
    n = 9
    weights = rng.uniform(0.2, 1.0, size=(n, n)) * (rng.random((n, n)) < 0.5)
    chain = np.diag(rng.uniform(0.2, 1.0, size=n - 1), 1)  # so that no point is without a neighbour
    W = np.triu(weights, 2) + chain
    labels = np.full(n, -1)
    labels[[0, 3, 7]] = rng.permutation(3)
    labels[5] = rng.integers(0, 3)
    return {"W": W + W.T, "labels": labels, "alpha": rng.uniform(0.7, 0.9), "steps": rng.integers(4, 8)}


def _one_hot(labels: Any) -> Any:
    Y = np.zeros((len(labels), 3))
    known = labels >= 0
    Y[known, labels[known]] = 1
    return Y


def _symmetric(W: Any) -> Any:
    root = np.sqrt(W.sum(axis=1))
    return W / root[:, None] / root[None, :]


def _run(S: Any, start: Any, source: Any, alpha: float, steps: int) -> Arrays:
    """F after 0, 1 and all steps of F ← αSF + source."""
    found, F = {}, start
    for step in range(steps + 1):
        if step in (0, 1, steps):
            found[f"F after {step} steps"] = F.copy()
        F = alpha * S @ F + source
    return found


def _propagate(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(_symmetric(W), Y, (1 - alpha) * Y, float(alpha), int(steps))


propagate = Question(
    "13.propagate",
    points=4,
    minutes=12,
    title="Labels run along a graph",
    called_as="F = propagate(W, labels, classes, alpha, steps)",
    tested="nine points, four of them with a label: after no step, after one, and after a few",
    inputs=_graph,
    drive=transfer.propagate,
    answer=lambda W, labels, alpha, steps: {
        **_propagate(W, labels, alpha, steps),
        "graph and labels are unchanged": True,
    },
    scales=lambda alpha: {"alpha": float(alpha), "1 - alpha": 1 - float(alpha)},
    off_limits=("dlcourse.transfer", "sklearn"),
)
propagate.hint("d = W.sum(axis=1); S = W / sqrt(d_i d_j). With np.sqrt(d) as a column and as a row that is one line.")
propagate.hint("Y has rows of zeros for unknown labels. Careful: Y[i, -1] is the last class, not 'unknown'.")


@propagate.wrong("an unknown label counts as the last class", ask="Which column does the index -1 mean in NumPy?")
def minus_one(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = np.eye(3)[labels]
    return _run(_symmetric(W), Y, (1 - alpha) * Y, float(alpha), int(steps))


@propagate.wrong("W is not normalised", ask="Does F stay below 1? What do points with many neighbours do?")
def not_normalised(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(W, Y, (1 - alpha) * Y, float(alpha), int(steps))


@propagate.wrong("S divides by d_i d_j without the root", ask="Which power has D on each side?")
def no_root(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    d, Y = W.sum(axis=1), _one_hot(labels)
    return _run(W / d[:, None] / d[None, :], Y, (1 - alpha) * Y, float(alpha), int(steps))


@propagate.wrong("the known labels are not fed in again: F fades away", ask="What stands beside αSF in the formula?")
def no_source(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(_symmetric(W), Y, 0 * Y, float(alpha), int(steps))


@propagate.wrong("alpha and 1 - alpha are exchanged", ask="With alpha near 1, who counts: the neighbours or Y?")
def exchanged(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(_symmetric(W), Y, alpha * Y, 1 - float(alpha), int(steps))


@propagate.wrong("Y is added in full, without 1 - alpha", ask="Do the two weights add up to 1?")
def full_source(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(_symmetric(W), Y, Y, float(alpha), int(steps))


@propagate.wrong("F starts at zero, not at Y", ask="What is F before the first step?")
def from_zero(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(_symmetric(W), 0 * Y, (1 - alpha) * Y, float(alpha), int(steps))


@propagate.wrong("the graph or the labels that you were given are changed", ask="Who else holds W?")
def in_place() -> Arrays:
    return {"graph and labels are unchanged": False}


@propagate.convention(
    "each row of S sums to 1, as in a random walk; the question takes the root of both degrees",
    ask="Is your S symmetric?",
)
def random_walk(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y = _one_hot(labels)
    return _run(W / W.sum(axis=1, keepdims=True), Y, (1 - alpha) * Y, float(alpha), int(steps))


@propagate.convention(
    "the rows of known labels are set back to Y after every step: another method, label propagation with clamping",
    ask="May a known label change in the formula?",
)
def clamped(W: Any, labels: Any, alpha: Any, steps: Any) -> Arrays:
    Y, S, F, found = _one_hot(labels), _symmetric(W), _one_hot(labels), {}
    for step in range(int(steps) + 1):
        if step in (0, 1, int(steps)):
            found[f"F after {step} steps"] = F.copy()
        F = float(alpha) * S @ F + (1 - alpha) * Y
        F[labels >= 0] = Y[labels >= 0]
    return found


# ---- pseudo-labels


def _shares(rng: np.random.Generator) -> Arrays:
    shares = rng.dirichlet([0.4, 0.4, 0.4, 0.4], size=12)
    shares[[2, 5]] = [[0.125, 0.75, 0.0625, 0.0625], [0.0, 0.25, 0.0, 0.75]]  # exactly at the threshold
    shares[8] = [0.3, 0.3, 0.2, 0.2]
    shares[9] = [0.97, 0.01, 0.01, 0.01]
    known = np.full(12, -1)
    known[[8, 9]] = [rng.integers(0, 4), rng.integers(1, 4)]  # unsure and yet known; sure, but of another class
    known[rng.integers(0, 2)] = rng.integers(0, 4)
    return {"shares": shares, "known": known, "threshold": np.array(0.75)}


def _chosen(labels: Any, keep: Any) -> Arrays:
    return {"positions": np.flatnonzero(keep), "labels": labels[keep]}


def _pseudo(shares: Any, known: Any, threshold: Any) -> Arrays:
    labels = np.where(known >= 0, known, shares.argmax(axis=1))
    return _chosen(labels, (known >= 0) | (shares.max(axis=1) >= threshold))


pseudo_labels = Question(
    "13.pseudo_labels",
    points=3,
    minutes=10,
    title="Which pseudo-labels to train on",
    called_as="positions, labels = pseudo_labels(shares, known, threshold)",
    tested="12 images in four classes, three of them known, two exactly at the threshold",
    inputs=_shares,
    drive=transfer.pseudo_labels,
    answer=lambda shares, known, threshold: {
        **_pseudo(shares, known, threshold),
        "shares and known labels are unchanged": True,
    },
    off_limits=("dlcourse.transfer",),
)
pseudo_labels.hint("Two masks: known >= 0, and the largest share of each row at or above the threshold.")
pseudo_labels.hint("np.where(known >= 0, known, shares.argmax(axis=1)) gives the label of every image.")


@pseudo_labels.wrong("a known label is replaced by the likeliest class", ask="Who knows better: the person or the map?")
def overwritten(shares: Any, known: Any, threshold: Any) -> Arrays:
    return _chosen(shares.argmax(axis=1), (known >= 0) | (shares.max(axis=1) >= threshold))


@pseudo_labels.wrong(
    "a known label is dropped where its share is below the threshold", ask="Does a given label need to be sure?"
)
def known_dropped(shares: Any, known: Any, threshold: Any) -> Arrays:
    return _chosen(np.where(known >= 0, known, shares.argmax(axis=1)), shares.max(axis=1) >= threshold)


@pseudo_labels.wrong("images exactly at the threshold are left out", ask="Is it > or ≥?")
def strictly_above(shares: Any, known: Any, threshold: Any) -> Arrays:
    labels = np.where(known >= 0, known, shares.argmax(axis=1))
    return _chosen(labels, (known >= 0) | (shares.max(axis=1) > threshold))


@pseudo_labels.wrong("the known images are left out", ask="Are the given labels not the best that you have?")
def only_unknown(shares: Any, known: Any, threshold: Any) -> Arrays:
    return _chosen(shares.argmax(axis=1), (known < 0) & (shares.max(axis=1) >= threshold))


@pseudo_labels.wrong("every image is kept, however unsure", ask="What is the threshold for?")
def no_threshold(shares: Any, known: Any) -> Arrays:
    return _chosen(np.where(known >= 0, known, shares.argmax(axis=1)), np.ones(len(known), bool))


@pseudo_labels.wrong(
    "the unsure images are kept and the sure ones dropped", ask="Which way does your comparison point?"
)
def unsure_kept(shares: Any, known: Any, threshold: Any) -> Arrays:
    labels = np.where(known >= 0, known, shares.argmax(axis=1))
    return _chosen(labels, (known >= 0) | (shares.max(axis=1) < threshold))


@pseudo_labels.wrong("the shares or the known labels that you were given are changed", ask="Who else holds `known`?")
def in_place_too() -> Arrays:
    return {"shares and known labels are unchanged": False}


QUESTIONS = (propagate, pseudo_labels)
