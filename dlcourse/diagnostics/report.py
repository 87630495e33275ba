"""A list of findings that prints as text and, in a notebook, as HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass

__all__ = ["Finding", "Report"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it is fine, what was seen and what to try."""

    name: str
    ok: bool
    seen: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """Findings under a title. ``ok`` when every finding is fine."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there is nothing to look at."""
        return all(finding.ok for finding in self.findings)

    @property
    def names(self) -> list[str]:
        """The names of the findings, in order."""
        return [finding.name for finding in self.findings]

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"{self.title}: no finding {name!r}, expected one of {', '.join(self.names)}")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __str__(self) -> str:
        lines = [self.title]
        for finding in self.findings:
            lines.append(f"{'[OK]  ' if finding.ok else '[LOOK]'} {finding.name}: {finding.seen}")
            if finding.advice:
                lines.append(f"       → {finding.advice}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'OK' if finding.ok else '<strong>LOOK</strong>'}</td>"
            f'<td style="text-align:left">{html.escape(finding.name)}</td>'
            f'<td style="text-align:left">{html.escape(finding.seen)}</td>'
            f'<td style="text-align:left">{html.escape(finding.advice)}</td></tr>'
            for finding in self.findings
        )
        head = "<tr><th></th><th>check</th><th>seen</th><th>what to try</th></tr>"
        return f"<table><caption>{html.escape(self.title)}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"
