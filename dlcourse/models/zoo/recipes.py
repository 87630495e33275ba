"""How each network of the zoo is trained. Everything that decides the weights stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dlcourse.data.dataset import Dataset
from dlcourse.data.glyphs import LETTERS, load_glyphs
from dlcourse.models.digit_resnet import digit_resnet

__all__ = ["RECIPES", "Recipe", "held_out"]

LOOK_LIKE_DIGITS = "BDGIOQSTZbgilq"
"""Letters that some font draws like a digit: O and 0, l and 1, Z and 2, S and 5, b and 6, T and 7, B and 8, g and 9."""

HELD_OUT_IMAGES, HELD_OUT_SEED = 4000, 999


@dataclass(frozen=True)
class Recipe:
    """AdamW with one cycle of the rate, on glyphs of ``characters``; ``width`` is that of ``digit_resnet``."""

    characters: str = LETTERS
    width: int = 16
    images: int = 20_000
    epochs: int = 6
    batch_size: int = 128
    lr: float = 3e-3
    weight_decay: float = 0.01

    def model(self, dl: Any) -> Any:
        """The network, with random weights of the backend ``dl``."""
        return digit_resnet(dl, len(self.characters), self.width)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "glyph_resnet": Recipe(),
        "glyph_resnet_thin": Recipe(width=8),
        "glyph_resnet_unlike": Recipe(characters="".join(c for c in LETTERS if c not in LOOK_LIKE_DIGITS)),
    }
)
"""The usual one; one with a quarter of its weights; one that never saw a letter which looks like a digit."""


def held_out(recipe: Recipe) -> Dataset:
    """The 4000 glyphs on which a network of this recipe is measured: of the same letters, none of them trained on."""
    return load_glyphs(HELD_OUT_IMAGES, recipe.characters, HELD_OUT_SEED)
