"""The ``check`` object that students call."""

from __future__ import annotations

import sys
import time
from typing import Any

from dlcourse.checks import progress, unrecognised
from dlcourse.checks.bank import load, nearest
from dlcourse.checks.diagnose.show import numbers_text
from dlcourse.checks.errors import UnknownQuestionError
from dlcourse.checks.off_limits import Use, forbidden_use
from dlcourse.checks.question import Question
from dlcourse.checks.quiz import Quiz, load_quiz, quiz_ids
from dlcourse.checks.render import Message, verdict_message
from dlcourse.checks.verdict import Verdict

__all__ = ["Check", "Result", "check", "run_check"]

LONGEST = 20  # seconds that grading gives to one answer: dlcourse.grading.sandbox.Limits.call
SEED = 1  # of the inputs in the notebook: the same on every run, so that a message can be studied


class Result:
    """What ``check`` returns: ``passed``, and the ``verdict`` of a question. Showing it repeats the message."""

    def __init__(self, passed: bool, message: Message, verdict: Verdict | None = None) -> None:
        self.passed = passed
        self.message = message
        self.verdict = verdict
        self._shown_in = _show(message)

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return self.message.heading

    def _ipython_display_(self) -> None:
        # IPython calls this for the last line of a cell. In the cell of the check the message is already there.
        if self._shown_in != _execution_count():
            _show(self.message)


class Check:
    """Check an answer: ``check("01.multiply_gate", MultiplyGate)``.

    ``check.hint(id)`` gives one hint after the other, ``check.show(id)`` the tested inputs. For a
    question of the self-test, ``check("01.quiz.1", "b")`` checks option b and
    ``check("01.quiz.1")`` shows the question.
    """

    def __init__(self) -> None:
        self._hints_given: dict[str, int] = {}

    def __call__(self, question_id: str, answer: Any = ...) -> Result:
        """Check ``answer``, show what came out, and return it. A wrong answer raises nothing.

        Raises ``UnknownQuestionError`` for an id that does not exist.
        """
        if ".quiz." in question_id:
            return _check_option(load_quiz(question_id), answer)
        question = _load(question_id)
        if answer is ...:
            return Result(False, Message(f"{question.id} ({question.title})", _about(question)))
        use = _off_limits(question, answer)
        if question.trains and not use:
            print(f"{question.id} trains a network. This takes some seconds …", flush=True)
        started = time.perf_counter()
        verdict = question.uses(use) if use else run_check(question, answer)
        took = time.perf_counter() - started
        said = "" if verdict.kind == "not started" else verdict.diagnosis or verdict.summary
        progress.record(question.id, passed=verdict.passed, points=verdict.points, out_of=verdict.out_of, said=said)
        return Result(verdict.passed, _with_time(verdict_message(verdict), took), verdict)

    def hint(self, question_id: str) -> None:
        """Show the next hint for a question; after the last one, the last one again."""
        question = _load(question_id)
        if not question.hints:
            _show(Message(f"{question.id}: no hints", ["This question has none. Its check says what differs."]))
            return
        number = min(self._hints_given.get(question_id, 0) + 1, len(question.hints))
        self._hints_given[question_id] = number
        _show(Message(f"{question.id}: hint {number} of {len(question.hints)}", [question.hints[number - 1]]))

    def show(self, question_id: str) -> None:
        """Show what the check does: the call and the inputs."""
        question = _load(question_id)
        _show(Message(f"{question.id} ({question.title}): what is tested", _about(question)))


def _with_time(message: Message, took: float) -> Message:
    """Say so when an answer needed more time than grading gives it."""
    if took <= LONGEST:
        return message
    late = f"This took {took:.0f} seconds on this computer. Grading stops an answer after {LONGEST}."
    return Message(message.heading, [*message.lines, late], message.mood)


def run_check(question: Question, student: Any, seed: int = SEED) -> Verdict:
    """Grade a student's object here, in this process."""
    sent: list[dict[str, Any]] = []

    def call(arrays: dict[str, Any]) -> dict[str, Any]:
        sent.append(question.drive(student, **arrays))
        return dict(sent[0])

    verdict = question.grade(call, seed)
    if not verdict.recognised and sent:
        unrecognised.keep(question, seed, sent[0])
    return verdict


def _off_limits(question: Question, student: Any) -> Use | None:
    """What the answer uses although the question forbids it, as far as its source in this notebook tells."""
    shell = _shell()
    if shell is None or not question.off_limits:
        return None
    return forbidden_use(getattr(student, "__name__", ""), shell.user_ns.get("In", []), question.off_limits)


def _about(question: Question) -> list[str]:
    lines = [f"Called as {question.called_as}.", f"Tested: {question.tested}."]
    if question.off_limits:
        lines.append(f"Please write it yourself, without {', '.join(question.off_limits)}.")
    for name, array in question.draw(SEED).items():
        if array.ndim == 2 and array.size <= 40:
            lines.append(f" {name}  shape {array.shape}")
            lines += ["   " + "  ".join(f"{value:9.4g}" for value in row) for row in array.tolist()]
        else:
            lines.append(f" {name}  shape {array.shape}  {numbers_text(array)}")
    return lines


def _load(question_id: str) -> Question:
    try:
        return load(question_id)
    except UnknownQuestionError:
        quizzes = quiz_ids(question_id[:2])
        if quizzes and "quiz" in question_id:
            message = f"there is no question {question_id!r}; {nearest(question_id, quizzes)}"
            raise UnknownQuestionError(message) from None
        raise


def _check_option(quiz: Quiz, answer: Any) -> Result:
    if answer is ... or answer in ("", None):
        return Result(False, Message(f"{quiz.id}: {quiz.text}", quiz.lines()))
    option = str(answer).strip().lower()
    if option not in quiz.options:
        letters = ", ".join(quiz.options)
        return Result(False, Message(f"{quiz.id}: there is no option {option!r}", [f"The options are {letters}."]))
    right, reason = quiz.judge(option)
    progress.record(quiz.id, passed=right, points=float(right), out_of=1.0)
    word, mood = ("PASSED", "good") if right else ("NOT YET", "not yet")
    return Result(right, Message(f"{word}: {quiz.id}, option {option}", [reason], mood))


def _execution_count() -> int:
    shell = _shell()
    return -1 if shell is None else int(shell.execution_count)


def _shell() -> Any:
    """The running IPython, when there is one. IPython is never imported for this."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def _show(message: Message) -> int:
    """Display a message where the student looks; returns the number of the cell, or -1 outside IPython."""
    if _shell() is None:
        print(message)
    else:
        sys.modules["IPython"].display.display(message)
    return _execution_count()


check = Check()
