"""Find solution markers in a cell, and everything that looks like one but is not.

A mistyped marker once put a solution into students' hands: nbgrader copies what it does not
recognise. So a line that looks like a marker and is none of the known ones stops the release.
"""

from __future__ import annotations

import difflib
import re

__all__ = ["BEGIN", "END", "marker_problem"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

_EDGES = ("begin", "beginning", "end", "ending", "start", "stop", "finish")
_SUBJECTS = ("solution", "solutions", "answer", "hidden", "tests", "scheme")
_SQUASHED = tuple(edge + subject for edge in ("begin", "end", "start", "stop") for subject in ("solution", "answer"))


def marker_problem(source: str) -> str:
    """What is wrong with the markers in a cell's source, or "" when nothing is.

    Right is: no marker, or regions that begin and end in turn, each marker alone on its line and
    (in code) inside a function or method, where the student's cell can run before it is written.
    """
    inside = False
    for line in source.splitlines():
        text = line.strip()
        if text in (BEGIN, END):
            if (text == BEGIN) is inside:
                return f"{text!r} {'comes twice' if inside else 'has no BEGIN'}"
            inside = text == BEGIN
        elif _looks_like_a_marker(text):
            return f"{text!r} looks like a solution marker; known are {BEGIN!r} and {END!r}"
    return f"{BEGIN!r} has no END" if inside else ""


def _looks_like_a_marker(text: str) -> bool:
    if "#" not in text and "<!--" not in text and not text.isupper():
        return False
    comment = text[text.find("#") :] if "#" in text else text
    words = re.findall(r"[a-z]+", comment.lower())
    if not 0 < len(words) <= 6:
        return False
    near = [bool(difflib.get_close_matches(word, _SQUASHED, cutoff=0.8)) for word in words]
    edges = [bool(difflib.get_close_matches(word, _EDGES, cutoff=0.75)) for word in words]
    subjects = [bool(difflib.get_close_matches(word, _SUBJECTS, cutoff=0.75)) for word in words]
    return any(near) or (any(edges) and any(subjects))
