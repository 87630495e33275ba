"""Exercise 03: gradient check and relative error."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import sanity
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
_H = 1e-5


def _central(f: Any, w: Any, h: float = _H) -> Any:
    gradient = np.zeros_like(w)
    for place in np.ndindex(w.shape):
        kept = w[place]
        w[place] = kept + h
        above = f(w)
        w[place] = kept - h
        gradient[place] = (above - f(w)) / (2 * h)
        w[place] = kept
    return gradient


def _exact(w: Any, A: Any) -> Arrays:
    z = A @ w.ravel()
    gradient = A.T @ (np.cos(z) + 0.1 * z.prod() / z)
    return {"gradient": gradient.reshape(w.shape), "w is left as it was": True}


numerical_gradient = Question(
    "03.numerical_gradient",
    points=3,
    minutes=12,
    title="The centred difference",
    called_as="gradient = numerical_gradient(f, w)",
    tested="a curved function of a (2, 3) array, to six digits; afterwards w must be as it was",
    inputs=lambda rng: {"w": rng.normal(size=(2, 3)), "A": rng.uniform(0.3, 1.2, size=(4, 6))},
    drive=sanity.numerical_gradient,
    answer=_exact,
    axes={"gradient": ("row of w", "column of w")},
    off_limits=("torch.autograd", "dlcourse.numpy.gradcheck", "dlcourse.torch.gradcheck"),
    rtol=1e-6,
)
numerical_gradient.hint("One weight at a time: a little more, a little less, and the difference by the distance.")
numerical_gradient.hint("np.ndindex(w.shape) visits every place. Put the weight back before you go on.")


@numerical_gradient.wrong(
    "the difference is one-sided",
    ask="By which power of h does the error of (f(w + h) − f(w))/h fall?",
    as_student=True,
)
def one_sided(f: Any, w: Any) -> Any:
    gradient = np.zeros_like(w)
    here = f(w)
    for place in np.ndindex(w.shape):
        moved = w.copy()
        moved[place] += _H
        gradient[place] = (f(moved) - here) / _H
    return gradient


@numerical_gradient.wrong("the distance is h where it is 2h", ask="How far apart are w + h and w − h?", as_student=True)
def half_the_distance(f: Any, w: Any) -> Any:
    return 2 * _central(f, w)


@numerical_gradient.wrong(
    "the weights are not put back, so each step starts from moved ones",
    ask="Is w the same after your function?",
    as_student=True,
)
def not_restored(f: Any, w: Any) -> Any:
    gradient = np.zeros_like(w)
    for place in np.ndindex(w.shape):
        w[place] += _H
        above = f(w)
        w[place] -= 2 * _H
        gradient[place] = (above - f(w)) / (2 * _H)
    return gradient


@numerical_gradient.wrong(
    "the weights do not come back exactly: h is added and subtracted again, which leaves rounding errors",
    ask="Is 0.3 + h − 2h + h equal to 0.3 on a computer? What would it take to be sure?",
)
def restored_by_arithmetic() -> Arrays:
    return {"w is left as it was": False}


@numerical_gradient.wrong(
    "h is so large that the curve bends", ask="What happens to your error at h = 1e-5?", as_student=True
)
def large_step(f: Any, w: Any) -> Any:
    return _central(f, w, h=1e-1)


@numerical_gradient.wrong(
    "h is so small that rounding takes over", ask="How many digits has f(w + h) − f(w)?", as_student=True
)
def small_step(f: Any, w: Any) -> Any:
    return _central(f, w, h=1e-12)


@numerical_gradient.wrong("all weights are moved at once", ask="How many numbers has the gradient?", as_student=True)
def all_at_once(f: Any, w: Any) -> Any:
    return np.full_like(w, (f(w + _H) - f(w - _H)) / (2 * _H))


@numerical_gradient.wrong(
    "the difference is taken in float32",
    ask="How many digits are left of two float32 numbers that nearly agree?",
    as_student=True,
)
def in_float32(f: Any, w: Any) -> Any:
    gradient = np.zeros_like(w)
    for place in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[place] += _H
        below[place] -= _H
        gradient[place] = (np.float32(f(above)) - np.float32(f(below))) / (2 * _H)
    return gradient


def _error(a: Any, n: Any) -> Any:
    most = np.maximum(np.abs(a), np.abs(n))
    return (np.abs(a - n)[most > 0] / most[most > 0]).max()


def _errors(analytic: Any, numeric: Any, flat: Any, measure: Any) -> Arrays:
    with np.errstate(all="ignore"):
        return {
            "error": measure(analytic, numeric),
            "error where some gradients are 0": measure(flat, flat * 1.01),
            "error of a gradient with itself": measure(analytic, analytic),
        }


def _two_gradients(rng: np.random.Generator) -> Arrays:
    analytic = rng.normal(size=(3, 4)) * 10.0 ** rng.integers(-4, 2, size=(3, 4))
    flat = rng.normal(size=5)
    flat[[1, 3]] = 0
    numeric = analytic * (1 + 1e-4 * rng.normal(size=(3, 4)))
    numeric[1, 2] = analytic[1, 2] + 1e-3 * abs(analytic[1, 2])  # the worst entry, where analytic - numeric is negative
    return {"analytic": analytic, "numeric": numeric, "flat": flat}


relative_error = Question(
    "03.relative_error",
    points=2,
    minutes=8,
    title="How wrong is a gradient?",
    called_as="error = relative_error(analytic, numeric)",
    tested="gradients of very different size, gradients with entries that are 0 on both sides, and one with itself",
    inputs=_two_gradients,
    drive=sanity.relative_error,
    answer=lambda analytic, numeric, flat: _errors(analytic, numeric, flat, _error),
    off_limits=("dlcourse.numpy.gradcheck", "dlcourse.torch.gradcheck"),
    rtol=1e-6,
)
relative_error.hint("|a − n| divided by the larger of |a| and |n|, entry by entry; then the worst entry.")
relative_error.hint(
    "Where both are 0 the error is 0. np.divide has an argument `where`; a mask works too. A small number below the "
    "fraction is no way out: beside a tiny gradient it is not small."
)


@relative_error.wrong(
    "entries that are 0 on both sides give NaN", ask="What is 0/0, and what should your report say about such a weight?"
)
def without_guard(analytic: Any, numeric: Any, flat: Any) -> Arrays:
    return _errors(analytic, numeric, flat, lambda a, n: (np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))).max())


@relative_error.wrong(
    "the mean error is returned, and hides the one wrong entry", ask="One of 1000 gradients is wrong. Do you see it?"
)
def mean_error(analytic: Any, numeric: Any, flat: Any) -> Arrays:
    def measure(a: Any, n: Any) -> Any:
        most = np.maximum(np.abs(a), np.abs(n))
        return np.divide(np.abs(a - n), most, out=np.zeros_like(most), where=most > 0).mean()

    return _errors(analytic, numeric, flat, measure)


@relative_error.wrong("the error is absolute", ask="Is 1e-5 a large error for a gradient of 1e-5?")
def absolute(analytic: Any, numeric: Any, flat: Any) -> Arrays:
    return _errors(analytic, numeric, flat, lambda a, n: np.abs(a - n).max())


@relative_error.wrong(
    "differences keep their sign, so errors below 0 are not seen", ask="Is an error of −50 % smaller than one of 1 %?"
)
def signed(analytic: Any, numeric: Any, flat: Any) -> Arrays:
    def measure(a: Any, n: Any) -> Any:
        most = np.maximum(np.abs(a), np.abs(n))
        return ((a - n)[most > 0] / most[most > 0]).max()

    return _errors(analytic, numeric, flat, measure)


@relative_error.convention(
    "the difference is divided by the sum |a| + |n|, which gives about half",
    ask="The question divides by the larger of the two. By how much do the answers differ?",
)
def by_the_sum(analytic: Any, numeric: Any, flat: Any) -> Arrays:
    def measure(a: Any, n: Any) -> Any:
        total = np.abs(a) + np.abs(n)
        return (np.abs(a - n)[total > 0] / total[total > 0]).max()

    return _errors(analytic, numeric, flat, measure)


@relative_error.convention(
    "the norm of the difference is divided by a norm: one number for the whole array",
    ask="How much of that number comes from the smallest gradients?",
)
def by_norms(analytic: Any, numeric: Any, flat: Any) -> Arrays:
    def measure(a: Any, n: Any) -> Any:
        return np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n))

    return _errors(analytic, numeric, flat, measure)


QUESTIONS = (numerical_gradient, relative_error)
