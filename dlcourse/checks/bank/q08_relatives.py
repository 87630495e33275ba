"""Exercise 08: layer norm with its gradients, and group norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q08_batchnorm import LIBRARY
from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import norms
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


def _layer_inputs(rng: np.random.Generator) -> Arrays:
    """Sentences (N, T, D): another size and place for each word, so that a mean over others is seen."""
    N, T, D = 2, 3, 5
    size, place = rng.uniform(0.3, 2.0, (N, T, 1)), rng.normal(0, 2, (N, T, 1))
    return {
        "x": place + size * rng.normal(size=(N, T, D)),
        "dy": rng.normal(size=(N, T, D)),
        "gamma": rng.choice([-1.0, 1.0], D) * rng.uniform(0.5, 2.0, D),
        "beta": rng.normal(size=D),
        "eps": np.array(1e-3),
        "other_x": rng.normal(size=(N, T, D)),
    }


def _layer(
    x: Any,
    dy: Any,
    gamma: Any,
    beta: Any,
    eps: Any,
    axes: Any = -1,
    ddof: int = 0,
    sums: Any = (0, 1),
    kept: Any = None,
) -> Arrays:
    """Layer norm and its gradients. ``axes`` are averaged over; ``kept`` is the x that backward uses."""

    def x_hat_and_std(values: Any) -> Any:
        std = np.sqrt(values.var(axes, keepdims=True, ddof=ddof) + eps)
        return (values - values.mean(axes, keepdims=True)) / std, std

    y = gamma * x_hat_and_std(x)[0] + beta
    x_hat, std = x_hat_and_std(x if kept is None else kept)
    g = gamma * dy
    dx = (g - g.mean(axes, keepdims=True) - x_hat * (g * x_hat).mean(axes, keepdims=True)) / std
    return {"y": y, **NOTHING_CHANGED, "dbeta": dy.sum(sums), "dgamma": (dy * x_hat).sum(sums), "dx": dx}


def _some(outputs: Arrays, *names: str) -> Arrays:
    return {name: outputs[name] for name in names}


layer_norm = Question(
    "08.layer_norm",
    points=4,
    minutes=20,
    title="Layer norm, forward and backward",
    called_as="norm = LayerNorm(gamma, beta, eps); y = norm.forward(x); dx, dgamma, dbeta = norm.backward(dy)",
    tested=(
        "two sentences of three words with five features, each word of another size, while a second layer is in use; "
        "no array may change"
    ),
    inputs=_layer_inputs,
    drive=norms.layer_norm,
    answer=lambda x, dy, gamma, beta, eps: _layer(x, dy, gamma, beta, eps),
    scales=lambda x: {"N": x.shape[0], "T": x.shape[1], "D": x.shape[2]},
    axes={
        "y": ("sentence", "word", "feature"),
        "dx": ("sentence", "word", "feature"),
        "dgamma": ("feature",),
        "dbeta": ("feature",),
    },
    off_limits=LIBRARY,
)
layer_norm.hint("Each word is normalised by itself: mean and variance over the last axis, with keepdims=True.")
layer_norm.hint("dx is batch norm's formula with means over the last axis instead of over the examples.")
layer_norm.hint("gamma serves every word of every sentence, so its gradient is summed over all axes but the last.")


@layer_norm.wrong("statistics over the batch, as in batch norm", ask="May one sentence change another one's output?")
def over_batch(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=0), "y", "dgamma", "dx")


@layer_norm.wrong(
    "one mean and variance for a whole sentence: words and features are averaged together",
    ask="gamma has D entries: over which axis does layer norm run here?",
)
def over_sentence(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=(1, 2)), "y", "dgamma", "dx")


@layer_norm.wrong("statistics over the words of a sentence", ask="Which axis holds the features of one word?")
def over_words(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=1), "y", "dgamma", "dx")


@layer_norm.wrong("one mean and variance for everything", ask="How many means do six words have?")
def over_everything(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=(0, 1, 2)), "y", "dgamma", "dx")


@layer_norm.wrong("the variance is divided by D - 1", ask="Which variance makes the spread of a word exactly 1?")
def unbiased(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, ddof=1), "y", "dgamma", "dx")


@layer_norm.wrong("eps is left out", ask="What does a word do whose features are all equal?")
def no_eps(x: Any, dy: Any, gamma: Any, beta: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, 0.0), "y", "dgamma", "dx")


@layer_norm.wrong(
    "only the direct path is in dx: mean and variance are taken for constants",
    ask="Which outputs change when one feature of a word grows?",
)
def direct_path_only(x: Any, dy: Any, gamma: Any, eps: Any) -> Arrays:
    return {"dx": gamma * dy / np.sqrt(x.var(-1, keepdims=True) + eps)}


@layer_norm.wrong("gamma is left out of dx", ask="y = gamma · x̂ + beta. What reaches x̂ when dy comes in?")
def no_gamma(x: Any, dy: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, 1.0, beta, eps), "dx")


@layer_norm.wrong("the means in dx run over the batch, as in batch norm", ask="Whom did forward average?")
def backward_over_batch(x: Any, dy: Any, gamma: Any, eps: Any) -> Arrays:
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    x_hat, g = (x - x.mean(-1, keepdims=True)) / std, gamma * dy
    return {"dx": (g - g.mean(0) - x_hat * (g * x_hat).mean(0)) / std}


@layer_norm.wrong("dgamma and dbeta are summed over the sentences only", ask="Which shape has gamma?")
def summed_over_sentences(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, sums=0), "dbeta", "dgamma")


@layer_norm.wrong("dgamma and dbeta are summed over the features", ask="Who shares one entry of gamma?")
def summed_over_features(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, sums=-1), "dbeta", "dgamma")


@layer_norm.wrong("backward uses the input of another layer: all share one cache", ask="Whose is self.x?")
def shared_cache(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any, other_x: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, kept=other_x), "dgamma", "dx")


# ---- group norm


_UNCHANGED = "the arrays given are left as they were"
_ALONE = "y of one image alone"


def _images(rng: np.random.Generator) -> Arrays:
    """Images (3, 12, 2, 3), each channel of another size and place, in 3 or 4 groups."""
    N, C, H, W = 3, 12, 2, 3
    size, place = rng.uniform(0.3, 2.0, (N, C, 1, 1)), rng.normal(0, 2, (N, C, 1, 1))
    return {
        "x": place + size * rng.normal(size=(N, C, H, W)),
        "groups": rng.choice([2, 4]),
        "gamma": rng.choice([-1.0, 1.0], C) * rng.uniform(0.5, 2.0, C),
        "beta": rng.normal(size=C),
        "eps": np.array(1e-3),
    }


def _scaled(x_hat: Any, gamma: Any, beta: Any) -> Any:
    return gamma[:, None, None] * x_hat + beta[:, None, None]


def _standardised(x: Any, eps: Any, axes: Any, ddof: int = 0) -> Any:
    std = np.sqrt(x.var(axes, keepdims=True, ddof=ddof) + eps)
    return (x - x.mean(axes, keepdims=True)) / std


def _grouped(x: Any, groups: Any, eps: Any, axes: Any = (2, 3, 4), ddof: int = 0) -> Any:
    N, C, H, W = x.shape
    parts = x.reshape(N, int(groups), C // int(groups), H, W)
    return _standardised(parts, eps, axes, ddof).reshape(x.shape)


def _both(x_hat_of: Any, x: Any, gamma: Any, beta: Any) -> Arrays:
    """The outputs for all images and for the first alone; ``x_hat_of`` normalises."""
    return {"y": _scaled(x_hat_of(x), gamma, beta), _ALONE: _scaled(x_hat_of(x[:1]), gamma, beta)}


group_norm = Question(
    "08.group_norm",
    points=3,
    minutes=12,
    title="Group norm",
    called_as="y = group_norm(x, groups, gamma, beta, eps)",
    tested="three images of 12 channels in 2 or 4 groups, each channel of another size; then one image alone",
    inputs=_images,
    drive=norms.group_norm,
    answer=lambda x, groups, gamma, beta, eps: {
        **_both(lambda images: _grouped(images, groups, eps), x, gamma, beta),
        _UNCHANGED: True,
    },
    axes={"y": ("image", "channel", "row", "column"), _ALONE: ("image", "channel", "row", "column")},
    off_limits=LIBRARY,
)
group_norm.hint("Reshape to (N, groups, C // groups, H, W): neighbouring channels then share a group.")
group_norm.hint(
    "Mean and variance over the last three axes, back to (N, C, H, W), then gamma and beta of each channel."
)


@group_norm.wrong("all channels form one group: this is layer norm", ask="What does `groups` do in your code?")
def one_group(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _standardised(images, eps, (1, 2, 3)), x, gamma, beta)


@group_norm.wrong("each channel is a group of its own: this is instance norm", ask="How many channels share a mean?")
def group_each(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _standardised(images, eps, (2, 3)), x, gamma, beta)


@group_norm.wrong("statistics over the batch: this is batch norm", ask="May one image change another one's output?")
def over_batch_instead(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _standardised(images, eps, (0, 2, 3)), x, gamma, beta)


@group_norm.wrong("groups are right, but the batch is averaged too", ask="Why was group norm made for small batches?")
def groups_over_batch(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, axes=(0, 2, 3, 4)), x, gamma, beta)


@group_norm.wrong("`groups` is taken for the number of channels in a group", ask="How many groups came out?")
def size_for_number(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, x.shape[1] // int(groups), eps), x, gamma, beta)


@group_norm.wrong(
    "every k-th channel is grouped, not neighbours", ask="Which channels are in the first group: 0, 1, 2 or 0, 4, 8?"
)
def interleaved(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    def normalise(images: Any) -> Any:
        N, C, H, W = images.shape
        parts = images.reshape(N, C // int(groups), int(groups), H, W)
        return _standardised(parts, eps, (1, 3, 4)).reshape(images.shape)

    return _both(normalise, x, gamma, beta)


@group_norm.wrong("pixels are not averaged: each has statistics of its own", ask="Over which axes does the table say?")
def each_pixel(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, axes=2), x, gamma, beta)


@group_norm.wrong("the variance is divided by its count minus 1", ask="Which variance makes the spread exactly 1?")
def unbiased_group(x: Any, groups: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, eps, ddof=1), x, gamma, beta)


@group_norm.wrong("eps is left out", ask="What does a group do that is the same everywhere?")
def no_eps_in_group(x: Any, groups: Any, gamma: Any, beta: Any) -> Arrays:
    return _both(lambda images: _grouped(images, groups, 0.0), x, gamma, beta)


@group_norm.wrong("gamma and beta are left out", ask="What are gamma and beta for?")
def not_scaled(x: Any, groups: Any, eps: Any) -> Arrays:
    return {"y": _grouped(x, groups, eps), _ALONE: _grouped(x[:1], groups, eps)}


@group_norm.wrong(
    "an array that was given is written into", ask="`x -= m` changes x for its owner. What does x - m do?"
)
def group_writes() -> Arrays:
    return {_UNCHANGED: False}


QUESTIONS = (layer_norm, group_norm)
name_writing(layer_norm)
