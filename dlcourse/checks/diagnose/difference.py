"""One output that is not as expected, with all that may help to understand it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.compare import close
from dlcourse.checks.verdict import Kind

__all__ = ["Difference", "Finding"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Difference:
    """The output ``name``: ``got`` is not ``want``.

    ``inputs`` and ``right`` are all inputs and all right outputs of the question, ``scales`` the
    named numbers that a wrong factor could be made of, ``axes`` the names of the axes, ``labels``
    those of the entries. ``is_steps`` marks a trajectory: the first axis is time.
    """

    name: str
    got: Array
    want: Array
    inputs: Mapping[str, Array] = field(default_factory=dict)
    right: Mapping[str, Array] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    is_steps: bool = False
    rtol: float = 1e-9

    @property
    def same_shape(self) -> bool:
        """Whether the two can be compared entry by entry."""
        return self.got.shape == self.want.shape

    @property
    def is_flag(self) -> bool:
        """Whether the output answers yes or no: arithmetic on it would say nothing."""
        return bool(self.want.dtype.kind == "b")

    @property
    def equal(self) -> NDArray[np.bool_]:
        """Which entries are equal; only for one shape."""
        return close(self.got, self.want, self.rtol)

    def axis(self, index: int) -> str:
        """The name of an axis, for a sentence: "axis 0 (example)"."""
        return f"axis {index} ({self.axes[index]})" if index < len(self.axes) else f"axis {index}"

    def others(self) -> dict[str, Array]:
        """Inputs and the other right outputs, as things that may have been returned instead."""
        known = {f"the input {name}": array for name, array in self.inputs.items()}
        known |= {f"the right {name}": array for name, array in self.right.items() if name != self.name}
        return known


@dataclass(frozen=True)
class Finding:
    """What the generic tier says: where the outputs differ first, and what the difference looks like."""

    kind: Kind
    summary: str
    pattern: str
    got: str
    want: str
