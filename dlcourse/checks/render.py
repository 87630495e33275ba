"""Show a verdict: plain text for terminals and screen readers, HTML for JupyterLab.

The words carry everything ("PASSED", "NOT YET"); colour only repeats them.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from dlcourse.checks.verdict import Verdict

__all__ = ["Message", "verdict_message"]

_COLOURS = {"good": "#009E73", "not yet": "#D55E00", "note": "#0072B2"}  # Okabe-Ito, against any background
_WIDTH = 96


@dataclass(frozen=True)
class Message:
    """A heading, and lines below it. ``mood`` is "good", "not yet" or "note".

    A line that starts with a space keeps its layout, as numbers need it.
    """

    heading: str
    lines: Sequence[str]
    mood: str = "note"

    def __str__(self) -> str:
        body = []
        for line in self.lines:
            wrapped = [line] if line.startswith(" ") else textwrap.wrap(line, _WIDTH - 4)
            body += ["    " + part for part in wrapped]
        return "\n".join([self.heading, *body])

    def _repr_html_(self) -> str:
        parts = [f"<strong>{html.escape(self.heading)}</strong>"]
        for line in self.lines:
            if line.startswith(" "):
                parts.append(f'<pre style="margin:0;padding:0;background:none;color:inherit">{html.escape(line)}</pre>')
            else:
                parts.append(f'<p style="margin:0.2em 0">{html.escape(line)}</p>')
        colour = _COLOURS[self.mood]
        return (
            f'<div role="group" aria-label="{html.escape(self.heading, quote=True)}" '
            f'style="border-left:0.3em solid {colour};padding:0.2em 0.8em;max-width:60em">{"".join(parts)}</div>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def verdict_message(verdict: Verdict, *, live: bool = True) -> Message:
    """What a student reads about one answer. ``live`` adds how to ask for a hint; a grader's report needs none."""
    name = f"{verdict.question} ({verdict.title})"
    points = f"{verdict.points:g} of {verdict.out_of:g} points"
    if verdict.status == "right":
        lines = [f"Tested: {verdict.tested}."]
        if verdict.summary != "Everything agrees.":
            lines.append(verdict.summary)
        return Message(f"PASSED: {name}, {points}", lines, "good")
    if verdict.kind == "not started":
        return Message(f"NOT STARTED: {name}", [verdict.summary], "note")
    lines = [f"Tested: {verdict.tested}.", verdict.summary]
    if verdict.got and verdict.want:
        lines += [f" you   {verdict.got}", f" want  {verdict.want}"]
    elif verdict.got:
        lines.append(f" {verdict.got}")
    lines += [verdict.pattern] if verdict.pattern else []
    lines += _diagnosis(verdict)
    lines += [verdict.ask] if verdict.ask else []
    if live and not verdict.passed:
        lines.append(f'A hint: check.hint("{verdict.question}")    The inputs: check.show("{verdict.question}")')
    if verdict.status == "convention":
        word, mood = ("PASSED, OTHER CONVENTION", "good") if verdict.passed else ("ANOTHER CONVENTION", "note")
        return Message(f"{word}: {name}, {points}", lines, mood)
    return Message(f"NOT YET: {name}, {points}", lines, "not yet")


def _diagnosis(verdict: Verdict) -> list[str]:
    if verdict.status == "convention":
        return [f"This is right under another convention: {verdict.diagnosis}."]
    if verdict.diagnosis:
        return [f"This is what you get when {verdict.diagnosis}."]
    if not verdict.recognised:
        return ["This check does not recognise the mistake."]
    return []
