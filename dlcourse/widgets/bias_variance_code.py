"""The bias and variance explorer's "code for this setting": one cell for each kind of view."""

from __future__ import annotations

from dlcourse.widgets import bias_variance_penalty as two
from dlcourse.widgets import bias_variance_run as run

__all__ = ["code_for"]

_SETUP = """\
import numpy as np

hours, grid = np.linspace(6, 22, {points}), np.linspace(6, 22, 161)


def truth(hour):
    return 2 + 5 * np.exp(-(((hour - 8) / 2) ** 2)) + 4 * np.exp(-(((hour - 17) / 2.5) ** 2))


def powers(hour, degree):
    return np.polynomial.legendre.legvander((hour - 14) / 8, degree)


"""

_FIT = "np.linalg.pinv(A)"
_RIDGE = "np.linalg.solve(A.T @ A / len(hours) + {lam} * np.diag([0.0] + [1.0] * degree), A.T / len(hours))"

_DAYS = """\
rng, delays, new = np.random.default_rng(0), [], []
for _ in range({days}):
    delays.append(truth(hours) + {noise} * rng.normal(size=len(hours)))
    new.append(truth(grid) + {noise} * rng.normal(size=len(grid)))
delays, new, choose_by, expected = np.array(delays), np.array(new), [], []
for degree in range({degrees}):
    A = powers(hours, degree)
    weights = delays @ ({fit}).T
    fits = weights @ powers(grid, degree).T
    expected.append(((fits - truth(grid)) ** 2).mean(axis=1) + {noise2})
    choose_by.append(({errors} ** 2).mean(axis=1))
    if degree == {degree}:
        bias2 = ((fits.mean(axis=0) - truth(grid)) ** 2).mean()
        variance = fits.var(axis=0).mean()
        print("bias², variance, noise:", bias2, variance, {noise2})
        print("sum, measured:", bias2 + variance + {noise2}, ((fits - new) ** 2).mean())
chosen = np.argmin(choose_by, axis=0)  # on {judge}
print("error of the degrees chosen:", np.take_along_axis(np.array(expected), chosen[None], axis=0).mean())
"""

_STOPPING = """\
day = truth(hours) + {noise} * np.random.default_rng(3).normal(size=len(hours))
another = truth(grid[::8]) + {noise} * np.random.default_rng(99).normal(size=21)
A, w, rng = powers(hours, {degree}), np.zeros({degree} + 1), np.random.default_rng(0)
decay = {lam} * (np.arange(len(w)) > 0)  # not for the constant
training, validation = [], []
for epoch in range({epochs}):
    order = rng.permutation(len(hours))
    for first in range(0, len(hours), {batch}):
        rows = order[first : first + {batch}]
        w = w - {rate} * (A[rows].T @ (A[rows] @ w - day[rows]) / len(rows) + decay * w)
    training.append(((A @ w - day) ** 2).mean())
    validation.append(((powers(grid[::8], {degree}) @ w - another) ** 2).mean())
judge = {judge}
print("best epoch, its error:", np.argmin(judge) + 1, min(judge))
for patience in {patiences}:
    best, kept = np.inf, 0
    for epoch, error in enumerate(judge, start=1):
        if error < best:
            best, kept = error, epoch
        elif epoch - kept == patience:
            break
    print("patience, last epoch, epoch kept:", patience, epoch, kept)
"""

_PENALTY = """\
import numpy as np

H, best = np.array({curvature}), np.array({best})  # loss: (w - best) H (w - best) / 2
l1, l2, eta = {l1}, {l2}, {rate}
w = np.array({start})
for step in range({steps}):
    gradient = H @ (w - best) + l2 * w
{update}
print("w:", *w)
"""
_SOFT = """\
    w = w - eta * gradient
    w = np.sign(w) * np.maximum(np.abs(w) - eta * l1, 0)  # soft threshold"""
_SIGN = "    w = w - eta * (gradient + l1 * np.sign(w))  # the bug: steps over 0"


def code_for(view: str, lam: float, degree: int, bug: bool, points: int, noise: float) -> str:
    """A cell that prints the numbers of a view: "days", "stopping" or a name in ``PENALTIES``."""
    if view in two.PENALTIES:
        return _penalty(view, lam, bug)
    setup = _SETUP.format(points=points)
    if view == "stopping":
        return setup + _STOPPING.format(
            noise=noise,
            degree=degree,
            lam=lam,
            epochs=run.EPOCHS,
            batch=run.BATCH,
            rate=run.RATE,
            judge="training  # the bug" if bug else "validation",
            patiences=run.PATIENCES,
        )
    return setup + _DAYS.format(
        days=run.DAYS,
        noise=noise,
        noise2=noise**2,
        degrees=len(run.DEGREES),
        degree=degree,
        fit=_RIDGE.format(lam=lam) if lam else _FIT,
        errors="(weights @ A.T - delays)" if bug else "(fits - new)[:, ::8]",
        judge="its own day, the bug" if bug else "another day",
    )


def _penalty(name: str, lam: float, bug: bool) -> str:
    l1, l2 = (lam * share for share in two.PENALTIES[name])
    return _PENALTY.format(
        curvature=two.H.tolist(),
        best=two.BEST.tolist(),
        l1=l1,
        l2=l2,
        rate=two.RATE,
        start=two.START.tolist(),
        steps=two.STEPS,
        update=_SIGN if bug else _SOFT,
    )
