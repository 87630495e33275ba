"""The convolution explorer's "code for this setting": the block in a cell of plain Python."""

from __future__ import annotations

import numpy as np

from dlcourse.widgets.convolution_run import Array, Maps

__all__ = ["code_for"]

_CELL = """\
import numpy as np

import dlcourse.numpy as dl

F = dl.functional
x = np.array([  # hundredths: 0 is paper, 100 is ink
{rows}
]) / 100
W = np.array({kernel})  # {remark}
b = np.array([{bias:g}])

z = F.conv2d(dl.tensor(x[None, None]), dl.tensor(W[None, None]), dl.tensor(b), padding=1)
relu = F.relu(z)
pooled = F.max_pool2d(relu, 2)
for name, a in (("z", z), ("ReLU", relu), ("pooled", pooled)):
    print(name, a.shape, "from", a.data.min().round(4), "to", a.data.max().round(4))

i, j = {place}  # one cell by hand
window = np.pad(x, 1)[i : i + 3, j : j + 3]
print("by hand:", round((window * W).sum() + b[0], 4), "and z:", z.data[0, 0, i, j].round(4))
"""


def code_for(maps: Maps, turned: bool, place: tuple[int, int]) -> str:
    """The image and the kernel as they are, the three operations, and the cell (row, column) ``place`` by hand."""
    return _CELL.format(
        rows="\n".join(f"    {row}," for row in _hundredths(maps.x)),
        kernel=maps.W.tolist(),
        remark="turned by 180°: the bug" if turned else "as trained",
        bias=maps.b,
        place=place,
    )


def _hundredths(x: Array) -> list[list[int]]:
    rows: list[list[int]] = np.rint(100 * x).astype(int).tolist()
    return rows
