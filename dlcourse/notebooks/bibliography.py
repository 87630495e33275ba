"""The course's references: one BibTeX file, cited from lectures by key.

A lecture cites with a link whose target is the key, ``[Rumelhart et al., 1986](#rumelhart1986)``:
readable wherever the notebook is shown. The cell with the id ``references`` lists what the lecture
cites; ``dlcourse refresh`` writes it, so that an entry is corrected in one place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

__all__ = ["Entry", "bibliography_of", "citations", "fill_references", "parse"]

_ENTRY = re.compile(r"@(?P<kind>\w+)\{(?P<key>[^,\s]+),\n(?P<fields>.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^  (?P<name>\w+) = \{(?P<value>.*)\},?$")
_CITATION = re.compile(r"\[(?P<text>[^\]]+)\]\(#(?P<key>[a-z]+\d{4}[a-z]*)\)")
_REQUIRED = ("author", "title", "year")
_MOST_AUTHORS = 6
_PLACES = ("journal", "booktitle", "publisher", "howpublished")


@dataclass(frozen=True)
class Entry:
    """A work that lectures cite."""

    key: str
    fields: Mapping[str, str]

    @property
    def families(self) -> list[str]:
        """The authors' family names."""
        return [name.split(",")[0].strip() for name in self.fields["author"].split(" and ")]

    @property
    def label(self) -> str:
        """How the text names it: ``Rumelhart et al., 1986``."""
        names = self.families
        who = names[0] if len(names) == 1 else " & ".join(names) if len(names) == 2 else f"{names[0]} et al."
        return f"{who}, {self.fields['year']}"

    @property
    def address(self) -> str:
        """Where it can be read: a DOI, arXiv or web address, or an empty string."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        if "eprint" in self.fields:
            return f"https://arxiv.org/abs/{self.fields['eprint']}"
        return self.fields.get("url", "")

    def markdown(self) -> str:
        """Return the line for a list of references."""
        place = next((f" *{self.fields[name]}*" for name in _PLACES if name in self.fields), "")
        volume = f" {self.fields['volume']}" if "volume" in self.fields else ""
        pages = f", {self.fields['pages'].replace('--', '–')}" if "pages" in self.fields else ""
        title = f"[{self.fields['title']}]({self.address})" if self.address else self.fields["title"]
        where = f"{place}{volume}{pages}".strip()
        end = "" if title.endswith(("?", "!")) else "."
        line = f'<a id="{self.key}"></a>{self._authors()} ({self.fields["year"]}). {title}{end} {where}'.strip()
        return f"{line}." if where else line

    def _authors(self) -> str:
        names = self.families
        if len(names) > _MOST_AUTHORS:
            return f"{', '.join(names[:3])} et al."
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} & {names[-1]}"


def parse(text: str) -> dict[str, Entry]:
    """Read BibTeX of the plain form used here: ``@kind{key,`` then lines ``  name = {value},`` then ``}``.

    Raises ValueError for anything else, for a key used twice and for a missing author, title or year.
    """
    entries: dict[str, Entry] = {}
    rest = _ENTRY.sub("", "\n".join(line for line in text.splitlines() if not line.startswith("%")))
    if rest.strip():
        raise ValueError(f"references.bib: cannot read {rest.strip().splitlines()[0]!r}")
    for match in _ENTRY.finditer(text):
        key = match["key"]
        if key in entries:
            raise ValueError(f"references.bib: the key {key} is used twice")
        entries[key] = Entry(key, _fields(key, match["fields"]))
    return entries


def _fields(key: str, block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.splitlines():
        match = _FIELD.fullmatch(line.rstrip())
        if match is None:
            raise ValueError(f"references.bib: {key}: cannot read {line!r}, expected '  name = {{value}},'")
        fields[match["name"].lower()] = match["value"].replace("{", "").replace("}", "")
    missing = [name for name in _REQUIRED if not fields.get(name)]
    if missing:
        raise ValueError(f"references.bib: {key} has no {' and no '.join(missing)}")
    return fields


def bibliography_of(notebook: Path) -> dict[str, Entry]:
    """Return the entries of the ``references.bib`` beside a notebook; none if there is no such file."""
    path = notebook.parent / "references.bib"
    return parse(path.read_text(encoding="utf-8")) if path.exists() else {}


def citations(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    """Return every citation as (cell id, key, text of the link), in the order of the notebook."""
    return [
        (cell.id, match["key"], match["text"])
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.id != "references"
        for match in _CITATION.finditer(cell.source)
    ]


def fill_references(notebook: NotebookNode, entries: Mapping[str, Entry]) -> None:
    """Write the list of what the notebook cites into its cell ``references``, if it has one, by author and year."""
    cited = {key for _, key, _ in citations(notebook) if key in entries}
    lines = [entries[key].markdown() for key in sorted(cited, key=lambda key: (entries[key].label.lower(), key))]
    for cell in notebook.cells:
        if cell.id == "references" and cell.cell_type == "markdown" and lines:
            heading = cell.source.splitlines()[0] if cell.source.startswith("#") else "## References"
            cell.source = "\n".join([heading, "", *(f"- {line}" for line in lines)])
