"""Release the self-test questions of a lecture: from ``quiz.toml`` with its keys to a sealed JSON file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from dlcourse.checks.quiz import seal

__all__ = ["QuizError", "released_quiz"]


class QuizError(ValueError):
    """A ``quiz.toml`` that cannot be released; the message names the file and the question."""


def released_quiz(source: Path, number: str) -> bytes:
    """The bytes of ``quiz/NN.json`` for the questions in ``source``; the same source gives the same bytes.

    A question has a ``text`` and a table for each option, "a", "b" and so on, with ``text``, ``reason``
    and, for exactly one of them, ``right = true``. Raises ``QuizError`` for anything else.
    """
    try:
        entries = tomllib.loads(source.read_text(encoding="utf-8")).get("question", [])
    except tomllib.TOMLDecodeError as error:
        raise QuizError(f"{source.name}: {error}") from error
    questions = {}
    for index, entry in enumerate(entries, start=1):
        question_id = f"{number}.quiz.{index}"
        questions[question_id] = _released(f"{source.name}: question {index}", question_id, entry)
    return (json.dumps({"version": 1, "questions": questions}, ensure_ascii=False, indent=1) + "\n").encode()


def _released(where: str, question_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    options = {letter: option for letter, option in entry.items() if letter != "text"}
    _validate(where, entry.get("text"), options)
    salts = {
        letter: hashlib.sha256(f"{question_id}{option}".encode()).hexdigest()[:16] for letter, option in options.items()
    }
    longest = max(len(option["reason"].encode()) for option in options.values()) + 64  # 64: room for the verdict
    return {
        "text": entry["text"],
        "options": {
            letter: {
                "text": option["text"],
                "salt": salts[letter],
                "sealed": seal(
                    question_id, letter, option.get("right", False), option["reason"], salts[letter], size=longest
                ),
            }
            for letter, option in options.items()
        },
    }


def _validate(where: str, text: object, options: dict[str, Any]) -> None:
    if not isinstance(text, str) or not text:
        raise QuizError(f"{where} has no text")
    if list(options) != [chr(ord("a") + i) for i in range(len(options))] or len(options) < 2:
        raise QuizError(f"{where} has the options {list(options)}, expected a, b and so on, at least two")
    for letter, option in options.items():
        if not isinstance(option, dict) or set(option) - {"right"} != {"text", "reason"}:
            raise QuizError(f"{where}, option {letter}: expected text, reason and perhaps right")
        if not isinstance(option.get("right", False), bool):
            raise QuizError(f"{where}, option {letter}: right is {option['right']!r}, expected true or false")
    right = [letter for letter, option in options.items() if option.get("right")]
    if len(right) != 1:
        raise QuizError(f"{where} has {len(right)} right options, expected one")
