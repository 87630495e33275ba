"""What the commands `dlcourse zoo list` and `dlcourse zoo train` print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dlcourse.models.zoo.card import Card
from dlcourse.models.zoo.loading import FOLDER, card, names, read_weights
from dlcourse.models.zoo.recipes import RECIPES
from dlcourse.models.zoo.training import pretrain, save

__all__ = ["overview", "train"]


def overview(folder: str | Path | None = None) -> Iterator[tuple[str, bool]]:
    """A line for each network and whether its file is sound."""
    place = FOLDER if folder is None else Path(folder)
    if not names(place):
        raise FileNotFoundError(f"zoo: {place} holds no networks; make them: dlcourse zoo train --out {place}")
    for name in names(place):
        known = card(name, place)
        try:
            arrays = read_weights(known, place)
        except (ValueError, FileNotFoundError) as error:
            yield f"[FAIL] {error}", False
            continue
        learned = sum(a.size for key, a in arrays.items() if not key.endswith(("_mean", "_var", "_tracked")))
        size = (place / f"{name}.safetensors").stat().st_size / 1000
        what = f"{name:<20} {len(known.recipe.characters):>3} classes {learned:>7,} parameters {size:>4.0f} kB"
        result = f"held-out accuracy {100 * known.accuracy:.1f} %  seed {known.seed}  SHA-256 {known.sha256[:12]}…"
        yield f"[OK]   {what}  {result}", True


def train(chosen: Sequence[str], out: str | Path, seed: int) -> Iterator[str]:
    """Train the networks ``chosen``, or all, into the folder ``out``; yields what there is to say."""
    unknown = [name for name in chosen if name not in RECIPES]
    if unknown:
        raise ValueError(f"zoo: there is no network {unknown[0]!r}, expected one of {', '.join(RECIPES)}")
    for name in chosen or RECIPES:
        yield f"Training {name} with seed {seed} on {RECIPES[name].images:,} glyphs"
        made = save(name, pretrain(RECIPES[name], seed), RECIPES[name], seed, out)
        yield f"Wrote {Path(out) / name}.safetensors  SHA-256 {made.sha256}"
        yield _comparison(made, card(name))
    first = next(iter(chosen or RECIPES))
    yield f'next: dlcourse zoo list --folder {out}; in Python: zoo.load("{first}", folder="{out}")'


def _comparison(made: Card, shipped: Card) -> str:
    own, given = 100 * made.accuracy, 100 * shipped.accuracy
    line = f"Held-out accuracy {own:.1f} %; the one that comes with the course: {given:.1f} %"
    if shipped.expected is None:
        return line
    low, high = shipped.expected
    verdict = "within" if low <= made.accuracy <= high else "OUTSIDE"
    return f"{line}. {verdict} the range that seeds explain, {100 * low:.1f} to {100 * high:.1f} %"
