"""Networks of the zoo by name. A file that is not what its card says is refused."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.models.zoo.card import Card

__all__ = ["FOLDER", "card", "load", "names", "read_weights"]

FOLDER = Path(__file__).parent / "weights"
"""Where the weights that come with the course lie."""


def names(folder: str | Path | None = None) -> tuple[str, ...]:
    """The networks of the course, or those that you trained into ``folder``."""
    return tuple(sorted(path.stem for path in _place(folder).glob("*.json")))


def card(name: str, folder: str | Path | None = None) -> Card:
    """The card of a network. Raises ``ValueError`` with the nearest names when there is none of that name."""
    path = _place(folder) / f"{name}.json"
    if not path.is_file():
        known = names(folder)
        close = difflib.get_close_matches(name, known) or list(known)
        hint = f"did you mean {' or '.join(close)}?" if close else f"{_place(folder)} holds none"
        raise ValueError(f"zoo: there is no network {name!r}; {hint}")
    return Card.read(path)


def load(name: str, dl: Any = None, classes: int | None = None, folder: str | Path | None = None) -> Any:
    """The network ``name`` with its trained weights, in evaluation mode.

    ``dl`` is the backend, ``dlcourse.torch`` if left out. With ``classes`` the head is a new, random
    ``Linear`` for so many classes. Without ``folder`` the weights are those that come with the course.
    Raises ``ValueError`` for an unknown name, and for a file that is truncated, altered or another one.
    """
    if dl is None:
        import dlcourse.torch as dl
    known = card(name, folder)
    model = known.recipe.model(dl)
    model.load_state_dict(dl.from_numpy(read_weights(known, _place(folder))))
    if classes is not None:
        model.head = dl.nn.Linear(4 * known.recipe.width, classes)
    model.eval()
    return model


def read_weights(known: Card, folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a network, in float32, after its file has been compared with the hash on the card."""
    path = folder / f"{known.name}.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"zoo: the weights of {known.name} are missing: there is no {path}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != known.sha256:
        raise ValueError(
            f"zoo: {known.name} is refused: {path.name} is truncated, altered or another file "
            f"(SHA-256 {found}, expected {known.sha256}). "
            f"Install the course again, or make it anew: dlcourse zoo train {known.name}"
        )
    from safetensors.numpy import load as parse

    return {key: a.astype(np.float32) if a.dtype.kind == "f" else a for key, a in parse(content).items()}


def _place(folder: str | Path | None) -> Path:
    return FOLDER if folder is None else Path(folder)
