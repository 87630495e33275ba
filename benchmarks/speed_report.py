"""What a section of the benchmark hands back, how it is written down, and where sections are listed.

A section is one function: it measures and returns a :class:`Report`.

    @section("conv", "Convolution")
    def convolution(effort: Effort) -> Report:
        ...

Put it in a file that ``benchmarks/speed.py`` names in ``FILES``; ``--only conv`` then runs it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.speed_timing import Effort

__all__ = [
    "GRADING",
    "SECTIONS",
    "Figure",
    "Report",
    "Section",
    "Target",
    "at_least",
    "at_most",
    "duration",
    "find_section",
    "replace_section",
    "section",
    "table",
]


@dataclass(frozen=True)
class Target:
    """A promise with a number in it, and what was measured."""

    promise: str
    bound: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Figure:
    """A picture as PNG, and the sentence that replaces it for those who cannot see it."""

    name: str
    png: bytes
    alt: str


@dataclass(frozen=True)
class Report:
    """A section's text in Markdown, the targets it speaks for, and its pictures."""

    text: str
    targets: Sequence[Target] = ()
    figures: Sequence[Figure] = field(default=())


@dataclass(frozen=True)
class Section:
    """A part of the benchmark: its short name, its heading, and the function that measures."""

    name: str
    title: str
    run: Callable[[Effort], Report]


SECTIONS: dict[str, Section] = {}

GRADING = "Grading"
"""Title of the one section that `benchmarks.grading` writes, which the others leave as it is."""


def section(name: str, title: str) -> Callable[[Callable[[Effort], Report]], Callable[[Effort], Report]]:
    """List a function as a section. Raises ``ValueError`` for a name that is taken."""

    def register(run: Callable[[Effort], Report]) -> Callable[[Effort], Report]:
        if name in SECTIONS:
            raise ValueError(f"section: {name!r} is taken by {SECTIONS[name].title!r}")
        SECTIONS[name] = Section(name, title, run)
        return run

    return register


def at_least(promise: str, measured: float, bound: float, unit: str = "×") -> Target:
    """A target that large numbers meet; the verdict is about the two decimals that are shown."""
    measured = round(measured, 2)
    return Target(promise, f"≥ {bound:g} {unit}", f"{measured:.2f} {unit}", measured >= bound)


def at_most(promise: str, measured: float, bound: float, unit: str = "×") -> Target:
    """A target that small numbers meet; the verdict is about the two decimals that are shown."""
    measured = round(measured, 2)
    return Target(promise, f"≤ {bound:g} {unit}", f"{measured:.2f} {unit}", measured <= bound)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], words: bool = False) -> str:
    """A Markdown table; columns after the first hold numbers, aligned right, or ``words``, aligned left."""
    rule = "---|" if words else "---:|"
    lines = [_row(header), "|---|" + rule * (len(header) - 1)]
    return "\n".join([*lines, *map(_row, rows)])


def find_section(text: str, title: str) -> str:
    """Return what stands under the second-level heading of that title in Markdown; empty without it."""
    _, _, rest = f"\n{text}".partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0].strip()


def replace_section(text: str, title: str, body: str) -> str:
    """Return Markdown with the section of that title replaced, or added at the end."""
    head, mark, rest = f"{text.rstrip()}\n".partition(f"\n## {title}\n")
    _, follows, after = rest.partition("\n## ") if mark else ("", "", "")
    return f"{head.rstrip()}\n\n## {title}\n\n{body}\n" + (f"\n## {after}" if follows else "")


def duration(seconds: float) -> str:
    """Three digits and a unit: 142 µs, 3.05 ms, 1.20 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            value = seconds / size
            digits = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{digits}f} {unit}"
    raise AssertionError("unreachable: the loop ends at µs")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
