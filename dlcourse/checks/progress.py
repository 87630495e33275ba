"""Remember, on this computer only, which questions were passed.

One small file for each question, so that two notebooks that check at the same time cannot lose
each other's entries. The folder is ``$DLCOURSE_PROGRESS`` or the user's state folder; the value
``off`` keeps nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["folder", "forget", "record", "records"]


def folder() -> Path | None:
    """Where progress is kept, or None when it is switched off."""
    chosen = os.environ.get("DLCOURSE_PROGRESS", "")
    if chosen.lower() == "off":
        return None
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        state = os.environ.get("LOCALAPPDATA", "") or str(Path.home() / "AppData" / "Local")
    else:
        state = os.environ.get("XDG_STATE_HOME", "") or str(Path.home() / ".local" / "state")
    return Path(state) / "dlcourse" / "progress"


def record(question: str, *, passed: bool, points: float, out_of: float, said: str = "") -> None:
    """Write down one attempt and what the check said. A pass is never taken back.

    Progress is a convenience: a read-only home must not stop a student from checking an answer, so a
    folder that cannot be written is ignored.
    """
    place = folder()
    if place is None:
        return
    before = _read(place / f"{question}.json")
    entry = {
        "question": question,
        "passed": passed or before.get("passed") is True,
        "points": max(points, _number(before.get("points"))),
        "out_of": out_of,
        "attempts": int(_number(before.get("attempts"))) + 1,
        "said": said,
        "last": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        _write_atomically(place / f"{question}.json", json.dumps(entry, indent=1))


def records(place: Path | None = None) -> dict[str, dict[str, Any]]:
    """Every entry in ``place`` (the usual folder when left out), by question id. A damaged file counts as no entry."""
    place = place or folder()
    if place is None or not place.is_dir():
        return {}
    entries = {path.stem: _read(path) for path in sorted(place.glob("*.json"))}
    return {question: entry for question, entry in entries.items() if entry}


def forget() -> int:
    """Delete every entry; returns how many there were."""
    place = folder()
    paths = list(place.glob("*.json")) if place is not None and place.is_dir() else []
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _read(path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
