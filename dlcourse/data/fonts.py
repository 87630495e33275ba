"""Letters and digits drawn with the fonts that Matplotlib ships: the raw material of the glyphs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["FONTS", "MASTER_SIZE", "master_images", "versions"]

# The fonts of Matplotlib's that hold the Latin letters and the digits.
FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-BoldOblique", "-Oblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-BoldOblique", "-Oblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-BoldItalic", "-Italic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "BolIta", "Italic")),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10", "cmmi10"),
)
MASTER_SIZE = 64
_INK_SIZE = 44  # the longer side of a letter within its master


@cache
def master_images(characters: str) -> NDArray[np.float32]:
    """Blurred master images, (fonts, characters, 64, 64), ink 1 on background 0.

    They are blurred so that a threshold on them changes the width of the strokes.
    """
    from matplotlib import get_data_path
    from PIL import ImageFont

    folder = Path(get_data_path()) / "fonts" / "ttf"
    masters = np.zeros((len(FONTS), len(characters), MASTER_SIZE, MASTER_SIZE), np.float32)
    for i, name in enumerate(FONTS):
        font = ImageFont.truetype(str(folder / f"{name}.ttf"), MASTER_SIZE)
        for j, character in enumerate(characters):
            masters[i, j] = _draw(character, font)
    return _box_blur(_box_blur(masters, 2), 1)


def versions() -> dict[str, str]:
    """The versions of what decides how a letter looks; part of the cache's key."""
    import matplotlib
    import PIL
    from PIL import features

    return {
        "matplotlib": matplotlib.__version__,
        "pillow": PIL.__version__,
        "freetype": str(features.version("freetype2")),
        "numpy": np.__version__,
    }


def _draw(character: str, font: object) -> NDArray[np.float32]:
    """One letter, cropped to its ink, scaled to 44 pixels and centred."""
    from PIL import Image, ImageDraw

    canvas = Image.new("L", (3 * MASTER_SIZE, 3 * MASTER_SIZE))
    ImageDraw.Draw(canvas).text((MASTER_SIZE, MASTER_SIZE // 2), character, fill=255, font=font)  # type: ignore[arg-type]
    box = canvas.getbbox()
    if box is None:
        raise ValueError(f"glyphs: character {character!r} leaves no ink; use letters and digits")
    ink = canvas.crop(box)
    scale = _INK_SIZE / max(ink.size)
    ink = ink.resize((max(1, round(ink.width * scale)), max(1, round(ink.height * scale))), Image.Resampling.BILINEAR)
    master = np.zeros((MASTER_SIZE, MASTER_SIZE), np.float32)
    top, left = (MASTER_SIZE - ink.height) // 2, (MASTER_SIZE - ink.width) // 2
    master[top : top + ink.height, left : left + ink.width] = np.asarray(ink, np.float32) / 255
    return master


def _box_blur(images: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Average over a (2·radius + 1)² square; the border of a master is empty, so wrapping round is harmless."""
    for axis in (-1, -2):
        shifted = [np.roll(images, shift, axis) for shift in range(-radius, radius + 1)]
        images = np.mean(shifted, axis=0, dtype=np.float32)
    return images
