"""What a training and a validation curve tell together."""

from __future__ import annotations

import numpy as np

from dlcourse.diagnostics.curve_features import Curve, jitter, measure, smooth
from dlcourse.diagnostics.curve_rules import barely_moves
from dlcourse.diagnostics.report import Finding

__all__ = ["with_validation"]

_HIGH_PLATEAU = ("underfitting", "learning rate too high", "noisy")


def with_validation(findings: list[Finding], curve: Curve, held_out: Curve) -> list[Finding]:
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
        slow = barely_moves(features)
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
    margin = 1.05 if len(held_out) > 30 else 1.1  # the lowest of few noisy values lies lower by chance
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
    if learnt > 0.1 and best < 0.9 and end > margin * lowest + 2 * noise and train[-1] < end:
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
