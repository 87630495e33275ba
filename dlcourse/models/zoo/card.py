"""The card of a network: what it is, where it comes from, and the hash by which its file is known."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dlcourse.models.zoo.recipes import Recipe

__all__ = ["Card"]


@dataclass(frozen=True)
class Card:
    """Read it before you use a network: wrong inputs are the commonest reason for poor features.

    ``accuracy`` is that of the stored weights on the held-out glyphs of its own letters. ``retrained`` holds
    the accuracies of other seeds and ``expected`` the range in which one further training should end.
    ``made_with`` and ``retrained_with`` list the versions of what decides the glyphs and the arithmetic.
    """

    name: str
    sha256: str
    recipe: Recipe
    seed: int
    accuracy: float
    inputs: str = "grey images (N, 1, 32, 32), background 0, ink up to 1; nothing else is done to them"
    retrained: tuple[float, ...] = ()
    expected: tuple[float, float] | None = None
    made_with: dict[str, str] = field(default_factory=dict)
    retrained_with: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the card as JSON beside the weights."""
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> Card:
        """The card in the file ``path``. Raises ``ValueError``, naming the file, for anything else."""
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            values["recipe"] = Recipe(**values["recipe"])
            values["retrained"] = tuple(values["retrained"])
            values["expected"] = None if values["expected"] is None else tuple(values["expected"])
            return cls(**values)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"zoo: {path} is not the card of a network ({type(error).__name__}: {error})") from None
