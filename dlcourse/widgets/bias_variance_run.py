"""The days behind the bias and variance explorer: the same bus timed again and again, and polynomials fitted to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BATCH",
    "DAYS",
    "DEGREES",
    "EPOCHS",
    "GRID",
    "OTHER",
    "PATIENCES",
    "RATE",
    "Fits",
    "Timetable",
    "Training",
    "days_of",
    "fits_of",
    "fitter",
    "powers",
    "stop",
    "today",
    "tomorrow",
    "train",
    "truth",
]

Array = NDArray[np.float64]

DAYS = 500
DEGREES = range(15)
GRID = np.linspace(6, 22, 161)
"""Every time of the day: where a fit is compared with the truth."""
OTHER = slice(None, None, 8)
"""The 21 of those times at which another day is timed, to choose by."""

EPOCHS, BATCH, RATE = 500, 5, 0.2
PATIENCES = (1, 5, 20)


@dataclass(frozen=True)
class Timetable:
    """How a day is timed: the number of departures, and the noise σ of a delay in minutes."""

    points: int = 20
    noise: float = 1.0

    @property
    def hours(self) -> Array:
        """The departures that are timed, (points,)."""
        return np.linspace(6, 22, self.points)


@dataclass(frozen=True)
class Fits:
    """What ``DAYS`` training sets make of every degree, at one strength of the penalty.

    ``curves`` (degrees, days, 161) are the fits on ``GRID``; ``own``, ``other`` and ``expected`` (degrees, days) are
    the mean squared errors of each fit on its own day, on one other day and on any other day; ``bias2``,
    ``variance`` and ``measured`` (degrees,) are the means over the days, ``measured`` with fresh noise for each day.
    """

    curves: Array
    own: Array
    other: Array
    expected: Array
    bias2: Array
    variance: Array
    measured: Array

    def chosen(self, own: bool) -> NDArray[np.intp]:
        """The degree that each day would choose: the best on another day, or (``own``) on its own; (days,)."""
        degrees: NDArray[np.intp] = np.argmin(self.own if own else self.other, axis=0)
        return degrees


def truth(hour: Array) -> Array:
    """The true mean delay in minutes."""
    delay: Array = 2 + 5 * np.exp(-(((hour - 8) / 2) ** 2)) + 4 * np.exp(-(((hour - 17) / 2.5) ** 2))
    return delay


def powers(hour: Array, degree: int) -> Array:
    """The inputs of a polynomial model, one column for each power (n, degree + 1)."""
    return np.asarray(np.polynomial.legendre.legvander((hour - 14) / 8, degree), dtype=np.float64)


def fitter(hours: Array, degree: int, lam: float) -> Array:
    """The matrix (degree + 1, n) that turns the delays of a day into weights.

    They minimise the mean of error²/2 plus λ/2 times the squared weights, without the constant's.
    """
    A = powers(hours, degree)
    if lam == 0:
        return np.asarray(np.linalg.pinv(A))
    penalty = lam * np.diag([0.0] + [1.0] * degree)
    return np.asarray(np.linalg.solve(A.T @ A / len(hours) + penalty, A.T / len(hours)))


@lru_cache(maxsize=4)
def days_of(timetable: Timetable) -> tuple[Array, Array]:
    """The delays of the training days (500, points), and of a new day after each of them (500, 161)."""
    rng = np.random.default_rng(0)
    noise = [(rng.normal(size=timetable.points), rng.normal(size=len(GRID))) for _ in range(DAYS)]
    own, new = (np.stack(part) for part in zip(*noise))
    return truth(timetable.hours) + timetable.noise * own, truth(GRID) + timetable.noise * new


@lru_cache(maxsize=2)
def fits_of(timetable: Timetable, lam: float) -> Fits:
    """Fit every degree to each of the 500 days, and take the error apart."""
    delays, new = days_of(timetable)
    f = truth(GRID)
    curves, own = [], []
    for degree in DEGREES:
        weights = delays @ fitter(timetable.hours, degree, lam).T
        curves.append(weights @ powers(GRID, degree).T)
        own.append(((weights @ powers(timetable.hours, degree).T - delays) ** 2).mean(axis=1))
    fits = np.stack(curves)
    squared = (fits - new) ** 2
    return Fits(
        curves=fits,
        own=np.stack(own),
        other=squared[:, :, OTHER].mean(axis=2),
        expected=((fits - f) ** 2).mean(axis=2) + timetable.noise**2,
        bias2=((fits.mean(axis=1) - f) ** 2).mean(axis=1),
        variance=fits.var(axis=1).mean(axis=1),
        measured=squared.mean(axis=(1, 2)),
    )


def today(timetable: Timetable) -> Array:
    """The delays of the day on which a polynomial is trained step by step (points,)."""
    return truth(timetable.hours) + timetable.noise * np.random.default_rng(3).normal(size=timetable.points)


def tomorrow(timetable: Timetable) -> Array:
    """The delays of the day by which its training is stopped, at the times ``GRID[OTHER]`` (21,)."""
    times = GRID[OTHER]
    return truth(times) + timetable.noise * np.random.default_rng(99).normal(size=len(times))


@dataclass(frozen=True)
class Training:
    """A polynomial trained step by step: mean squared errors and weights after epoch 1, 2, … (row 0 is epoch 1)."""

    own: Array  # on the training day (epochs,)
    validation: Array  # on another day (epochs,)
    expected: Array  # on any other day (epochs,)
    weights: Array  # (epochs, degree + 1)


@lru_cache(maxsize=16)
def train(timetable: Timetable, degree: int, lam: float) -> Training:
    """Train on one day from weights of 0 by gradient descent on mini-batches; another day is for validation."""
    delays, new = today(timetable), tomorrow(timetable)
    A, rng = powers(timetable.hours, degree), np.random.default_rng(0)
    penalised = lam * (np.arange(degree + 1) > 0)
    w, history = np.zeros(degree + 1), []
    for _ in range(EPOCHS):
        order = rng.permutation(timetable.points)
        for first in range(0, timetable.points, BATCH):
            batch = order[first : first + BATCH]
            error = A[batch] @ w - delays[batch]
            w = w - RATE * (A[batch].T @ error / len(batch) + penalised * w)
        history.append(w)
    weights = np.stack(history)
    curves = weights @ powers(GRID, degree).T
    return Training(
        own=((weights @ A.T - delays) ** 2).mean(axis=1),
        validation=((curves[:, OTHER] - new) ** 2).mean(axis=1),
        expected=((curves - truth(GRID)) ** 2).mean(axis=1) + timetable.noise**2,
        weights=weights,
    )


def stop(errors: Array, patience: int) -> tuple[int, int]:
    """The epoch after which early stopping ends the run, and the epoch whose weights it keeps; both count from 1.

    Raises ``ValueError`` for a patience below 1.
    """
    if patience < 1:
        raise ValueError(f"patience must be at least 1, got {patience!r}")
    best, kept = np.inf, 0
    for epoch, error in enumerate(errors, start=1):
        if error < best:
            best, kept = error, epoch
        elif epoch - kept == patience:
            return epoch, kept
    return len(errors), kept
