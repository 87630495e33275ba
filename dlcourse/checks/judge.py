"""Judge an answer by its properties, on the side that the student's code cannot reach.

Some answers have no single right number: a split, a training loop that reaches 90 %. Their drive
returns what the student's code gave, and a :class:`Judge` computes the facts that the question
compares::

    reaches_90 = Question(..., answer=lambda: {"test accuracy, counted up to 0.9": 0.9},
                          judge=Judge(reads=("predictions",), facts=accuracy, hidden=("y_test",)))

A drive runs beside the student's code, so a fact that it computed could be forged; these cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.compare import validate
from dlcourse.checks.drives.values import Unusable

__all__ = ["Judge"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Judge:
    """How what came back becomes the outputs that are compared.

    ``reads`` names the arrays that the drive returns. ``facts(raw, inputs)`` turns them into the
    outputs of the question; it raises ``Unusable`` for arrays that make no sense. ``hidden`` names
    the inputs that the drive never gets, such as the labels of a test set. ``measured(raw, inputs)``
    says in a sentence how far the answer got ("81 % of the new digits are right."), since a goal that
    was missed says only that it was missed.
    """

    reads: tuple[str, ...]
    facts: Callable[[Mapping[str, Array], Mapping[str, Array]], Mapping[str, Any]]
    hidden: tuple[str, ...] = ()
    measured: Callable[[Mapping[str, Array], Mapping[str, Array]], str] | None = None

    def sent(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The inputs that the drive may see."""
        return {name: array for name, array in inputs.items() if name not in self.hidden}

    def outputs(self, raw: Any, inputs: Mapping[str, Array]) -> tuple[dict[str, Array], str]:
        """The compared outputs and, when there is none, a sentence that says why."""
        arrays, problem = validate(raw, self.reads)
        if problem:
            return {}, problem
        try:
            with np.errstate(all="ignore"):
                facts = self.facts(arrays, inputs)
        except Unusable as error:
            return {}, str(error)
        except Exception as error:  # shapes that no honest answer has must not stop the grader
            return {}, f"{' and '.join(self.reads)} cannot be used ({type(error).__name__}: {error})"
        return {name: np.asarray(value) for name, value in facts.items()}, ""

    def says(self, raw: Any, inputs: Mapping[str, Array]) -> str:
        """What was measured, for an answer that :meth:`outputs` found usable; "" where nothing is told."""
        if self.measured is None:
            return ""
        try:
            return self.measured(validate(raw, self.reads)[0], inputs)
        except Exception:  # as above: odd shapes must not stop the grader
            return ""
