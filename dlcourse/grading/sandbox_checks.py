"""What ``dlcourse.checks`` is inside the grading sandbox: every name is there, and none of them scores anything.

The scoring happens outside, in the grader's own process, on inputs that this process has never seen.
"""

from __future__ import annotations

from typing import Any


class _ScoredLater:
    """Answers every call and every attribute with itself, and says at every call that scoring happens outside."""

    passed = False

    def __bool__(self) -> bool:
        return False

    def __call__(self, *arguments: Any, **_: Any) -> _ScoredLater:
        name = arguments[0] if arguments and isinstance(arguments[0], str) else "this"
        print(f"{name}: scored later, outside this notebook")
        return self

    def __getattr__(self, name: str) -> _ScoredLater:
        if name.startswith("_"):
            raise AttributeError(name)
        return self


def __getattr__(name: str) -> _ScoredLater:
    if name.startswith("_"):
        raise AttributeError(name)
    return _ScoredLater()
