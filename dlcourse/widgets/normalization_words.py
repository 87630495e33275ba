"""The sentences of the normalisation explorer, made from its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.widgets.normalization_run import (
    CHANNELS,
    EPS,
    FEATURES,
    GROUPS,
    LENGTH,
    block,
    collect,
    features,
    noise,
    normalised,
    sets,
)

__all__ = ["axes_words", "listed", "set_name", "values_words"]

Array = NDArray[Any]


def values_words(y: Array, size: int, mode: str, gamma: str, momentum: float, biased: bool, step: int) -> str:
    """What comes out, how noisy the batch's statistics are, what is remembered, and what γ, β or the bug do."""
    lines = [_outcome(y, size, mode, gamma, step), _noise(size), _running(size, momentum, biased, step)]
    if gamma == "undo":
        away = np.sqrt((((y - features()) / features().std(axis=0)) ** 2).mean())
        lines.append(
            f"γ = √(v + ε), β = m of all images: y is {away:.2f} standard deviations from x (root mean square)."
        )
    if biased:
        lines.append(_bug(size))
    return "\n".join(lines)


def _outcome(y: Array, size: int, mode: str, gamma: str, step: int) -> str:
    if mode == "train" and size == 1:
        zeros = "all zeros" if gamma == "start" else "β for every image"
        return f"Train mode, a batch of one: its mean is x, so x̂ = 0 and y is {zeros}; torch and dlcourse refuse it"
    when = f"Train mode, batches of {size}" if mode == "train" else f"Eval mode after {_batches(step)} of {size}"
    return f"{when}: y has mean {listed(y.mean(axis=0))} and standard deviation {listed(y.std(axis=0))}"


def _noise(size: int) -> str:
    mean, var = noise(size)
    start = f"Noise, root mean square: a batch of {size} misses the mean by {mean:.2f} standard deviations"
    if size == 1:
        return f"{start} (1/√N = 1); one image has no spread."
    return f"{start} (1/√N = {size**-0.5:.2f}), the variance by {100 * var:.0f} %."


def _running(size: int, momentum: float, biased: bool, step: int) -> str:
    if size == 1 and not biased:
        refused = f"{step} of {step} batches refused" if step else "no batch yet"
        return f"Running statistics ({refused}): they stay at mean 0, variance 1, because N − 1 = 0."
    kept, X, last = collect(size, momentum, biased), features()[:, -1], FEATURES
    left = 100 * (1 - momentum) ** step
    share = f"{left:.3g}" if left >= 0.01 else "less than 0.01"
    return (
        f"Remembered after {_batches(step)}: {share} % of the start (0 and 1) is left. Feature {last}: "
        f"mean {_number(kept.mean[step, -1])} (all images {_number(X.mean())}), "
        f"variance {_number(kept.var[step, -1])} ({_number(X.var())})."
    )


def _bug(size: int) -> str:
    if size == 1:
        return "Bug: the biased variance of one image is 0. What is remembered shrinks to 0, and eval divides by it."
    return (
        f"Bug: the biased variance is remembered, on average (N − 1)/N = {100 * (size - 1) / size:.3g} % of the true "
        f"one. Eval with that share of the variance stretches y by {np.sqrt(size / (size - 1)):.3f}."
    )


def axes_words(norm: str, size: int, mode: str, place: int) -> str:
    """Which numbers share a mean, an example, what the modes do, and how many γ and β there are."""
    members, total = sets(norm, size)[place], _total(norm, size)
    head = f"{norm.capitalize()} norm, mean {place + 1} of {total}: {set_name(norm, size, place)}"
    pairs = {
        "batch": f"γ and β: {CHANNELS} pairs, one per channel.",
        "layer": f"γ and β: {CHANNELS * LENGTH} pairs, one per channel and place, the same for all images.",
        "instance": f"γ and β: none by default; with affine=True {CHANNELS} pairs, one per channel.",
        "group": f"γ and β: {CHANNELS} pairs, one per channel, not one per group.",
    }[norm]
    if norm == "batch" and mode == "eval":
        return "\n".join(
            [
                f"Batch norm in eval mode: {set_name(norm, size, place)}, by two constants",
                "No mean is taken over the batch: the channel's running mean and variance serve, each image by itself.",
                pairs,
            ]
        )
    values = block(size)[members]
    first, result = values[0], normalised(norm, size)[members][0]
    return "\n".join(
        [
            f"{head}, {members.sum()} numbers with mean {values.mean():.2f} and variance {values.var():.2f}",
            f"The first of them: ({first:.0f} − {values.mean():.2f})/√({values.var():.2f} + ε) = {_number(result)}, "
            f"with ε = {EPS:g}.",
            _modes(norm, size),
            pairs,
        ]
    )


def _modes(norm: str, size: int) -> str:
    if norm != "batch":
        return "No other image takes part: train and eval are the same, and the batch size does not matter."
    if size == 1:
        return f"One image is enough here, because a channel has {LENGTH} places; with one place it would be an error."
    return f"All {size} images take part: an image's answer depends on its neighbours. Eval mode uses constants."


def set_name(norm: str, size: int, place: int) -> str:
    """The cells that share a mean, as in "channels 4 to 6 of image 2"."""
    together = CHANNELS // GROUPS
    image, part = divmod(place, {"batch": CHANNELS, "layer": 1, "instance": CHANNELS, "group": GROUPS}[norm])
    return {
        "batch": f"channel {place + 1} of {'all ' + str(size) + ' images' if size > 1 else 'the only image'}",
        "layer": f"all channels of image {image + 1}",
        "instance": f"channel {part + 1} of image {image + 1}",
        "group": f"channels {part * together + 1} to {(part + 1) * together} of image {image + 1}",
    }[norm]


def _total(norm: str, size: int) -> int:
    return {"batch": CHANNELS, "layer": size, "instance": CHANNELS * size, "group": GROUPS * size}[norm]


def _batches(step: int) -> str:
    return "1 batch" if step == 1 else f"{step} batches"


def listed(values: Array) -> str:
    """Numbers with two decimals, as in "0.10, −0.20 and 0.30"."""
    texts = [_number(value) for value in values]
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def _number(value: float) -> str:
    return f"{value + 0.0 if abs(value) >= 0.005 else 0.0:.2f}".replace("-", "−")
