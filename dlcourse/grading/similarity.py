"""Find submissions whose code is unusually alike (the idea of winnowing: Schleimer, Wilkerson & Aiken, 2003).

Code becomes a set of short runs of tokens, with every name and number replaced by one mark, so renaming variables and
changing comments hides nothing. Runs that stand in the released exercise, or that much of the class wrote, say nothing
and are left out: short questions have one natural answer.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

__all__ = ["Pair", "similar_pairs", "token_runs"]

RUN = 8
"""Tokens in a run."""

FEWEST = 25
"""Rare runs that a submission must have before it is compared."""

ALIKE = 0.7
"""Share of the smaller submission's rare runs that the other has, too, from which on a pair is reported."""

_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.INDENT}

Run = tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two students and the share of rare runs that they have in common, from 0 to 1."""

    first: str
    second: str
    share: float


def similar_pairs(code: Mapping[str, Sequence[str]], released: Sequence[str]) -> list[Pair]:
    """Return the pairs to look at, the most alike first.

    Args:
        code: cells of each student, by student.
        released: cells of the released exercise.
    """
    known = set().union(*map(token_runs, released)) if released else set()
    runs = {student: set().union(*map(token_runs, cells)) - known for student, cells in code.items()}
    writers = Counter(run for own in runs.values() for run in own)
    common = max(2, len(runs) // 5)
    rare = {student: {run for run in own if writers[run] <= common} for student, own in runs.items()}
    compared = [student for student, own in sorted(rare.items()) if len(own) >= FEWEST]
    pairs = [
        Pair(first, second, len(rare[first] & rare[second]) / min(len(rare[first]), len(rare[second])))
        for first, second in combinations(compared, 2)
    ]
    return sorted((pair for pair in pairs if pair.share >= ALIKE), key=lambda pair: -pair.share)


def token_runs(source: str) -> set[Run]:
    """Return the runs of a cell. Code that Python cannot read counts as far as it can."""
    tokens: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in _LAYOUT and token.type != tokenize.DEDENT:
                tokens.append(_mark(token))
    except (tokenize.TokenError, SyntaxError):
        pass
    return {tuple(tokens[start : start + RUN]) for start in range(len(tokens) - RUN + 1)}


def _mark(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "name"
    if token.type in {tokenize.NUMBER, tokenize.STRING}:
        return "value"
    return token.string
