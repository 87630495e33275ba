"""The control for line drawings: the reader draws them in the picture, each belongs to a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dlcourse.data.strokes import strokes_from_text
from dlcourse.widgets.controls import Control, Export

__all__ = ["Drawings"]


@dataclass(frozen=True)
class Drawings(Control):
    """Drawings as ``[label, text]``, the text as :func:`dlcourse.data.strokes.text_of` writes it. Live only."""

    classes: int = 5
    limit: int = 50
    length: int = 1200  # characters of a drawing
    export: Export = "off"
    kind: ClassVar[str] = "drawings"

    @property
    def default(self) -> list[list[Any]]:
        """None drawn."""
        return []

    def clean(self, value: Any) -> list[list[Any]]:
        """A list of its own. Raises ``ValueError`` for too many drawings, a label or a text that is none."""
        if not isinstance(value, (list, tuple)) or len(value) > self.limit:
            came = f"{len(value)} drawings" if isinstance(value, (list, tuple)) else type(value).__name__
            raise self._refuse(came, f"a list of at most {self.limit} drawings")
        return [self._drawing(drawing) for drawing in value]

    def _drawing(self, drawing: Any) -> list[Any]:
        expected = f"[label, text] with a label from 0 to {self.classes - 1}"
        if not isinstance(drawing, (list, tuple)) or len(drawing) != 2:
            raise self._refuse(drawing, expected)
        label, text = drawing
        if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < self.classes:
            raise self._refuse(label, expected)
        if isinstance(text, str) and len(text) > self.length:
            raise self._refuse(text[:20] + "…", f"a drawing of at most {self.length} characters")
        strokes_from_text(text)
        return [label, text]

    def to_text(self, value: Any) -> str:
        """Each drawing as label:text, with a semicolon between two."""
        return ";".join(f"{label}:{text}" for label, text in value)

    def from_text(self, text: str) -> list[list[Any]]:
        """The drawings back from :meth:`to_text`. Raises ``ValueError`` for any other text."""
        parts = [part.partition(":") for part in text.split(";") if part]
        return self.clean([[int(label) if label.isdecimal() else label, drawing] for label, _, drawing in parts])

    def spec(self) -> dict[str, Any]:
        """What the front end needs: also how many there may be."""
        return {**super().spec(), "limit": self.limit}
