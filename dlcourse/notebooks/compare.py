"""Do two runs of a cell say the same? Text exactly, floats and pictures within a tolerance.

Two processors differ in the last digits of a float, and training makes the difference grow. So a
stored output counts as reproduced if its words and whole numbers are equal and its floats are
close. ``dlcourse refresh`` and strict nbval (``dlcourse.notebooks.nbval``) both ask here.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["EXACT", "IGNORED_KINDS", "LOOSE", "Tolerance", "difference", "tolerance_for"]

IGNORED_KINDS = ("application/vnd.jupyter.widget-view+json",)
"""Output kinds that hold nothing to compare: a widget's view is a random number."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
_BLANKS = re.compile(r"[ \t]+")
_BLOCK = 4


@dataclass(frozen=True)
class Tolerance:
    """How far two outputs may differ: ``|a - b| <= atol + rtol * |a|``, and a share of each picture's area."""

    rtol: float
    atol: float = 1e-12
    pixels: float = 0.0005
    words_only: bool = False


EXACT = Tolerance(rtol=1e-3)
LOOSE = Tolerance(rtol=2e-2, pixels=0.05)
_WORDS = Tolerance(rtol=math.inf, pixels=1.0, words_only=True)


def tolerance_for(cell_tags: Iterable[str]) -> Tolerance:
    """Return the tolerance of a cell: ``loose`` for cells that train, words only for ``nbval-ignore-output``."""
    chosen = set(cell_tags)
    if "nbval-ignore-output" in chosen:
        return _WORDS
    return LOOSE if "loose" in chosen else EXACT


def difference(
    stored: Sequence[Mapping[str, Any]], computed: Sequence[Mapping[str, Any]], tolerance: Tolerance
) -> str | None:
    """Say where the outputs of a cell differ first, or return None if they agree within the tolerance.

    Both arguments are lists of outputs in notebook format. Streams that the kernel happened to
    send in several pieces are joined before they are compared.
    """
    old, new = _parts(stored), _parts(computed)
    if [kind for kind, _ in old] != [kind for kind, _ in new]:
        return f"stored outputs are {_kinds(old)}, computed are {_kinds(new)}"
    for (kind, a), (_, b) in zip(old, new, strict=True):
        problem = _picture_difference(a, b, tolerance) if kind == "image/png" else _text_difference(a, b, tolerance)
        if problem is not None:
            return f"{kind}: {problem}"
    return None


def _kinds(parts: list[tuple[str, str]]) -> str:
    return ", ".join(kind for kind, _ in parts) or "nothing"


def _parts(outputs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Flatten outputs into (kind, content); stdout comes first, because a kernel may interleave it anywhere."""
    streams: dict[str, str] = {}
    rest: list[tuple[str, str]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + "".join(output["text"])
        elif output["output_type"] == "error":
            rest.append(("error", f"{output['ename']}: {output['evalue']}"))
        else:
            rest += [(kind, _as_text(value)) for kind, value in sorted(output["data"].items())]
    kept = [(kind, value) for kind, value in rest if kind not in IGNORED_KINDS]
    return sorted(streams.items()) + kept


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, sort_keys=True)


def _text_difference(a: str, b: str, tolerance: Tolerance) -> str | None:
    if a == b:
        return None
    for number, (line_a, line_b) in enumerate(_zip_lines(a, b), start=1):
        if not _same_line(line_a, line_b, tolerance):
            start = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(line_a, line_b)))
            return f"line {number}: stored {_excerpt(line_a, start)!r}, computed {_excerpt(line_b, start)!r}"
    return None


def _excerpt(line: str, start: int) -> str:
    """Return the part of a long line where it begins to differ; HTML comes in lines of thousands of characters."""
    first, last = max(0, start - 40), start + 80
    return ("…" if first else "") + line[first:last] + ("…" if last < len(line) else "")


def _zip_lines(a: str, b: str) -> list[tuple[str, str]]:
    lines_a, lines_b = a.splitlines(), b.splitlines()
    length = max(len(lines_a), len(lines_b))
    lines_a += [""] * (length - len(lines_a))
    lines_b += [""] * (length - len(lines_b))
    return list(zip(lines_a, lines_b, strict=True))


def _same_line(a: str, b: str, tolerance: Tolerance) -> bool:
    if _words(a) != _words(b):
        return False
    pairs = zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True)
    return tolerance.words_only or all(_same_number(x, y, tolerance) for x, y in pairs)


def _words(line: str) -> str:
    """Return the line without its numbers; blanks count once, since NumPy pads columns to the widest number."""
    text = _BLANKS.sub(" ", _NUMBER.sub(" # ", line))
    return text.strip()


def _same_number(a: str, b: str, tolerance: Tolerance) -> bool:
    if a == b:
        return True
    if a.lstrip("+-").isdigit() and b.lstrip("+-").isdigit():
        return False
    x, y = float(a), float(b)
    return abs(x - y) <= tolerance.atol + tolerance.rtol * abs(x)


def _picture_difference(a: str, b: str, tolerance: Tolerance) -> str | None:
    if a.strip() == b.strip():
        return None
    old, new = _pixels(a), _pixels(b)
    if old.shape != new.shape:
        return f"stored picture is {_size(old)}, computed is {_size(new)}"
    share = _changed_share(old, new)
    if share > tolerance.pixels:
        return f"{share:.2%} of the picture changed, allowed are {tolerance.pixels:.2%}"
    return None


def _pixels(content: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    from matplotlib.image import imread

    pixels = np.asarray(imread(io.BytesIO(base64.b64decode(content)), format="png"), dtype=np.float32)
    opaque = pixels.ndim == 3 and pixels.shape[2] == 4 and bool((pixels[..., 3] == 1).all())
    return pixels[..., :3] if opaque else pixels


def _size(pixels: np.ndarray[Any, Any]) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[0]}"


def _changed_share(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    """Return the share of 4 × 4 blocks whose mean moved by more than an eighth of the full scale.

    Means of blocks forgive the smoothing of letters and lines, which differs between versions of
    Matplotlib; a curve that moved by a pixel or a label that changed still shows.
    """
    gap = (a - b)[: a.shape[0] // _BLOCK * _BLOCK, : a.shape[1] // _BLOCK * _BLOCK]
    blocks = gap.reshape(gap.shape[0] // _BLOCK, _BLOCK, gap.shape[1] // _BLOCK, _BLOCK, -1).mean(axis=(1, 3))
    if blocks.size == 0:
        return float(not np.allclose(a, b, atol=1 / 8))
    return float((np.abs(blocks).max(axis=-1) > 1 / 8).mean())
