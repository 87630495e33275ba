"""The questions of the course. ``load`` finds one by its id and imports only the modules it needs.

The questions of exercise NN live in the modules ``qNN_TOPIC``. Each names them in ``QUESTIONS``
and its own place in ``ORDER``; questions answered in words, which a person marks, are in ``WRITTEN``.
"""

from __future__ import annotations

import difflib
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from dlcourse.checks.errors import UnknownQuestionError
from dlcourse.checks.question import Question, Written

__all__ = ["all_questions", "all_written", "exercise_numbers", "load", "nearest"]


def exercise_numbers() -> list[str]:
    """The exercises that have questions: ["00", "01", ...]."""
    return sorted({name[1:3] for name in _module_names()})


def all_questions(number: str = "") -> list[Question]:
    """Every question, or those of one exercise ("01"), in the order in which they are asked."""
    return [question for module in _modules(number) for question in getattr(module, "QUESTIONS", ())]


def all_written(number: str = "") -> list[Written]:
    """Every question that is answered in words, or those of one exercise."""
    return [question for module in _modules(number) for question in getattr(module, "WRITTEN", ())]


def load(question_id: str) -> Question:
    """The question with this id. Raises ``UnknownQuestionError``, which lists the nearest ids."""
    for question in all_questions(question_id[:2]):
        if question.id == question_id:
            return question
    if any(written.id == question_id for written in all_written(question_id[:2])):
        raise UnknownQuestionError(f"{question_id} is answered in words: your instructor reads it, and no check does")
    known = [question.id for question in all_questions()]
    raise UnknownQuestionError(f"there is no question {question_id!r}; {nearest(question_id, known)}")


def nearest(wanted: str, known: list[str]) -> str:
    """A sentence with the known ids that look most like ``wanted``."""
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    if not close:
        close = [name for name in known if name[:2] == wanted[:2]][:5] or known[:5]
    return "did you mean " + " or ".join(repr(name) for name in close) + "?"


@cache
def _module_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("q[0-9][0-9]_*.py")))


def _modules(number: str) -> list[ModuleType]:
    """The bank modules of one exercise, in the order of their ``ORDER``, or all of them."""
    names = [name for name in _module_names() if not number or name.startswith(f"q{number}_")]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return sorted(modules, key=lambda module: (module.__name__.rpartition(".")[2][1:3], module.ORDER))
