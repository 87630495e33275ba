"""What a training curve alone tells: the rules of the learning-curve doctor.

Thresholds are rules of thumb, tried on made curves and on real runs (``tests/diagnostics``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlcourse.diagnostics.curve_features import Curve, CurveFeatures, smooth
from dlcourse.diagnostics.report import Finding

__all__ = ["barely_moves", "not_finite", "training_findings"]


def not_finite(curve: Curve) -> Finding | None:
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


def training_findings(curve: Curve, f: CurveFeatures) -> Iterator[Finding]:
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
        yield barely_moves(f)
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


def barely_moves(f: CurveFeatures) -> Finding:
    """A loss that keeps its level: falling slowly but surely, or not at all."""
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
