"""What can be measured about the shape of a loss curve; the doctor in ``curves.py`` draws conclusions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CurveFeatures", "jitter", "measure", "periodicity", "smooth"]

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class CurveFeatures:
    """Numbers about a finite curve of n losses; times are shares of the run, from 0 to 1.

    ``start`` and ``end`` are levels (``end``: the mean of the last tenth), ``noise`` is the standard
    deviation of the jumps from one value to the next, over √2, ``lowest`` and ``highest`` those of the
    smoothed curve, ``trend`` the drop of a straight line
    through the curve in units of its standard error. ``at_10`` and ``at_50`` are when a tenth and
    half of the whole drop have happened, ``late_drop`` is the share of it in the last quarter.
    ``spikes`` counts isolated values far above their neighbours. ``period`` is 0 without a rhythm.
    """

    start: float
    end: float
    lowest: float
    highest: float
    noise: float
    trend: float
    at_10: float
    at_50: float
    late_drop: float
    spikes: int
    period: int

    @property
    def drop(self) -> float:
        """The share of the first loss that is gone at the end; negative for a rise."""
        return 1 - self.end / self.start

    @property
    def roughness(self) -> float:
        """The noise, as a share of the drop."""
        return self.noise / max(self.start - self.end, 1e-12)


def measure(curve: Curve) -> CurveFeatures:
    """The features of a curve of finite losses."""
    n = len(curve)
    start, end = float(curve[: max(1, n // 200)].mean()), float(curve[-max(1, n // 10) :].mean())
    level = smooth(curve)
    progress = np.maximum.accumulate((start - level) / max(start - level.min(), 1e-12))
    return CurveFeatures(
        start=start,
        end=end,
        lowest=float(level.min()),
        highest=float(level.max()),
        noise=jitter(curve),
        trend=_trend(curve),
        at_10=float(np.argmax(progress >= 0.1)) / n,
        at_50=float(np.argmax(progress >= 0.5)) / n,
        late_drop=float((level[-1 - n // 4] - level[-1]) / max(start - level.min(), 1e-12)),
        spikes=_spikes(curve),
        period=periodicity(curve),
    )


def smooth(curve: Curve, share: float = 0.06) -> Curve:
    """The moving average over ``share`` of the curve, at least 3 values, shorter at the ends."""
    half = max(1, round(share * len(curve) / 2))
    sums = np.concatenate([[0.0], np.cumsum(curve)])
    places = np.arange(len(curve))
    first, last = np.maximum(places - half, 0), np.minimum(places + half + 1, len(curve))
    averages: Curve = (sums[last] - sums[first]) / (last - first)
    return averages


def periodicity(curve: Curve) -> int:
    """The length of the rhythm that a curve follows, in values; 0 when there is none.

    The trend is taken out; what is left must look like itself one period later (autocorrelation
    above 0.4), less so half a period later, and at least four periods must fit.
    """
    n = len(curve)
    if n < 24:
        return 0
    rest = curve - smooth(curve, 0.34)
    rest = rest - rest.mean()
    power = float(rest @ rest)
    if power <= 1e-20 * max(float(curve @ curve), 1e-300):
        return 0
    lags = np.arange(3, n // 4 + 1)
    correlation = np.array([rest[lag:] @ rest[:-lag] / power * n / (n - lag) for lag in lags])
    inner = correlation[1:-1]
    peaks = np.flatnonzero((inner >= correlation[:-2]) & (inner > correlation[2:]) & (inner > 0.4)) + 1
    for peak in peaks:
        lag = int(lags[peak])
        between = correlation[(lags >= lag // 2 - 1) & (lags <= lag // 2 + 1)]
        valley = between.min() if len(between) else correlation[:peak].min()
        if correlation[peak] - valley > 0.4 and correlation[peak] >= 0.8 * correlation[peaks].max():
            return lag
    return 0


def jitter(curve: Curve) -> float:
    """The standard deviation of independent noise that would make the curve jump as it does, spikes clipped.

    In a short curve, the first fast steps of learning must not count: there the median decides.
    """
    steps = np.diff(curve)
    if len(steps) < 100:
        return float(_spread(steps - np.median(steps)) / np.sqrt(2))
    low, high = np.quantile(steps, [0.01, 0.99])
    return float(np.clip(steps, low, high).std() / np.sqrt(2))


def _spread(values: Curve) -> float:
    """A standard deviation that a few outliers do not change."""
    return float(1.4826 * np.median(np.abs(values)))


def _trend(curve: Curve) -> float:
    """The total drop of the least-squares line, divided by its standard error."""
    n = len(curve)
    time = np.linspace(-0.5, 0.5, n)
    slope = float(time @ curve / (time @ time))
    residual = curve - curve.mean() - slope * time
    error = np.sqrt(float(residual @ residual) / max(n - 2, 1) / float(time @ time))
    return float(-slope / max(error, 1e-12))


def _spikes(curve: Curve) -> int:
    """Values far above the median of their nine neighbours: by 8 noise levels, by a tenth of the first loss, by 30 %.

    More than one in a hundred are no longer spikes but noise: the answer is 0 then.
    """
    if len(curve) < 20:
        return 0
    padded = np.pad(curve, 4, mode="edge")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    excess = curve - median
    high = (excess > 8 * _spread(excess)) & (excess > 0.1 * curve[0]) & (excess > 0.3 * median)
    count = int(high[5:].sum())
    return count if count <= max(1, len(curve) // 100) else 0
