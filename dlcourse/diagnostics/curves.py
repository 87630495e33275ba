"""The learning-curve doctor: names the likely cause of a curve's shape and what to try.

The rules are rules of thumb over a few numbers (``curve_features.py``). They point to the usual
cause; only an experiment proves it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlcourse.diagnostics.curve_features import Curve, CurveFeatures, jitter, measure, smooth
from dlcourse.diagnostics.report import Finding, Report

__all__ = ["diagnose_curve"]

_TITLE = "Learning curve"
_SEVERITY = (
    "not a number",
    "explodes",
    "rising",
    "not learning",
    "learning rate too low",
    "periodic",
    "plateau then drop",
    "learning rate too high",
    "memorising",
    "overfitting",
    "generalisation gap",
    "validation better than training",
    "underfitting",
    "slow",
    "noisy",
    "spikes",
    "healthy",
)
_HIGH_PLATEAU = ("underfitting", "learning rate too high", "noisy")


def diagnose_curve(train: ArrayLike, val: ArrayLike | None = None) -> Report:
    """Look at the training losses ``train`` and, if given, the validation losses ``val``.

    Values are losses (not accuracies), one for each step or epoch, oldest first; the two curves
    may have different lengths but cover the same run. The report's findings, most serious first,
    have one of these names:

        not a number, explodes, rising, not learning, learning rate too low, periodic,
        plateau then drop, learning rate too high, memorising, overfitting, generalisation gap,
        validation better than training, underfitting, slow, noisy, spikes, healthy

    Raises ``ValueError`` for fewer than 5 training or 3 validation values, or a first loss of 0 or less.
    """
    curve = _curve(train, "train", 5)
    held_out = None if val is None else _curve(val, "val", 3)
    broken = _not_finite(curve)
    if broken is not None:
        return Report(_TITLE, (broken,))
    features = measure(curve)
    findings = list(_training(curve, features))
    if held_out is not None and not any(finding.name in ("explodes", "rising") for finding in findings):
        findings = _with_validation(findings, curve, held_out)
    if not findings:
        seen = f"the loss falls from {features.start:.3g} to {features.end:.3g} and levels off"
        findings = [Finding("healthy", True, seen)]
    return Report(_TITLE, tuple(sorted(findings, key=lambda finding: _SEVERITY.index(finding.name))))


def _curve(values: ArrayLike, name: str, least: int) -> Curve:
    curve: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if curve.ndim != 1 or len(curve) < least:
        raise ValueError(f"diagnose_curve: {name} has shape {curve.shape}, expected {least} or more losses")
    if curve[0] <= 0:
        raise ValueError(f"diagnose_curve: the first value of {name} is {curve[0]}, expected a positive loss")
    return curve


def _not_finite(curve: Curve) -> Finding | None:
    """NaN or infinity: after growth the rate is to blame, out of the blue a logarithm or a division."""
    bad = np.flatnonzero(~np.isfinite(curve))
    if len(bad) == 0:
        return None
    first = int(bad[0])
    if first == 0:
        return Finding(
            "not a number",
            False,
            f"the very first loss is {curve[0]}",
            "look for bad inputs and for a loss that takes a logarithm of 0. If this is the mean of an epoch, plot "
            "the loss of every step: the learning rate may be far too high",
        )
    if np.max(curve[:first]) > 3 * curve[0]:
        return Finding(
            "not a number",
            False,
            f"the loss grows from {curve[0]:.3g} to {np.max(curve[:first]):.3g}, then it is {curve[first]}",
            "the learning rate is too high: divide it by 10, and stop runs at 3 times the first loss",
        )
    return Finding(
        "not a number",
        False,
        f"the loss is {curve[first]} from value {first}, without having grown before",
        "look for a logarithm of 0, a division by 0 (a constant feature, an empty class) or a bad input; "
        "if it was not that, divide the learning rate by 10",
    )


def _training(curve: Curve, f: CurveFeatures) -> Iterator[Finding]:
    """What the training curve alone tells."""
    if max(f.end, float(curve[-1])) > 3 * f.start:
        fell = float(smooth(curve).min()) < 0.9 * f.start
        yield Finding(
            "explodes",
            False,
            f"the loss ends at {max(f.end, float(curve[-1])):.3g}, more than 3 times the first, {f.start:.3g}"
            + (", after it had fallen" if fell else ""),
            "clip the gradient's norm or divide the learning rate by 3" if fell else "divide the learning rate by 10",
        )
        return
    if f.drop < -0.1:
        yield Finding(
            "rising",
            False,
            f"the loss rises from {f.start:.3g} to {f.end:.3g}",
            "the learning rate is too high: divide it by 10. If that does not help, the sign of the update or of "
            "the gradient is wrong",
        )
        return
    if f.period:
        yield Finding(
            "periodic",
            False,
            f"the loss repeats a pattern every {f.period} values",
            "shuffle the training data anew in each epoch; if they are, look at a schedule with cycles",
        )
    if f.drop < 0.05:
        yield _barely_moves(f)
        return
    yield from _shape(f)
    if f.roughness > 0.1 and not f.period:
        yield Finding(
            "noisy",
            False,
            f"from one value to the next the loss jumps by {f.noise:.2g}, {100 * f.roughness:.0f} % of its whole drop",
            "use larger batches, lower the learning rate towards the end, or plot a running mean",
        )

    if f.spikes and not f.period:
        yield Finding(
            "spikes",
            False,
            f"{f.spikes} value(s) stand far above their neighbours",
            "clip the gradient's norm or lower the learning rate; look at the examples of those batches",
        )


def _barely_moves(f: CurveFeatures) -> Finding:
    if f.trend > 8:
        return Finding(
            "learning rate too low",
            False,
            f"the loss falls steadily but only by {100 * f.drop:.1f} %, from {f.start:.4g} to {f.end:.4g}",
            "multiply the learning rate by 10 until the loss falls fast, then stop before it becomes unstable",
        )
    return Finding(
        "not learning",
        False,
        f"the loss stays at its first value, {f.start:.3g}",
        "check that gradients are not zero (initialisation, dead or saturated units, frozen weights), that labels "
        "belong to their inputs, and that 20 examples can be overfitted",
    )


def _shape(f: CurveFeatures) -> Iterator[Finding]:
    """Curves that fall: how, how far, how smoothly."""
    if f.highest > 1.3 * f.start:
        yield Finding(
            "learning rate too high",
            False,
            f"the loss jumps from {f.start:.3g} to {f.highest:.3g} before it falls",
            "divide the learning rate by 3, or warm it up over the first steps",
        )
    elif f.at_10 > 0.12 and f.at_50 < 2.2 * f.at_10:
        yield Finding(
            "plateau then drop",
            False,
            f"nothing happens for the first {100 * f.at_10:.0f} % of the run, then the loss falls",
            "the initialisation is bad, often too small: use He for ReLU and Xavier for tanh, or normalise the layers",
        )
    elif f.late_drop > 0.13:
        yield Finding(
            "slow",
            False,
            f"{100 * f.late_drop:.0f} % of the whole drop comes in the last quarter: the loss is still falling",
            "train longer, or raise the learning rate",
        )
    elif f.end > 0.35 * f.start and not f.period:
        yield _high_plateau(f)


def _high_plateau(f: CurveFeatures) -> Finding:
    if f.roughness > 0.2:
        return Finding(
            "learning rate too high",
            False,
            f"the loss falls fast, then jumps about at {f.end:.3g}, {100 * f.end / f.start:.0f} % of the first",
            "divide the learning rate by 3 to 10, or lower it during training",
        )
    return Finding(
        "underfitting",
        False,
        f"the loss levels off at {f.end:.3g}, {100 * f.end / f.start:.0f} % of the first",
        "give the network more capacity or better inputs, weaken the regularisation, or look for wrong labels",
    )


def _with_validation(findings: list[Finding], curve: Curve, held_out: Curve) -> list[Finding]:
    """Add what the two curves tell together; a gap explains a high plateau better than capacity does."""
    if not np.isfinite(held_out).all():
        broken = Finding(
            "not a number",
            False,
            "the validation loss is not finite while the training loss is",
            "look for validation inputs that are out of range, and at what differs in evaluation mode",
        )
        return [broken, *findings]
    if any(finding.name == "not learning" for finding in findings):
        # Single batches are noisy; the validation set is always the same, so it shows a small trend.
        features = measure(held_out)
        slow = _barely_moves(features)
        falls = slow.name == "learning rate too low" and features.drop > 0
        return [slow if falls and finding.name == "not learning" else finding for finding in findings]
    found = _compare(curve, held_out)
    if found is not None and found.name == "validation better than training":
        # Then the high level of the training loss is not a lack of capacity.
        findings = [finding for finding in findings if finding.name not in _HIGH_PLATEAU]
    if found is None or any(finding.name in ("periodic", "learning rate too high") for finding in findings):
        return findings
    return [*findings, found]


def _compare(curve: Curve, held_out: Curve) -> Finding | None:
    time = np.linspace(0, 1, len(curve))
    train = np.interp(np.linspace(0, 1, len(held_out)), time, smooth(curve))
    level = smooth(held_out)
    start, end, lowest = float(held_out[0]), float(level[-1]), float(level.min())
    learnt = 1 - train[-1] / curve[0]
    noise = jitter(held_out[len(held_out) // 3 :])
    best = int(level.argmin()) / max(len(level) - 1, 1)
    if learnt > 0.1 and lowest > 0.95 * start and train[-1] < 0.9 * end:
        return Finding(
            "memorising",
            False,
            f"the training loss falls to {train[-1]:.3g}, the validation loss never leaves {start:.3g}",
            "check that validation inputs are prepared like training inputs and that labels are not shuffled; "
            "otherwise the inputs say nothing about the labels",
        )
    if learnt > 0.1 and best < 0.9 and end > 1.05 * lowest + 2 * noise and train[-1] < end:
        return Finding(
            "overfitting",
            False,
            f"the validation loss is lowest ({lowest:.3g}) after {100 * best:.0f} % of the run and rises to {end:.3g}",
            "stop early and keep the best weights; then more data, augmentation, weight decay or dropout",
        )
    if learnt > 0.1 and end - train[-1] > max(0.15 * curve[0], 2 * noise):
        return Finding(
            "generalisation gap",
            False,
            f"training ends at {train[-1]:.3g}, validation at {end:.3g}",
            "more data or augmentation, stronger regularisation, or a smaller network",
        )
    late = slice(len(level) // 3, None)
    if np.mean(level[late] < 0.97 * train[late]) > 0.8 and np.mean(train[late] - level[late]) > 0.02 * curve[0]:
        return Finding(
            "validation better than training",
            False,
            f"validation ends at {end:.3g}, below training at {train[-1]:.3g}",
            "normal with dropout or augmentation (they act in training only) and with losses averaged over an epoch; "
            "otherwise look for training examples in the validation set or an easier validation set",
        )
    return None
