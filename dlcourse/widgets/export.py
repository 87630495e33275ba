"""An explorer inside a file: every value that its controls can reach, computed once, and the same front end.

The notebook stores a recipe; :func:`static_html` turns it into a fragment that needs no kernel, no
network and no other file. Controls marked ``table`` span the table, a player's frames are recorded
in each entry, and controls marked ``off`` keep the recipe's value.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib
import itertools
import json
import os
import re
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import dlcourse
from dlcourse.widgets.arrays import for_export
from dlcourse.widgets.bundle import FOLDER, bundle
from dlcourse.widgets.controls import Control, Presets
from dlcourse.widgets.explorer import VERSION, Explorer

__all__ = ["LIMIT", "ExportError", "explorer_of", "once", "payload", "static_html", "table"]

LIMIT = 400_000
"""The largest payload in bytes: an explorer must not make a slide file slow to open."""


class ExportError(ValueError):
    """A recipe that cannot be exported: unknown, of another version, or too large."""


def explorer_of(recipe: Mapping[str, Any]) -> Explorer:
    """Make the explorer that a stored recipe describes.

    Raises :class:`ExportError` for another version, for anything that is not an ``Explorer`` of
    ``dlcourse.widgets``, and for a state that it does not understand.
    """
    if recipe.get("version") != VERSION:
        raise ExportError(
            f"explorer: recipe version is {recipe.get('version')!r}, expected {VERSION}; run dlcourse refresh"
        )
    name = str(recipe.get("explorer"))
    if not re.fullmatch(r"dlcourse\.widgets(\.\w+)+:\w+", name):
        raise ExportError(f"explorer: recipe names {name!r}, expected dlcourse.widgets.MODULE:CLASS")
    module, _, attribute = name.partition(":")
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ExportError(f"explorer: {name} does not exist ({error})") from None
    if not (isinstance(kind, type) and issubclass(kind, Explorer)):
        raise ExportError(f"explorer: {name} is no Explorer")
    try:
        return kind.from_state(str(recipe.get("state", "")))
    except (TypeError, ValueError) as error:
        raise ExportError(f"explorer: {name} does not understand its state: {error}") from None


def table(explorer: Explorer) -> dict[str, Any]:
    """Every entry the export needs: ``axes`` are (control, values) pairs, ``entries`` results in product order."""
    values = dict(explorer.values)
    axes = [
        (c, _options(c, values)) for c in explorer.all_controls() if c.export == "table" and not explorer.is_passive(c)
    ]
    entries = []
    for combination in itertools.product(*[options for _, options in axes]):
        chosen = dict(zip([c.name for c, _ in axes], combination))
        full = explorer.complete({**values, **_preset_values(axes, chosen), **chosen})
        entries.append(explorer.evaluate(full))
    names = [[c.name, options] for c, options in axes]
    return {"spec": explorer.spec, "values": values, "axes": names, "entries": entries}


def _options(control: Control, values: Mapping[str, Any]) -> list[Any]:
    options = control.options()
    return options if values[control.name] in options else [*options, values[control.name]]


def _preset_values(axes: list[tuple[Control, list[Any]]], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What the chosen presets set; a setting of the author's own (``""``) keeps the recipe's values."""
    sets: dict[str, Any] = {}
    for control, _ in axes:
        if isinstance(control, Presets):
            sets.update(control.sets.get(chosen[control.name], {}))
    return sets


def payload(recipe: Mapping[str, Any]) -> str:
    """The table of a recipe as base64 of compressed JSON, from the cache if nothing it depends on has changed.

    Raises :class:`ExportError` if it cannot be made or is larger than :data:`LIMIT`.
    """
    path = _cache_folder() / f"{_fingerprint(recipe)}.txt"
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        pass
    text = _json(once(for_export(table(explorer_of(recipe)))))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")
    if len(packed) > LIMIT:
        raise ExportError(
            f"explorer: {recipe['explorer']} needs {len(packed)} bytes, at most {LIMIT} are allowed; "
            f"give a control fewer values or export='off'"
        )
    _write(path, packed)
    return packed


def once(found: dict[str, Any]) -> dict[str, Any]:
    """A table whose larger parts are stored once: ``parts`` holds them, ``{"part": n}`` stands where they belong.

    Entries share much (a run's weights do not depend on which image is shown), and a compressor does not see so far
    back. A part refers only to parts before it.
    """
    parts: dict[str, int] = {}
    entries = _placed(found["entries"], parts)
    return {**found, "parts": [json.loads(text) for text in parts], "entries": entries}


def _placed(value: Any, parts: dict[str, int]) -> Any:
    if isinstance(value, dict):
        value = {key: _placed(inner, parts) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [_placed(inner, parts) for inner in value]
    text = _json(value)
    return value if len(text) < _LARGE else {"part": parts.setdefault(text, len(parts))}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_LARGE = 200  # characters from which on a part is worth a reference
_NOT_NUMBERS = {".pyc", ".js", ".css"}


def _fingerprint(recipe: Mapping[str, Any]) -> str:
    """A hash of the recipe, of NumPy's version and of all code and stored files the numbers could come from."""
    digest = hashlib.sha256(json.dumps([recipe, np.__version__], sort_keys=True).encode())
    root = Path(dlcourse.__file__).parent
    for part in ("data", "diagnostics", "models", "numpy", "plots", "torch", "training", "transfer", "widgets"):
        sources = (path for path in (root / part).rglob("*") if path.is_file() and path.suffix not in _NOT_NUMBERS)
        for source in sorted(sources):
            digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _cache_folder() -> Path:
    base = os.environ.get("DLCOURSE_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dlcourse" / "explorers"


def _write(path: Path, text: str) -> None:
    """Write a cache file in one step, so that another process never reads half of it; a full disk is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="ascii") as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError:
        return


def static_html(recipe: Mapping[str, Any], png_base64: str, alt: str, uid: str) -> str:
    """A self-contained HTML fragment: the stored picture, and the explorer that takes its place where scripts run.

    ``uid`` is the fragment's id and must be unique on its page. Raises :class:`ExportError` as
    :func:`payload` does, ``ValueError`` for an id that is not a plain word.
    """
    if not re.fullmatch(r"[A-Za-z][\w-]*", uid):
        raise ValueError(f"static_html: uid is {uid!r}, expected letters, digits, - and _, starting with a letter")
    data = payload(recipe)
    script = bundle(FOLDER / "host.js", explorer_of(recipe).drawing) + f'mount("{uid}", createDrawing);\n'
    if "</script" in script or "<!--" in script:
        raise ExportError("explorer: its script contains </script or <!--, which would end it early")
    style = (FOLDER / "frame.css").read_text("utf-8")
    return (
        f'<style>{style}</style>\n<div class="dlc-static" id="{uid}">'
        f'<img class="dlc-still" alt="{html.escape(alt)}" '
        f'src="data:image/png;base64,{html.escape(png_base64)}"></div>\n'
        f'<script type="text/plain" id="{uid}-data">{data}</script>\n<script type="module">\n{script}</script>\n'
    )
