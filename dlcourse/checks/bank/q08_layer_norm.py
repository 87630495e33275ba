"""Exercise 08: layer norm with its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q08_batchnorm import LIBRARY
from dlcourse.checks.bank.unchanged import NOTHING_CHANGED, name_writing
from dlcourse.checks.drives import norms
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]
_PATHS = "For one word: which of the two sums over its features, of dx and of dx · x̂, is not 0 with gamma all 1?"


def _inputs(rng: np.random.Generator) -> Arrays:
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
    mean: float = 1.0,
    var: float = 1.0,
    eps_outside: bool = False,
) -> Arrays:
    """Layer norm and its gradients. ``axes`` are averaged over; ``kept`` is the x that backward uses.

    ``mean`` and ``var`` are factors of the two terms in dx that have a mean.
    """

    def x_hat_and_std(values: Any) -> Any:
        spread = values.var(axes, keepdims=True, ddof=ddof)
        std = np.sqrt(spread) + eps if eps_outside else np.sqrt(spread + eps)
        return (values - values.mean(axes, keepdims=True)) / std, std

    y = gamma * x_hat_and_std(x)[0] + beta
    x_hat, std = x_hat_and_std(x if kept is None else kept)
    g = gamma * dy
    along = x_hat * (g * x_hat).mean(axes, keepdims=True)
    dx = (g - mean * g.mean(axes, keepdims=True) - var * along) / std
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
    inputs=_inputs,
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


@layer_norm.wrong(
    "mean and variance are taken over the sentences of the batch", ask="May one sentence change another one's output?"
)
def over_batch(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=0), "y", "dgamma", "dx")


@layer_norm.wrong(
    "one mean and variance serve a whole sentence: words and features are averaged together",
    ask="gamma has D entries: over which axis does layer norm run here?",
)
def over_sentence(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=(1, 2)), "y", "dgamma", "dx")


@layer_norm.wrong(
    "mean and variance are taken over the words of a sentence", ask="Which axis holds the features of one word?"
)
def over_words(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=1), "y", "dgamma", "dx")


@layer_norm.wrong(
    "each feature is averaged over all words of all sentences: this is batch norm",
    ask="May one word change another one's output?",
)
def batch_norm_instead(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, axes=(0, 1)), "y", "dgamma", "dx")


@layer_norm.wrong("one mean and variance serve everything", ask="How many means do six words have?")
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


@layer_norm.wrong("the path through the mean is missing in dx", ask=_PATHS)
def no_mean_path(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, mean=0), "dx")


@layer_norm.wrong("the path through the variance is missing in dx", ask=_PATHS)
def no_variance_path(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, var=0), "dx")


@layer_norm.wrong("the term of the variance has the wrong sign", ask="When v grows, does |x̂| grow or fall?")
def variance_sign(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, var=-1), "dx")


@layer_norm.wrong(
    "sums stand in dx where means belong: 1/D is missing", ask="mean = Σ x / D. What is its derivative by one x?"
)
def not_divided_by_d(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    D = x.shape[-1]
    return _some(_layer(x, dy, gamma, beta, eps, mean=D, var=D), "dx")


@layer_norm.wrong("dx is not divided by √(var + eps)", ask="x̂ = (x - mean)/√(v + ε). What is its slope in x?")
def not_divided_by_std(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    return {"dx": _layer(x, dy, gamma, beta, eps)["dx"] * std}


@layer_norm.wrong(
    "gamma multiplies dx at the end, where the means are taken already",
    ask="gamma differs from feature to feature. Is the mean of gamma · dy then gamma times the mean of dy?",
)
def gamma_at_the_end(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {"dx": gamma * _layer(x, dy, 1.0, beta, eps)["dx"]}


@layer_norm.wrong("gamma is left out of dx", ask="y = gamma · x̂ + beta. What reaches x̂ when dy comes in?")
def no_gamma(x: Any, dy: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, 1.0, beta, eps), "dx")


def _means_over(axes: Any, x: Any, dy: Any, gamma: Any, eps: Any) -> Arrays:
    """The right forward pass, and a dx whose means run over other axes."""
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    x_hat, g = (x - x.mean(-1, keepdims=True)) / std, gamma * dy
    return {"dx": (g - g.mean(axes) - x_hat * (g * x_hat).mean(axes)) / std}


@layer_norm.wrong("the means in dx run over the sentences of the batch", ask="Whom did forward average?")
def backward_over_batch(x: Any, dy: Any, gamma: Any, eps: Any) -> Arrays:
    return _means_over(0, x, dy, gamma, eps)


@layer_norm.wrong("the means in dx run over all words, as in batch norm", ask="Whom did forward average?")
def backward_over_words(x: Any, dy: Any, gamma: Any, eps: Any) -> Arrays:
    return _means_over((0, 1), x, dy, gamma, eps)


@layer_norm.wrong("dgamma and dbeta are summed over the sentences only", ask="Which shape has gamma?")
def summed_over_sentences(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, sums=0), "dbeta", "dgamma")


@layer_norm.wrong("dgamma and dbeta are summed over the features", ask="Who shares one entry of gamma?")
def summed_over_features(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, sums=-1), "dbeta", "dgamma")


@layer_norm.wrong("backward uses the input of another layer: all share one cache", ask="Whose is self.x?")
def shared_cache(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any, other_x: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, kept=other_x), "dgamma", "dx")


@layer_norm.wrong(
    "dgamma and dbeta are means over the words", ask="gamma is used for every word. Do gradients add up, or average?"
)
def parameters_averaged(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    right, words = _layer(x, dy, gamma, beta, eps), x.shape[0] * x.shape[1]
    return {name: right[name] / words for name in ("dbeta", "dgamma")}


@layer_norm.wrong("dgamma and dbeta have changed places", ask="In which order does the check unpack them?")
def swapped(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    right = _layer(x, dy, gamma, beta, eps)
    return {"dbeta": right["dgamma"], "dgamma": right["dbeta"]}


@layer_norm.wrong("forward returns x̂, without gamma and beta", ask="What are gamma and beta for?")
def not_scaled(x: Any, dy: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, 1.0, 0.0, eps), "y")


@layer_norm.convention(
    "eps is added to the deviation, outside the root; here it belongs under it",
    ask="For a variance of 1e-5: what is √(var + eps), and what is √var + eps?",
)
def eps_outside(x: Any, dy: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return _some(_layer(x, dy, gamma, beta, eps, eps_outside=True), "y", "dgamma", "dx")


QUESTIONS = (layer_norm,)
name_writing(layer_norm)
