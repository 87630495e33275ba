"""What a process in the sandbox can see, as bubblewrap's arguments.

The system's libraries and the Python installation, read-only; ``dlcourse`` without its questions and without the
grader; scratch space that disappears with the process. Nothing else of this machine has a path inside.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

__all__ = ["HOME", "PACKAGE", "WORK", "mounted_above", "python_mounts", "scratch_mounts", "system_mounts"]

HOME = "/home/student"
WORK = f"{HOME}/assignment"
PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of ``dlcourse``, which has the same path inside."""

_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
)

_EXCHANGE = "/usr/local/share/nbgrader"
"""Where nbgrader keeps its exchange: the instructor, as whom the sandbox runs, may read every submission there."""


def system_mounts() -> list[str]:
    """Return the mounts of the system's programs and libraries."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for file in _SYSTEM_FILES:
        arguments += ["--ro-bind-try", file, file]
    if Path(_EXCHANGE).is_dir():
        arguments += ["--perms", "0755", "--tmpfs", _EXCHANGE, "--remount-ro", _EXCHANGE]
    return [*arguments, "--proc", "/proc", "--dev", "/dev"]


def python_mounts() -> list[str]:
    """Mount the Python installation and ``dlcourse``, less what a submission must not read."""
    arguments: list[str] = []
    made: set[Path] = set()
    for folder in [*_python_folders(), PACKAGE]:
        for parent in reversed(folder.parents[:-1]):
            if parent not in made:  # bubblewrap would make it 0700, and the dropped user could not pass
                made.add(parent)
                arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", str(folder), str(folder)]
    return [*arguments, *_hide(PACKAGE)]


def mounted_above(path: Path) -> Path | None:
    """Return the folder through which `path` could be read inside; None when it cannot."""
    return next((folder for folder in [Path("/usr"), *_python_folders(), PACKAGE] if path.is_relative_to(folder)), None)


def _hide(package: Path) -> list[str]:
    """Cover ``dlcourse.checks`` with a stub, except its drives, and the grader with an empty folder."""
    checks, grading = package / "checks", package / "grading"
    arguments = ["--perms", "0755", "--tmpfs", str(grading), "--remount-ro", str(grading)]
    if checks.is_dir():
        arguments += ["--perms", "0755", "--tmpfs", str(checks)]
        arguments += ["--ro-bind", str(grading / "sandbox_checks.py"), str(checks / "__init__.py")]
        arguments += ["--ro-bind-try", str(checks / "drives"), str(checks / "drives")]
        arguments += ["--remount-ro", str(checks)]
    return arguments


@functools.cache
def _python_folders() -> tuple[Path, ...]:
    """Return the folders that the interpreter needs, the most general first; none of them is the course's."""
    wanted = {Path(sys.prefix), Path(sys.prefix).resolve(), Path(sys.base_prefix), Path(sys.base_prefix).resolve()}
    wanted |= {Path(sys.executable).resolve().parent}
    wanted |= {Path(entry) for entry in sys.path if entry.endswith("site-packages") and Path(entry).is_dir()}
    kept: list[Path] = []
    for folder in sorted(wanted, key=lambda path: len(path.parts)):
        if not any(folder.is_relative_to(other) for other in [Path("/usr"), Path("/lib"), *kept]):
            kept.append(folder)
    return tuple(kept)


def scratch_mounts(limit: int) -> list[str]:
    """Return the mounts of empty folders that can hold `limit` bytes each."""
    arguments: list[str] = []
    for folder, size in (("/tmp", limit), ("/home", limit), ("/dev/shm", 16 << 20)):
        arguments += ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
    for folder in (HOME, WORK):
        arguments += ["--perms", "0777", "--dir", folder]
    return arguments
