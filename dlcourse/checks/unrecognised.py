"""Keep wrong answers that no check recognises, so that an instructor can add them to the bank.

Off unless ``$DLCOURSE_UNRECOGNISED`` names a file. It gets one line of JSON for each such answer:
what the question was, which inputs (by their seed), and what came out. Nothing about the student
and none of the student's code is written, and nothing leaves the computer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.question import Question

__all__ = ["keep", "wanted"]

_LARGEST = 10_000  # numbers in one output; larger ones would make the file useless to people


def wanted() -> Path | None:
    """The file to write to, or None."""
    name = os.environ.get("DLCOURSE_UNRECOGNISED", "")
    return Path(name) if name else None


def keep(question: Question, seed: int, outputs: Mapping[str, NDArray[Any]]) -> None:
    """Append one answer. A file that cannot be written is ignored: the check comes first."""
    path = wanted()
    if path is None:
        return
    arrays = {name: np.asarray(array) for name, array in outputs.items()}
    entry = {
        "question": question.id,
        "version": question.version,
        "seed": seed,
        "outputs": {
            name: {"shape": array.shape, "values": array.ravel().tolist() if array.size <= _LARGEST else "too many"}
            for name, array in arrays.items()
        },
    }
    with suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
