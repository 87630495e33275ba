"""The self-test questions of a lecture: multiple choice with a reason for every option.

They are authored in ``solutions/NN_topic/quiz.toml`` and released to ``quiz/NN.json``. There the
verdict and the reason of an option are sealed with a key made from the question, the option and
a salt: a reader of the file sees no key, and the check opens one option, the chosen one. This
keeps honest eyes from seeing the answer early; it is no secret against a program that tries all
options, and needs to be none, because a self-test gives no points.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dlcourse.checks.errors import UnknownQuestionError

__all__ = ["Option", "Quiz", "load_quiz", "quiz_ids", "seal"]

_FOLDER = Path(__file__).parent / "quiz"


@dataclass(frozen=True)
class Option:
    """One option as released: its text, and its sealed verdict and reason."""

    text: str
    salt: str
    sealed: str


@dataclass(frozen=True)
class Quiz:
    """One self-test question."""

    id: str
    text: str
    options: Mapping[str, Option]

    def lines(self) -> list[str]:
        """The options, and how to answer."""
        options = [f"{letter})  {option.text}" for letter, option in self.options.items()]
        return [*options, f'Write your letter between the quotes: check("{self.id}", "")']

    def judge(self, letter: str) -> tuple[bool, str]:
        """Open one option: whether it is right, and why."""
        option = self.options[letter]
        text = _mix(base64.b64decode(option.sealed), _key(self.id, letter, option.salt)).decode()
        entry = json.loads(text)
        return bool(entry["right"]), str(entry["reason"])


def seal(question_id: str, letter: str, right: bool, reason: str, salt: str, size: int) -> str:
    """Seal the verdict and reason of an option, padded to ``size`` bytes so that their length tells nothing."""
    text = json.dumps({"right": right, "reason": reason}, ensure_ascii=False).encode()
    return base64.b64encode(_mix(text.ljust(size), _key(question_id, letter, salt))).decode()


def _key(question_id: str, letter: str, salt: str) -> bytes:
    return hashlib.sha256(f"{question_id}|{letter}|{salt}".encode()).digest()


def _mix(data: bytes, key: bytes) -> bytes:
    stream = hashlib.shake_256(key).digest(len(data))
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def quiz_ids(number: str = "") -> list[str]:
    """The ids of all self-test questions, or those of one lecture ("01")."""
    return [quiz_id for path in sorted(_FOLDER.glob(f"{number or '[0-9][0-9]'}.json")) for quiz_id in _read(path.stem)]


def load_quiz(quiz_id: str) -> Quiz:
    """The self-test question with this id. Raises ``UnknownQuestionError``."""
    entry = _read(quiz_id.split(".")[0]).get(quiz_id)
    if entry is None:
        known = ", ".join(quiz_ids(quiz_id[:2]) or quiz_ids()) or "none"
        raise UnknownQuestionError(f"there is no self-test question {quiz_id!r}; known are {known}")
    options = {letter: Option(**option) for letter, option in entry["options"].items()}
    return Quiz(quiz_id, entry["text"], options)


@cache
def _read(number: str) -> dict[str, dict[str, Any]]:
    path = _FOLDER / f"{number}.json"
    if not path.is_file():
        return {}
    return dict(json.loads(path.read_text(encoding="utf-8"))["questions"])
