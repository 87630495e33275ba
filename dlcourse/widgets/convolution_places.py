"""Where the windows of a convolution lie along one side of an image."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Places", "mends", "places"]


@dataclass(frozen=True)
class Places:
    """Windows of ``kernel`` pixels along a side of ``size``, ``stride`` apart, ``padding`` zeros at both ends.

    ``outputs`` is their number, 0 if none fits; ``reads[c]`` how many of them read pixel c. ``skipped`` are the
    unread pixels that a stride steps over, ``left_over`` those behind the last window.
    """

    size: int
    kernel: int
    stride: int
    padding: int
    outputs: int
    reads: list[int]
    skipped: list[int]
    left_over: list[int]

    @property
    def room(self) -> int:
        """How far the first window could be moved: H + 2p - R."""
        return self.size + 2 * self.padding - self.kernel

    @property
    def is_even(self) -> bool:
        """Whether the last window ends where the padded image does."""
        return self.room >= 0 and self.room % self.stride == 0

    @property
    def unread(self) -> list[int]:
        """Pixels that no window reads."""
        return sorted(self.skipped + self.left_over)


def places(size: int, kernel: int, stride: int, padding: int) -> Places:
    """The windows along one side, found by laying them down one by one."""
    starts = range(-padding, size + padding - kernel + 1, stride)
    reads = [sum(start <= pixel < start + kernel for start in starts) for pixel in range(size)]
    end = starts[-1] + kernel if starts else 0
    unread = [pixel for pixel in range(size) if starts and reads[pixel] == 0]
    return Places(
        size,
        kernel,
        stride,
        padding,
        len(starts),
        reads,
        [pixel for pixel in unread if pixel < end],
        [pixel for pixel in unread if pixel >= end],
    )


def mends(found: Places) -> list[Places]:
    """The nearest settings that come out even and leave no pixel out: first another padding, then another stride."""
    other_padding = [places(found.size, found.kernel, found.stride, p) for p in range(found.kernel)]
    other_stride = [places(found.size, found.kernel, s, found.padding) for s in range(1, 5)]
    good = [[p for p in group if p.is_even and not p.unread] for group in (other_padding, other_stride)]
    by_padding = min(good[0], key=lambda p: abs(p.padding - found.padding), default=None)
    by_stride = min(good[1], key=lambda p: abs(p.stride - found.stride), default=None)
    return [p for p in (by_padding, by_stride) if p is not None]
