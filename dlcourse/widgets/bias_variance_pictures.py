"""The three pictures of the bias and variance explorer: resampled days, the shape of a penalty, early stopping."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.widgets import bias_variance_penalty as two
from dlcourse.widgets import bias_variance_run as run

__all__ = ["EPOCHS_SHOWN", "SHOWN", "STEPS_SHOWN", "days", "penalty", "stopping"]

SHOWN = 20
"""How many of the 500 days the player shows."""
STEPS_SHOWN = [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 25, 40, 65, two.STEPS]
EPOCHS_SHOWN = [1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 34, 50, 80, 120, 180, 270, run.EPOCHS]

_WINDOW = [6, 22, -3, 12]  # hours, then minutes
_PLACES = np.unique(np.round(80 * (1 - np.cos(np.linspace(0, np.pi, 49))))).astype(int)
"""Where a curve is drawn, of the 161 times: closer together at the ends, where high degrees swing."""
_LEVELS = (0.03, 0.12, 0.3, 0.6, 1.0, 1.6, 2.4)
_TICKS = (1, 3, 10, 30, 100, 300)  # epochs with their number below the axis
_ROUND = (0.1, 0.3, 1.0, 3.0, 10.0)  # errors with a label on a logarithmic axis


def days(timetable: run.Timetable, degree: int, lam: float, bug: bool) -> dict[str, Any]:
    """Twenty of the days with their fits, and for every degree the three parts of the error."""
    fits = run.fits_of(timetable, lam)
    noise2 = timetable.noise**2
    noise = np.full_like(fits.bias2, noise2)
    high = 5 * max(1.0, noise2)
    chosen = fits.chosen(own=bug)
    return {
        "view": "days",
        **_day_axes(timetable),
        "points": _held(run.days_of(timetable)[0][:SHOWN]),
        "curves": _held(fits.curves[degree, :SHOWN, _PLACES].T),
        "mean": _held(fits.curves[degree].mean(axis=0)[_PLACES]),
        "degree": degree,
        "parts": np.stack([fits.bias2, fits.variance, noise], axis=1),
        "measured": fits.measured,
        "own": fits.own.mean(axis=1),
        "scale": {"low": 0.0, "high": high, "ticks": [high * k / 5 for k in range(6)]},
        "frames": [{"day": day + 1, "chosen": int(chosen[day])} for day in range(SHOWN)],
        "_fits": fits,
    }


def penalty(name: str, lam: float, bug: bool) -> dict[str, Any]:
    """Contours of the loss, the penalty's ball, and the steps to the weights that balance the two."""
    path = two.walk(name, lam, bug)
    optimum = two.walk(name, lam).weights[-1]
    return {
        "view": "penalty",
        "window": list(two.WINDOW),
        "contours": two.contours(_LEVELS),
        "touching": two.contours((float(two.loss(optimum)),))[0],
        "ball": two.ball(two.walk(name, lam)),
        "best": two.BEST.tolist(),
        "path": path.weights,
        "steps": two.STEPS,
        "scale": {"low": -0.8, "high": 1.6, "ticks": [-0.5, 0.0, 0.5, 1.0, 1.5]},
        "frames": [{"step": step, "zero": (path.weights[step] == 0).tolist()} for step in STEPS_SHOWN],
        "_path": path,
        "_optimum": optimum,
    }


def stopping(timetable: run.Timetable, degree: int, lam: float, bug: bool) -> dict[str, Any]:
    """The curve and the errors while a polynomial is trained, the epoch to keep, and where patience ends."""
    training = run.train(timetable, degree, lam)
    judged = training.own if bug else training.validation
    marks = [{"patience": p, "epoch": run.stop(judged, p)[0]} for p in run.PATIENCES]
    ended = [mark for mark in marks if mark["epoch"] - run.stop(judged, mark["patience"])[1] == mark["patience"]]
    best = [int(np.argmin(judged[:epoch])) + 1 for epoch in EPOCHS_SHOWN]
    kept = {*EPOCHS_SHOWN, *_TICKS, *best, *(mark["epoch"] for mark in ended)}
    epochs = sorted({*range(1, 61), *np.round(np.geomspace(60, run.EPOCHS, 50)).astype(int).tolist(), *kept})
    low, high = np.log10(0.05 * timetable.noise**2), np.log10(max(10.0, 5 * timetable.noise**2))
    rows = np.array(epochs) - 1
    errors = {"training": training.own, "validation": training.validation, "any other day": training.expected}
    ticks = [value for value in _ROUND if low <= np.log10(value) <= high]
    return {
        "view": "stopping",
        **_day_axes(timetable),
        "points": _held(run.today(timetable)),
        "other_hours": run.GRID[run.OTHER],
        "other_points": _held(run.tomorrow(timetable)),
        "curves": _held(training.weights[np.array(EPOCHS_SHOWN) - 1] @ run.powers(run.GRID[_PLACES], degree).T),
        "epochs": epochs,
        "ticks": list(_TICKS),
        "across": [float(np.log(epoch) / np.log(run.EPOCHS)) for epoch in epochs],
        "errors": [
            {"name": name, "values": np.clip(np.log10(values[rows]), low, high)} for name, values in errors.items()
        ],
        "marks": ended,
        "judge": "training" if bug else "validation",
        "scale": {"low": low, "high": high, "ticks": [float(np.log10(value)) for value in ticks], "labels": ticks},
        "frames": [{"epoch": epoch, "best": kept} for epoch, kept in zip(EPOCHS_SHOWN, best)],
        "_training": training,
    }


def _day_axes(timetable: run.Timetable) -> dict[str, Any]:
    return {
        "window": _WINDOW,
        "hours": timetable.hours,
        "at": run.GRID[_PLACES],
        "truth": run.truth(run.GRID[_PLACES]),
    }


def _held(delays: NDArray[np.float64]) -> NDArray[np.float64]:
    """Delays, held at some distance outside the window: a curve that swings away is drawn leaving."""
    return np.clip(delays, -7.0, 16.0)
