"""The student's own copies: new course material arrives in ``work/``, and nothing of theirs is overwritten."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dlcourse.notebooks.files import replace_file

__all__ = ["MANIFEST", "Synced", "sync"]

MANIFEST = ".dlcourse-copies.json"
"""In the work folder: for each file that was copied, the hash of the course's version that the student has."""

_FOLDERS = ("lectures", "exercises")
_SKIPPED_NAMES = ("__pycache__", ".ipynb_checkpoints", "conftest.py")


@dataclass
class Synced:
    """What arrived in the work folder; paths are relative to it."""

    copied: list[Path] = field(default_factory=list)
    updated: list[Path] = field(default_factory=list)
    beside: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        lines = []
        if self.copied:
            lines.append(f"{len(self.copied)} new files in work/: {_names(self.copied)}")
        if self.updated:
            lines.append(f"brought up to date, since you had not changed them: {_names(self.updated)}")
        lines += [f"{path} is a newer version; your own file is as you left it" for path in self.beside]
        return "\n".join(lines) or "work/ has everything already"


def _names(paths: list[Path]) -> str:
    shown = ", ".join(str(path) for path in paths[:4])
    return shown if len(paths) <= 4 else f"{shown}, …"


def sync(course_root: Path | str, work_dir: Path | str) -> Synced:
    """Bring lectures and exercises from ``course_root`` into ``work_dir`` and return what arrived.

    A file that is missing is copied. One that the student has not touched is brought up to date.
    One that they changed stays, and a newer version arrives beside it as ``NAME.new.ipynb``, once.
    A file is written in one step; running again changes nothing.

    Raises FileNotFoundError if ``course_root`` holds no course.
    """
    root, work = Path(course_root), Path(work_dir)
    if not (root / "lectures").is_dir():
        raise FileNotFoundError(f"sync: {root} has no folder lectures, expected the folder of the course")
    work.mkdir(parents=True, exist_ok=True)
    had = _read_manifest(work)
    result = Synced()
    for path in _course_files(root):
        _bring(work, path, (root / path).read_bytes(), had, result)
        # Written after each file: an interrupted run must not take an untouched copy for a changed one.
        replace_file(work / MANIFEST, (json.dumps(dict(sorted(had.items())), indent=1) + "\n").encode("utf-8"))
    return result


def _course_files(root: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            relative = path.relative_to(root)
            hidden = any(part.startswith(".") or part in _SKIPPED_NAMES for part in relative.parts)
            if path.is_file() and not hidden:
                yield relative


def _bring(work: Path, path: Path, data: bytes, had: dict[str, str], result: Synced) -> None:
    """Bring one file and record in ``had`` which version the student now has, or was told about."""
    target, known, newest = work / path, had.get(path.as_posix()), _hash(data)
    had[path.as_posix()] = newest
    if not target.exists():
        replace_file(target, data)
        result.copied.append(path)
        return
    current = _hash(target.read_bytes())
    if current == known != newest:
        replace_file(target, data)
        result.updated.append(path)
    # Whoever removes the .new file has seen it: it comes again only with the next version.
    elif current != newest != known:
        beside = _free_name(work, path, newest, had)
        replace_file(work / beside, data)
        had[beside.as_posix()] = newest
        result.beside.append(beside)


def _free_name(work: Path, path: Path, newest: str, had: dict[str, str]) -> Path:
    """Return NAME.new.ipynb, or NAME.new2.ipynb, … if the student has worked in an earlier one."""
    endings = itertools.chain([""], itertools.count(2))
    names = (path.with_name(f"{path.stem}.new{ending}{path.suffix}") for ending in endings)
    return next(name for name in names if _untouched(work / name, (newest, had.get(name.as_posix()))))


def _untouched(file: Path, versions: tuple[str | None, ...]) -> bool:
    return not file.exists() or _hash(file.read_bytes()) in versions


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_manifest(work: Path) -> dict[str, str]:
    """Return the recorded hashes; without a readable record every file counts as the student's own."""
    try:
        content = json.loads((work / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in content.items() if isinstance(value, str)} if isinstance(content, dict) else {}
