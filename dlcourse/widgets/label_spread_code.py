"""The label-spread explorer's "code for this setting": the steps as a plain loop."""

from __future__ import annotations

from dlcourse.widgets.label_spread_run import ALPHA, NEIGHBOURS, STEPS

__all__ = ["code_for"]

_CELL = """\
import numpy as np

from dlcourse.transfer import neighbour_graph
from dlcourse.widgets.label_spread_run import known_labels, map_of, truth

y, points = truth(), map_of({space!r})
known = known_labels(each={each}, slips={slips}, draw={draw})
S = neighbour_graph(points, neighbours={neighbours})
Y = (known[:, None] == np.arange(10)).astype(float)
F, others = Y, known < 0
for step in range({steps} + 1):
    if step in {shown}:
        labels = np.where(F.max(axis=1) > 0, F.argmax(axis=1), -1)
        print(f"step {{step:>3}}: {{100 * (labels == y)[others].mean():.1f}} % right")
    F = {alpha} * S @ F + {rest:g} * Y
"""


def code_for(space: str, each: str, slips: str, draw: str) -> str:
    """A cell that prints the share of right labels after the steps that are shown."""
    return _CELL.format(
        space=space,
        each=each,
        slips=slips,
        draw=draw,
        steps=STEPS[-1],
        shown=STEPS,
        alpha=ALPHA,
        rest=1 - ALPHA,
        neighbours=NEIGHBOURS,
    )
