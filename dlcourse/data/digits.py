"""Real handwritten digits, shipped with scikit-learn: no download."""

from __future__ import annotations

import numpy as np

from dlcourse.data.dataset import Dataset
from dlcourse.data.warp import resize

__all__ = ["load_digits"]


def load_digits(size: int = 8) -> Dataset:
    """1797 digits by 43 writers, X (1797, 1, size, size) in [0, 1] (Alpaydin & Kaynak, 1998).

    ``size`` 8 is the original. 32 matches :func:`~dlcourse.data.load_glyphs`: the digits are
    enlarged to 24×24 and get a border of 4 pixels. Raises ``ValueError`` for any other size.
    """
    if size not in (8, 32):
        raise ValueError(f"load_digits: size is {size}, expected 8 or 32")
    from sklearn import datasets

    bunch = datasets.load_digits()
    images = (bunch.images / 16).astype(np.float32)[:, None]
    if size == 32:
        images = np.pad(resize(images, 24), ((0, 0), (0, 0), (4, 4), (4, 4)))
    names = tuple(str(digit) for digit in range(10))
    description = "Handwritten digits, 8×8 pixels with 17 grey levels, from the UCI repository through scikit-learn."
    return Dataset("digits", images, bunch.target.astype(np.int64), names, description)
