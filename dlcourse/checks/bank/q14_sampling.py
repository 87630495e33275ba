"""Exercise 14: where to look. Sampling in factors, the edge of a range, and what a grid covers."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import search
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
_LIBRARY = ("dlcourse.training",)


def _log(u: Any, low: Any, high: Any) -> Any:
    return low * (high / low) ** u


def _momenta(u: Any, mu_low: Any, mu_high: Any) -> Any:
    return 1 - _log(u, 1 - mu_low, 1 - mu_high)


log_sample = Question(
    "14.log_sample",
    points=3,
    minutes=8,
    title="Draw rates and momenta in factors",
    called_as="rates, momenta = log_sample(u, low, high, mu_low, mu_high)",
    tested="seven random u, rates over five to seven factors of ten, momenta from about 0.6 to about 0.995",
    inputs=lambda rng: {
        "u": rng.random(7),
        "low": 10 ** rng.uniform(-6, -5),
        "high": 10 ** rng.uniform(0.1, 1),
        "mu_low": rng.uniform(0.5, 0.7),
        "mu_high": 1 - 10 ** rng.uniform(-2.7, -2.1),
    },
    drive=search.log_sample,
    answer=lambda u, low, high, mu_low, mu_high: {
        "rates": _log(u, low, high),
        "momenta": _momenta(u, mu_low, mu_high),
        "u was changed": False,
    },
    axes={"rates": ("draw",), "momenta": ("draw",)},
    invariants=(
        Invariant(
            "every momentum lies between mu_low and mu_high",
            lambda out, given: bool(((out["momenta"] >= given["mu_low"]) & (out["momenta"] <= given["mu_high"])).all()),
        ),
    ),
    off_limits=_LIBRARY,
)
log_sample.hint("u = 0 must give low, u = 1 must give high, and u = 1/2 their geometric mean √(low·high).")
log_sample.hint("For the momenta do the same with the distances 1 - mu_low and 1 - mu_high, then subtract from 1.")


@log_sample.wrong("the rates are drawn evenly on a linear scale", ask="How many of your draws lie below 1e-3?")
def linear_rates(u: Any, low: Any, high: Any) -> Arrays:
    return {"rates": low + (high - low) * u}


@log_sample.wrong("only whole powers of ten come out", ask="How many different rates can your function return?")
def whole_powers(u: Any, low: Any, high: Any) -> Arrays:
    return {"rates": 10 ** np.floor(np.log10(low) + (np.log10(high) - np.log10(low)) * u)}


@log_sample.wrong("the natural logarithm meets a power of ten", ask="Which function undoes np.log?")
def mixed_bases(u: Any, low: Any, high: Any) -> Arrays:
    return {"rates": 10 ** (np.log(low) + (np.log(high) - np.log(low)) * u)}


@log_sample.wrong(
    "the momenta are drawn evenly on a linear scale", ask="How often does your function give more than 0.99?"
)
def linear_momenta(u: Any, mu_low: Any, mu_high: Any) -> Arrays:
    return {"momenta": mu_low + (mu_high - mu_low) * u}


@log_sample.wrong(
    "the logarithm of the momentum itself is drawn, instead of that of 1 - momentum",
    ask="An average with μ looks back about 1/(1 − μ) steps. Which numbers lie equally far apart: μ or 1 − μ?",
)
def log_of_momentum(u: Any, mu_low: Any, mu_high: Any) -> Arrays:
    return {"momenta": _log(u, mu_low, mu_high)}


@log_sample.wrong("the distance from 1 is returned as the momentum", ask="What is μ, when 1 − μ has been drawn?")
def distance_returned(u: Any, mu_low: Any, mu_high: Any) -> Arrays:
    return {"momenta": _log(u, 1 - mu_low, 1 - mu_high)}


@log_sample.convention(
    "u = 0 gives mu_high and u = 1 gives mu_low: the same draws, in the other direction",
    ask="For a random u nothing changes. Would it for the ends of a grid?",
    full=True,
)
def other_direction(u: Any, mu_low: Any, mu_high: Any) -> Arrays:
    return {"momenta": _momenta(1 - u, mu_low, mu_high)}


# ---- the edge of a range


def _searches(rng: np.random.Generator) -> Arrays:
    """Three searches over one range: the best lies near the upper end, near the lower end, and inside."""
    low = 10 ** rng.uniform(-5, -4)
    high = low * 10 ** rng.uniform(3, 4)
    places, scores = rng.uniform(0.02, 0.98, (3, 8)), rng.uniform(0.2, 0.8, (3, 8))
    for row, place in enumerate((rng.uniform(0.905, 0.99), rng.uniform(0.01, 0.095), rng.uniform(0.35, 0.65))):
        best, exploded = rng.permutation(8)[:2]
        places[row, best], scores[row, best] = place, rng.uniform(0.85, 0.95)
        scores[row, exploded] = np.nan
    return {"rates": _log(places, low, high), "scores": scores, "low": low, "high": high}


def _best(rates: Any, scores: Any) -> Any:
    return np.take_along_axis(rates, np.nanargmax(scores, axis=1)[:, None], axis=1)[:, 0]


def _range(best: Any, low: Any, high: Any, keeps: Any = None, position: Any = None) -> Arrays:
    """The three outputs; ``keeps`` says where the range keeps its width."""
    position = np.log(best / low) / np.log(high / low) if position is None else position
    keeps = (position < 0.1) | (position > 0.9) if keeps is None else keeps
    half = np.sqrt(high / low) ** np.where(keeps, 1.0, 0.5)
    return {"position of the best": position, "new low": best / half, "new high": best * half}


def _next(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    return _range(_best(rates, scores), low, high)


next_range = Question(
    "14.next_range",
    points=4,
    minutes=15,
    title="At the edge, or not: where to search next",
    called_as="position, new_low, new_high = next_range(rates, scores, low, high)",
    tested="three searches of eight runs, one of them exploded: best near the upper end, near the lower end, inside",
    inputs=_searches,
    drive=search.next_range,
    answer=_next,
    axes=dict.fromkeys(("position of the best", "new low", "new high"), ("search",)),
    labels=dict.fromkeys(("position of the best", "new low", "new high"), ("upper edge", "lower edge", "inside")),
    off_limits=_LIBRARY,
)
next_range.hint("np.nanargmax finds the best score and passes over those that are NaN.")
next_range.hint("position = log(best/low) / log(high/low): 0 at the lower end, 1 at the upper.")
next_range.hint("From best/f to best·f the range is f² wide. What is f when that should be high/low?")


@next_range.wrong("an exploded run is taken for the best", ask="What does np.argmax do with NaN?")
def exploded_wins(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    return _range(np.take_along_axis(rates, scores.argmax(axis=1)[:, None], axis=1)[:, 0], low, high)


@next_range.wrong("the worst run is taken for the best", ask="Scores are accuracies. Which end is good?")
def worst_wins(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    return _range(np.take_along_axis(rates, np.nanargmin(scores, axis=1)[:, None], axis=1)[:, 0], low, high)


@next_range.wrong("the position is measured on a linear axis", ask="Where does √(low·high) lie on your axis?")
def linear_position(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    best = _best(rates, scores)
    return _range(best, low, high, position=(best - low) / (high - low))


@next_range.wrong(
    "the range gets narrower at the edges too",
    ask="The best lies at the end of the range. Is that a time to narrow it?",
)
def always_narrower(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    return _range(_best(rates, scores), low, high, keeps=np.zeros(3, bool))


@next_range.wrong("only the upper edge is recognised", ask="What if the smallest rates were the best?")
def upper_edge_only(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    best = _best(rates, scores)
    return _range(best, low, high, keeps=np.log(best / low) / np.log(high / low) > 0.9)


@next_range.wrong(
    "the new range stops at the ends of the old one", ask="Which rates beyond the edge will the next search try?"
)
def clipped(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    found = _next(rates, scores, low, high)
    return {"new low": np.maximum(found["new low"], low), "new high": np.minimum(found["new high"], high)}


@next_range.wrong("the range never gets narrower", ask="When the best lies inside: coarse, or fine?")
def never_narrower(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    return _range(_best(rates, scores), low, high, keeps=np.ones(3, bool))


@next_range.wrong(
    "the range is centred around the best on a linear axis",
    ask="Your new low: is it positive, and how many factors of ten are there on each side of the best?",
)
def linear_centre(rates: Any, scores: Any, low: Any, high: Any) -> Arrays:
    found = _next(rates, scores, low, high)
    best = _best(rates, scores)
    keeps = (found["position of the best"] < 0.1) | (found["position of the best"] > 0.9)
    half = (high - low) / 2 * np.where(keeps, 1.0, 0.5)
    return {"new low": best - half, "new high": best + half}


# ---- what a grid covers


def _points(rng: np.random.Generator) -> Arrays:
    while True:
        lines = np.sort(rng.uniform(0.1, 0.9, (2, 3)), axis=1)
        grid = rng.permutation(np.array([(x, y) for x in lines[0] for y in lines[1]]))
        if np.isin(_gaps(grid).argmax(axis=0), (0, len(grid))).any():  # somewhere an end is the largest gap
            return {"grid": grid, "scattered": rng.uniform(0.05, 0.95, (9, 2))}


def _gaps(points: Any) -> Any:
    ends = np.ones((1, points.shape[1]))
    return np.diff(np.concatenate([0 * ends, np.sort(points, axis=0), ends]), axis=0)


def _distinct(points: Any) -> Any:
    return np.array([len(np.unique(column)) for column in points.T])


def _shadows(grid: Any, scattered: Any, different: Any = _distinct, gap: Any = None) -> Arrays:
    gap = gap or (lambda points: _gaps(points).max(axis=0))
    return {
        "different values, grid": different(grid),
        "largest gap, grid": gap(grid),
        "different values, random": different(scattered),
        "largest gap, random": gap(scattered),
    }


coverage = Question(
    "14.coverage",
    points=3,
    minutes=10,
    title="The shadow of a search",
    called_as="different, gap = coverage(points)",
    tested="nine points of a 3 × 3 grid in shuffled order, and nine random points, two hyperparameters each",
    inputs=_points,
    drive=search.coverage,
    answer=lambda grid, scattered: _shadows(grid, scattered),
    axes=dict.fromkeys(
        ("different values, grid", "largest gap, grid", "different values, random", "largest gap, random"),
        ("hyperparameter",),
    ),
    off_limits=_LIBRARY,
)
coverage.hint("Take one column at a time: np.unique gives its different values, sorted.")
coverage.hint("Put 0 in front of the sorted values and 1 behind them; then np.diff gives all gaps.")


@coverage.wrong("the points are counted, not their different values", ask="How many rates does a 3 × 3 grid try?")
def points_counted(grid: Any, scattered: Any) -> Arrays:
    return _shadows(grid, scattered, different=lambda points: np.full(points.shape[1], len(points)))


@coverage.wrong("the values of both hyperparameters are counted together", ask="Is a decay of 0.3 also a rate of 0.3?")
def counted_together(grid: Any, scattered: Any) -> Arrays:
    return _shadows(grid, scattered, different=lambda points: np.full(points.shape[1], len(np.unique(points))))


@coverage.wrong(
    "the stretches at both ends are left out", ask="What if the best rate is smaller than all that were tried?"
)
def without_ends(grid: Any, scattered: Any) -> Arrays:
    return _shadows(grid, scattered, gap=lambda points: _gaps(points)[1:-1].max(axis=0))


@coverage.wrong(
    "the points are not sorted before the gaps are taken", ask="Are neighbours in the list neighbours on the axis?"
)
def not_sorted(grid: Any, scattered: Any) -> Arrays:
    def gap(points: Any) -> Any:
        ends = np.ones((1, points.shape[1]))
        return np.diff(np.concatenate([0 * ends, points, ends]), axis=0).max(axis=0)

    return _shadows(grid, scattered, gap=gap)


@coverage.wrong(
    "the mean gap is returned instead of the largest", ask="Can the mean gap tell clumped points from even ones?"
)
def mean_gap(grid: Any, scattered: Any) -> Arrays:
    def gap(points: Any) -> Any:
        return 1 / (_distinct(points) + 1)

    return _shadows(grid, scattered, gap=gap)


QUESTIONS = (log_sample, next_range, coverage)
