"""Answers that a question knows besides the right one: wrong, right by another convention, or equivalent."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.drives.report import error_report
from dlcourse.checks.errors import StudentError

__all__ = ["Outcome", "Variant", "call_with", "run_variant"]

Array = NDArray[Any]
Inputs = Mapping[str, Array]
Outputs = dict[str, Array]


@dataclass(frozen=True)
class Variant:
    """One known answer. ``says`` is the diagnosis in one line, ``ask`` what a good teacher would ask.

    ``compute`` takes the inputs that it names and returns the outputs in which it differs from the right answer.
    With ``as_student`` it is instead what a student would write, and goes through the drive.
    ``full`` gives a convention all points.
    """

    name: str
    kind: Literal["wrong", "convention", "accepts"]
    says: str
    ask: str
    compute: Callable[..., Any]
    as_student: bool = False
    full: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a variant gives on some inputs: outputs, or the error that it raises."""

    outputs: Outputs
    error: str = ""


def call_with(function: Callable[..., Any], inputs: Inputs) -> Any:
    """Call ``function`` with those inputs that its parameters name, so that a definition lists only what it uses."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return function(**inputs)
    return function(**{parameter.name: inputs[parameter.name] for parameter in parameters})


def run_variant(variant: Variant, inputs: Inputs, right: Outputs, run: Callable[[Any, Inputs], Outputs]) -> Outcome:
    """Compute a variant on copies of the inputs; outputs that it does not name are the right ones.

    ``run(student, inputs)`` is how a student's object becomes outputs.
    """
    arrays = {name: array.copy() for name, array in inputs.items()}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they would be about code that the student has not written
            changed = run(variant.compute, arrays) if variant.as_student else call_with(variant.compute, arrays)
    except Exception as error:
        return Outcome({}, str(StudentError.from_report(error_report(error))))
    unknown = set(changed) - set(right)
    if unknown:
        raise ValueError(f"variant {variant.name}: unknown outputs {sorted(unknown)}, expected some of {list(right)}")
    return Outcome({**right, **{name: np.asarray(value) for name, value in changed.items()}})
