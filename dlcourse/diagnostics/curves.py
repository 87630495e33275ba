"""The learning-curve doctor: names the likely cause of a curve's shape and what to try.

It measures a few numbers (``curve_features.py``) and applies rules of thumb to them
(``curve_rules.py``, ``curve_pairs.py``). They point to the usual cause; only an experiment proves it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlcourse.diagnostics.curve_features import Curve, measure
from dlcourse.diagnostics.curve_pairs import with_validation
from dlcourse.diagnostics.curve_rules import not_finite, training_findings
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
    broken = not_finite(curve)
    if broken is not None:
        return Report(_TITLE, (broken,))
    features = measure(curve)
    findings = list(training_findings(curve, features))
    if held_out is not None and not any(finding.name in ("explodes", "rising") for finding in findings):
        findings = with_validation(findings, curve, held_out)
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
