"""Exercise 10: a dropout layer and Monte Carlo dropout in PyTorch.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from dlcourse.checks.bank.norm_network import random_norm_network
from dlcourse.checks.drives import torch_dropout
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]
Forward = Callable[[Any, Any], Any]

_COINS = "each entry has its own coin"
_ZEROS = "share of zeros, to one decimal"
_FACTOR = "factor of what is kept"
_ANEW = "the second call drops other entries"
_GRADIENT = "backward uses the mask and the factor of forward"
_EVAL_ZEROS = "share of zeros in eval mode, to one decimal"
_EVAL_FACTOR = "factor in eval mode"
_UNCHANGED = "x is left as it was"


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    x, p = inputs["x"], float(inputs["p"])
    for name in ("first call", "second call", "in eval mode"):
        if raw[name].shape != x.shape:
            raise Unusable(f"TorchDropout.forward returned shape {raw[name].shape} for an input of shape {x.shape}")
    factors, evaluated = raw["first call"] / x, raw["in eval mode"] / x
    kept = factors != 0
    own = bool(kept.all()) or (_distinct(kept) == len(kept) and _distinct(kept.T) == kept.shape[1])
    return {
        _COINS: own,
        _ZEROS: round(float(1 - kept.mean()), 1) if own else p,  # coins for whole rows or columns vary too much
        _FACTOR: np.median(factors[kept]) if kept.any() else 0.0,
        _ANEW: not np.array_equal(raw["first call"], raw["second call"]),
        _GRADIENT: bool(np.allclose(raw["gradient"], inputs["dz"] * factors)),
        _EVAL_ZEROS: round(float((evaluated == 0).mean()), 1),
        _EVAL_FACTOR: np.median(evaluated[evaluated != 0]) if evaluated.any() else 0.0,
        _UNCHANGED: bool(np.array_equal(raw["x afterwards"], x)),
    }


def _distinct(rows: Any) -> int:
    return len(np.unique(rows, axis=0))


def _right(p: Any) -> Arrays:
    return {
        _COINS: True,
        _ZEROS: p,
        _FACTOR: 1 / (1 - p),
        _ANEW: True,
        _EVAL_ZEROS: 0.0,
        _EVAL_FACTOR: 1.0,
        _GRADIENT: True,
        _UNCHANGED: True,
    }


module = Question(
    "10.dropout_module",
    points=4,
    minutes=12,
    title="Dropout as a PyTorch module",
    called_as="layer = TorchDropout(p); y = layer(x), after layer.train() and after layer.eval()",
    tested="x (200, 50) without zeros: two calls in training mode, the gradient of the first, one call in eval mode",
    inputs=lambda rng: {
        "p": rng.choice([0.2, 0.3]),
        "x": rng.uniform(1, 2, size=(200, 50)) * rng.choice([-1.0, 1.0], (200, 50)),
        "dz": rng.normal(size=(200, 50)),
        "seed": rng.integers(1000),
    },
    drive=torch_dropout.dropout_module,
    judge=Judge(reads=("first call", "second call", "in eval mode", "gradient", "x afterwards"), facts=_facts),
    answer=_right,
    scales=lambda p: {"p": float(p), "1 - p": 1 - float(p)},
    off_limits=(
        "torch.nn.Dropout",
        "torch.nn.AlphaDropout",
        "torch.nn.functional.dropout",
        "torch.dropout",
        "torch.native_dropout",
        "dlcourse.torch",
    ),
)
module.hint("super().__init__() first. self.training says in which mode the layer is; eval() and train() set it.")
module.hint("torch.rand_like(x) >= self.p is True for what is kept.")


@cache
def _module(forward: Any, coins_at_start: bool = False) -> Any:
    """A layer with this ``forward(self, x)``, as the class that a student hands over."""
    import torch

    class Dropout(torch.nn.Module):
        def __init__(self, p: float) -> None:
            super().__init__()
            self.p = p
            self.coins = torch.rand(200, 50, dtype=torch.float64) if coins_at_start else None

        def forward(self, x: Any) -> Any:
            return forward(self, x)

    return Dropout


def _kept(layer: Any, x: Any) -> Any:
    import torch

    return torch.rand_like(x) >= layer.p


def _wrong(says: str, ask: str, coins_at_start: bool = False) -> Callable[[Forward], Forward]:
    """Register ``forward(self, x)`` as what a student would write in the class."""

    def register(forward: Forward) -> Forward:
        def student(p: float) -> Any:
            return _module(forward, coins_at_start)(p)

        student.__name__ = forward.__name__
        module.wrong(says, ask=ask, as_student=True)(student)
        return forward

    return register


@_wrong("nothing is divided by 1 - p", ask="What is the mean of the output, compared with that of x?")
def not_divided(self: Any, x: Any) -> Any:
    return x * _kept(self, x) if self.training else x


@_wrong("p is read as the probability to keep", ask="How many of 100 entries should be zero for p = 0.2?")
def keeps_with_p(self: Any, x: Any) -> Any:
    return x * ~_kept(self, x) / self.p if self.training else x


@_wrong("the right share is dropped, but p divides the rest", ask="With which probability does an entry survive?")
def divided_by_p(self: Any, x: Any) -> Any:
    return x * _kept(self, x) / self.p if self.training else x


@_wrong("the comparison is the wrong way round: entries survive where the coin is below p", ask="How many are zero?")
def flipped(self: Any, x: Any) -> Any:
    return x * ~_kept(self, x) / (1 - self.p) if self.training else x


@_wrong(
    "the coins are normal numbers, not uniform ones", ask="How often is a number of randn above 0.2? And one of rand?"
)
def normal_coins(self: Any, x: Any) -> Any:
    import torch

    return x * (torch.randn_like(x) >= self.p) / (1 - self.p) if self.training else x


@_wrong("eval mode multiplies by 1 - p as well", ask="Training divided already. What is left to do in eval mode?")
def scaled_in_eval(self: Any, x: Any) -> Any:
    return x * _kept(self, x) / (1 - self.p) if self.training else x * (1 - self.p)


@_wrong("eval mode divides by 1 - p as well", ask="In eval mode nothing is missing. What is there to make up for?")
def divided_in_eval(self: Any, x: Any) -> Any:
    return x * _kept(self, x) / (1 - self.p) if self.training else x / (1 - self.p)


@_wrong("eval mode still drops", ask="Where does your forward ask for self.training?")
def drops_in_eval(self: Any, x: Any) -> Any:
    return x * _kept(self, x) / (1 - self.p)


@_wrong("the modes are exchanged: it drops in eval mode only", ask="What is self.training after layer.eval()?")
def modes_exchanged(self: Any, x: Any) -> Any:
    return x if self.training else x * _kept(self, x) / (1 - self.p)


@_wrong(
    "every call drops the same entries: the coins are tossed once, or a seed is set in forward",
    ask="Where are the coins tossed? Each call needs new ones. And would a seed in forward change that?",
    coins_at_start=True,
)
def same_coins(self: Any, x: Any) -> Any:
    return x * (self.coins >= self.p) / (1 - self.p) if self.training else x


@_wrong("one row of coins serves all examples", ask="Which shape must the mask have for a batch?")
def coins_for_units(self: Any, x: Any) -> Any:
    import torch

    return x * (torch.rand(x.shape[1], dtype=x.dtype) >= self.p) / (1 - self.p) if self.training else x


@_wrong(
    "the gradient does not get through, or not with the factor of forward",
    ask="Does x.detach(), .data or no_grad() stand between x and the output?",
)
def no_gradient(self: Any, x: Any) -> Any:
    return x.detach() * _kept(self, x) / (1 - self.p) if self.training else x


@_wrong("x itself is changed", ask="Who else may need x? `x *= mask` writes into it; what does `x * mask` do?")
def in_place(self: Any, x: Any) -> Any:
    if not self.training:
        return x
    x *= _kept(self, x) / (1 - self.p)
    return x


# ---- Monte Carlo dropout


def _switch_dropout(model: Any) -> None:
    import torch

    model.eval()
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.train()


def _sample(model: Any, X: Any, passes: int, restore: bool = True, switch: Any = _switch_dropout) -> Any:
    """The logits (passes, N, C); ``switch`` brings the model into the mode in which it is asked."""
    import torch

    was_training = model.training
    switch(model)
    with torch.no_grad():
        logits = torch.stack([model(X) for _ in range(passes)])
    if restore:
        model.train(was_training)
    return logits


def _monte_carlo(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


def _mc_inputs(rng: np.random.Generator) -> Arrays:
    network = random_norm_network(rng)
    hidden = network["W1"].shape[0]
    p = rng.choice([0.2, 0.3, 0.4])
    masks = (rng.random((6, 5, hidden)) >= p).astype(float)
    return {**network, "X": rng.normal(1.0, 2.0, size=(5, network["W1"].shape[1])), "masks": masks, "p": p}


monte_carlo = Question(
    "10.monte_carlo",
    points=4,
    minutes=15,
    title="Monte Carlo dropout",
    called_as="mean, std = monte_carlo(model, X, passes)",
    tested=(
        "a network with batch norm and dropout, whose masks are known, with 6 passes; once it is found in train mode "
        "and once in eval mode"
    ),
    inputs=_mc_inputs,
    drive=torch_dropout.monte_carlo,
    answer=lambda **inputs: torch_dropout.monte_carlo(_monte_carlo, **inputs),
    labels=dict.fromkeys(
        [f"training flags afterwards, model found in {mode} mode" for mode in ("train", "eval")],
        ("model", "batch norm", "dropout"),
    ),
)
monte_carlo.hint("model.eval() first; then .train() for those parts of model.modules() that are an nn.Dropout.")
monte_carlo.hint("torch.stack the softmax of each pass, then mean(dim=0) and std(dim=0, unbiased=False).")
monte_carlo.hint("Note model.training at the beginning and hand it to model.train(…) at the end, in no_grad().")


@monte_carlo.wrong(
    "the whole model is in train mode, batch norm too",
    ask="In train mode, on which images does batch norm's answer for the first image depend?",
    as_student=True,
)
def everything_trains(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes, switch=lambda model: model.train()).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "dropout is off, so all passes agree", ask="How large is your std? Which line switches dropout on?", as_student=True
)
def everything_evaluates(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes, switch=lambda model: model.eval()).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the logits are averaged, and the softmax is taken of their mean",
    ask="Is the softmax of a mean the mean of the softmaxes?",
    as_student=True,
)
def softmax_of_mean(model: Any, X: Any, passes: int) -> Any:
    logits = _sample(model, X, passes)
    return logits.mean(dim=0).softmax(dim=-1), logits.softmax(dim=-1).std(dim=0, unbiased=False)


@monte_carlo.wrong("mean and std are those of the logits", ask="Where is the softmax?", as_student=True)
def of_the_logits(model: Any, X: Any, passes: int) -> Any:
    logits = _sample(model, X, passes)
    return logits.mean(dim=0), logits.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the std is taken over the classes", ask="Over which axis do sub-networks disagree?", as_student=True
)
def std_over_classes(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.mean(dim=0).std(dim=-1, unbiased=False)


@monte_carlo.wrong(
    "the variance is returned, not its root", ask="Which unit has a std of probabilities?", as_student=True
)
def variance(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.var(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the std is divided by √passes: that is the error of the mean",
    ask="Should the disagreement of sub-networks shrink when you ask more of them?",
    as_student=True,
)
def standard_error(model: Any, X: Any, passes: int) -> Any:
    mean, std = _monte_carlo(model, X, passes)
    return mean, std / passes**0.5


@monte_carlo.wrong(
    "the model is left with dropout switched on", ask="What will the next caller of model(X) get?", as_student=True
)
def left_switched(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes, restore=False).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.wrong(
    "the model is always left in eval mode", ask="Training goes on after this call. In which mode?", as_student=True
)
def left_in_eval(model: Any, X: Any, passes: int) -> Any:
    result = _monte_carlo(model, X, passes)
    model.eval()
    return result


@monte_carlo.wrong(
    "a graph is recorded for every pass",
    ask="Do you need gradients here? What does keeping 50 graphs cost?",
    as_student=True,
)
def with_graphs(model: Any, X: Any, passes: int) -> Any:
    import torch

    was_training = model.training
    _switch_dropout(model)
    P = torch.stack([model(X) for _ in range(passes)]).softmax(dim=-1)
    model.train(was_training)
    return P.mean(dim=0), P.std(dim=0, unbiased=False)


@monte_carlo.convention(
    "the std divides by passes - 1, as torch.std does unless told otherwise",
    ask="How much do the two differ for 50 passes?",
    as_student=True,
    full=True,
)
def unbiased(model: Any, X: Any, passes: int) -> Any:
    P = _sample(model, X, passes).softmax(dim=-1)
    return P.mean(dim=0), P.std(dim=0)


QUESTIONS = (module, monte_carlo)
