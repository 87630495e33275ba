"""Exercise 10: a dropout layer in PyTorch.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

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
_FLOAT64, _FLOAT32 = "float64 stays float64", "float32 stays float32"
_SHAPE = "images (4, 50, 5, 10) pass as well"
_ANEW = "the second call drops other entries"
_SEED = "torch.manual_seed repeats the coins"
_GRADIENT = "backward uses the mask and the factor of forward"
_EVAL_ZEROS = "share of zeros in eval mode, to one decimal"
_EVAL_FACTOR = "factor in eval mode"
_UNCHANGED = "x is left as it was"


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    x, p, images = inputs["x"], float(inputs["p"]), raw["images in float32"]
    for name in ("first call", "second call", "in eval mode"):
        if raw[name].shape != x.shape:
            raise Unusable(f"TorchDropout.forward returned shape {raw[name].shape} for an input of shape {x.shape}")
    factors, evaluated = raw["first call"] / x, raw["in eval mode"] / x
    kept = factors != 0
    own = bool(kept.all()) or (_distinct(kept) == len(kept) and _distinct(kept.T) == kept.shape[1])
    return {
        _COINS: own,
        _ZEROS: round(float(1 - kept.mean()), 1) if own else p,  # coins for whole rows or columns vary too much
        _FACTOR: _rounded(np.median(factors[kept])) if kept.any() else 0.0,
        _ANEW: not np.array_equal(raw["first call"], raw["second call"]),
        _SEED: bool(np.array_equal(raw["with a seed"], raw["with that seed again"])),
        _SHAPE: images.shape == (4, 50, 5, 10),
        _FLOAT64: raw["first call"].dtype == np.float64,
        _FLOAT32: images.dtype == np.float32,
        _GRADIENT: bool(np.allclose(raw["gradient"], inputs["dz"] * factors)),
        _EVAL_ZEROS: round(float((evaluated == 0).mean()), 1),
        _EVAL_FACTOR: _rounded(np.median(evaluated[evaluated != 0])) if evaluated.any() else 0.0,
        _UNCHANGED: bool(np.array_equal(raw["x afterwards"], x)),
    }


def _rounded(factor: Any) -> float:
    """To six decimals, so that what was computed in float32 has the right factor and another dtype only."""
    return round(float(factor), 6)


def _distinct(rows: Any) -> int:
    return len(np.unique(rows, axis=0))


def _right(p: Any) -> Arrays:
    return {
        _COINS: True,
        _ZEROS: p,
        _FACTOR: _rounded(1 / (1 - p)),
        _ANEW: True,
        _SEED: True,
        _SHAPE: True,
        _FLOAT64: True,
        _FLOAT32: True,
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
    tested=(
        "x (200, 50) in float64, without zeros: two calls in training mode, the gradient of the first, "
        "two with the same seed, one in eval mode; and images in float32"
    ),
    inputs=lambda rng: {
        "p": rng.choice([0.2, 0.3]),
        "x": rng.uniform(1, 2, size=(200, 50)) * rng.choice([-1.0, 1.0], (200, 50)),
        "dz": rng.normal(size=(200, 50)),
        "seed": rng.integers(1000),
    },
    drive=torch_dropout.dropout_module,
    judge=Judge(
        reads=(
            *("first call", "second call", "in eval mode", "gradient", "x afterwards"),
            *("with a seed", "with that seed again", "images in float32"),
        ),
        facts=_facts,
    ),
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
module.hint("torch.rand_like(x) >= self.p is True for what is kept, has the shape of x, and is new at each call.")
module.hint("In training: x * (that mask) / (1 - self.p). In eval mode: x. Nothing is detached.")


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
    "the coins are tossed once and kept: every call drops the same entries",
    ask="__init__ runs once, forward at each call. Where do the coins belong?",
    coins_at_start=True,
)
def same_coins(self: Any, x: Any) -> Any:
    return x * (self.coins >= self.p) / (1 - self.p) if self.training else x


@_wrong("a seed in forward makes every call drop the same entries", ask="What does a seed do to the next coins?")
def seed_in_forward(self: Any, x: Any) -> Any:
    import torch

    torch.manual_seed(0)
    return x * _kept(self, x) / (1 - self.p) if self.training else x


@_wrong(
    "the coins are not PyTorch's: torch.manual_seed does not repeat them",
    ask="Somebody sets torch.manual_seed and trains again. Does your layer drop the same entries?",
)
def coins_of_numpy(self: Any, x: Any) -> Any:
    import torch

    coins = torch.from_numpy(np.random.default_rng().random(tuple(x.shape)))
    return x * (coins >= self.p) / (1 - self.p) if self.training else x


@_wrong("only an x of shape (N, D) passes", ask="Which shape must the mask have, whatever the shape of x?")
def rows_only(self: Any, x: Any) -> Any:
    import torch

    rows, columns = x.shape
    return x * (torch.rand(rows, columns) >= self.p) / (1 - self.p) if self.training else x


@_wrong(
    "the mask is float64, so a float32 x comes back in float64",
    ask="Which dtype should your mask have?",
)
def mask_in_float64(self: Any, x: Any) -> Any:
    return x * _kept(self, x).double() / (1 - self.p) if self.training else x


@_wrong("the output is float32, whatever x is", ask="Which line makes float32 of your numbers?")
def always_float32(self: Any, x: Any) -> Any:
    return (x * _kept(self, x) / (1 - self.p)).float() if self.training else x


@_wrong("nothing is ever dropped", ask="What is self.training after layer.train()? Where does forward ask for it?")
def never_drops(self: Any, x: Any) -> Any:  # noqa: ARG001
    return x * 1.0


@_wrong("one row of coins serves all examples", ask="Which shape must the mask have for a batch?")
def coins_for_units(self: Any, x: Any) -> Any:
    import torch

    return x * (torch.rand(x.shape[-1], dtype=x.dtype) >= self.p) / (1 - self.p) if self.training else x


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


QUESTIONS = (module,)
