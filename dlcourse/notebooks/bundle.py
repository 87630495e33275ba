"""The package that students get: lectures, exercises and the library, without solutions, tests and quiz keys."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import dlcourse
from dlcourse.notebooks.files import replace_file

__all__ = ["bundle", "bundle_files"]

_ROOT_FILES = (
    "LICENSE",
    "LICENSE-TEXT",
    "environment.yml",
    "pyproject.toml",
    "requirements.lock",
)
_FOLDERS = ("dlcourse", "exercises", "lectures")
_FOR_STUDENTS = Path(__file__).parent / "for_students"
"""The package's own Makefile and README: the course's would offer tests and grading, which are not in it."""
_SKIPPED_NAMES = ("__pycache__", "conftest.py")
_SOLUTION_MARKS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def bundle(root: Path | str, out: Path | str) -> list[str]:
    """Write the students' package as a zip file and return the names of the files in it.

    The same course gives the same bytes. Raises FileNotFoundError if ``root`` holds no course,
    and RuntimeError, writing nothing, if an exercise still contains a solution.
    """
    course = Path(root)
    for folder in ("lectures", "exercises"):
        if not (course / folder).is_dir():
            raise FileNotFoundError(f"bundle: {course} has no folder {folder}, expected the folder of the course")
    buffer = io.BytesIO()
    names = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        own = {Path(path.name): path for path in _FOR_STUDENTS.iterdir() if path.is_file()}
        for relative in sorted([*own, *bundle_files(course)]):
            data = own.get(relative, course / relative).read_bytes()
            _refuse_solutions(relative, data)
            info = zipfile.ZipInfo(f"dlcourse-{dlcourse.__version__}/{relative.as_posix()}", _LONG_AGO)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
            names.append(info.filename)
    replace_file(Path(out), buffer.getvalue())
    return names


def bundle_files(course: Path) -> Iterator[Path]:
    """Yield the files that students get, relative to the course's folder, in order of their names."""
    for name in _ROOT_FILES:
        if (course / name).is_file():
            yield Path(name)
    for folder in _FOLDERS:
        for path in sorted((course / folder).rglob("*")):
            relative = path.relative_to(course)
            if path.is_file() and not path.is_symlink() and not _skipped(relative):
                yield relative


def _skipped(relative: Path) -> bool:
    hidden = any(part.startswith(".") or part in _SKIPPED_NAMES for part in relative.parts)
    return hidden or relative.suffix in (".pyc", ".db", ".toml")


def _refuse_solutions(relative: Path, data: bytes) -> None:
    if relative.suffix != ".ipynb":
        return
    for mark in _SOLUTION_MARKS:
        if mark.encode() in data:
            raise RuntimeError(f"bundle: {relative} contains {mark!r}; run: dlcourse release")
