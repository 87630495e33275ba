"""What the explorer of a convolutional network in training says: scores, answers, confusions and images in words."""

from __future__ import annotations

import numpy as np

from dlcourse.widgets.convolution_run import LETTERS
from dlcourse.widgets.convolution_training_run import SAMPLES, Array, Moment, Run, held
from dlcourse.widgets.numbers import short

__all__ = ["answers_in_words", "most_confused", "of_the_kind", "score"]


def score(moment: Moment) -> float:
    """The share of new letters that are named correctly, in percent."""
    return float(100 * (moment.guesses == held()[1]).mean())


def most_confused(moment: Moment) -> tuple[int, int]:
    """The commonest mistake: the true class, and what it was called; the first one of equal counts."""
    y = held()[1]
    counts = np.zeros((len(LETTERS), len(LETTERS)), dtype=int)
    np.add.at(counts, (y, moment.guesses), y != moment.guesses)
    true, said = np.unravel_index(counts.argmax(), counts.shape)
    return int(true), int(said)


def answers_in_words(moment: Moment, letter: int) -> str:
    """What the network says to the sample letter: its three likeliest classes, from 1 % on."""
    P = moment.P[letter]
    best = [k for k in np.argsort(-P, kind="stable")[:3] if P[k] >= 0.01]
    return f"To this {list(SAMPLES)[letter]} it says {', '.join(f'{LETTERS[k]} {100 * P[k]:.0f} %' for k in best)}."


def of_the_kind(run: Run, shown: str, letter: int, step: int) -> str:
    """The images of both layers in a sentence; equal kernels and a network that is dead are named."""
    now = run.moments[step]
    first, second = now.shown(shown, letter)
    if shown == "activations":
        return f"Layer 1: {_maps(first)}. Layer 2: {_maps(second)}."
    if shown == "weights":
        start = run.moments[0]
        parts = [_moved(now.W1, start.W1), _moved(now.W2, start.W2)]
        said = f"Since the start the kernels of layer 1 have moved by {parts[0]} of their length, "
        said += f"of layer 2 by {parts[1]}."
        return said + (" All six of layer 1 are the same." if _all_equal(now.W1) else "")
    if not first.any() and not second.any():
        return "No gradient arrives at any kernel: layer 2 is silent, and only the last layer's biases still learn."
    lengths = [short(float(f"{np.linalg.norm(dW):.2g}")) for dW in (first, second)]
    same = " All six of layer 1 are the same." if _all_equal(first) else ""
    return f"Length of the batch's gradient: {lengths[0]} in layer 1, {lengths[1]} in layer 2.{same}"


def _maps(images: Array) -> str:
    silent = int((images.reshape(len(images), -1).max(axis=1) == 0).sum())
    largest = short(float(f"{images.max():.2g}"))
    if silent == len(images):
        return f"all {len(images)} maps are 0 everywhere"
    verb = "is" if silent < 2 else "are"
    return f"{silent or 'none'} of {len(images)} maps {verb} 0 everywhere, the largest number is {largest}"


def _moved(now: Array, start: Array) -> str:
    return f"{100 * np.linalg.norm(now - start) / np.linalg.norm(start):.0f} %"


def _all_equal(kernels: Array) -> bool:
    return bool(np.allclose(kernels, kernels[:1], rtol=1e-9, atol=1e-12))
