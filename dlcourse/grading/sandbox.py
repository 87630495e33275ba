"""The command line that runs one untrusted process: bubblewrap's namespaces around ``prlimit``'s limits.

Nothing here keeps state. What the process can see is decided by a list of mounts: the system's libraries, the Python
installation, ``dlcourse`` without its questions and without the grader, one folder for the kernel's sockets, and
scratch space that disappears. There is no network, no other process, and no environment variable from outside.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["INSTALL_BUBBLEWRAP", "Limits", "SandboxMissingError", "bubblewrap", "command", "environment"]

INSTALL_BUBBLEWRAP = "apt-get install bubblewrap"

HOME = "/home/student"
WORK = f"{HOME}/assignment"

_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
)


class SandboxMissingError(RuntimeError):
    """Submissions may not run here because nothing would hold them back."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Sizes in bytes, times in seconds."""

    memory: int = 2 << 30
    """Resident memory of all processes together; the watcher ends the sandbox above it."""
    address_space: int = 8 << 30
    """Address space of one process. PyTorch alone maps several GB that it never touches."""
    processes: int = 96
    """Processes and threads together."""
    file_size: int = 64 << 20
    scratch: int = 128 << 20
    """Size of each scratch file system (``/tmp`` and the home folder)."""
    open_files: int = 256
    cpu: int = 240
    """CPU time of one process."""
    wall: float = 300.0
    """Time from the kernel's start to its end."""
    cell: int = 60
    """Time of one cell."""
    call: float = 20.0
    """Time of one call into the student's code while a question is scored."""
    output: int = 2 << 20
    """Characters that one cell may print; a notebook that sends four times as much is ended."""

    def __str__(self) -> str:
        return f"no network, {self.memory >> 20} MB, {self.cell} s a cell"


def bubblewrap() -> str:
    """Return the path of ``bwrap``.

    Raises:
        SandboxMissingError: when it is not installed; the message names the line that installs it.
    """
    path = shutil.which("bwrap") if sys.platform == "linux" else None
    if path is None:
        where = "" if sys.platform == "linux" else " (bubblewrap needs Linux)"
        raise SandboxMissingError(
            f"grade: bubblewrap is not installed{where}, so nothing would keep a submission from reading or changing "
            f"your files. Install it with: {INSTALL_BUBBLEWRAP}"
        )
    return path


def command(
    program: Sequence[str],
    *,
    shared: Path,
    files: Mapping[str, Path] | None = None,
    limits: Limits | None = None,
    uid: int = 61000,
    root: bool | None = None,
) -> list[str]:
    """Return the argument vector that runs `program` in a sandbox.

    Args:
        program: command and arguments, as seen inside.
        shared: the one folder that is writable inside and visible outside (sockets).
        files: read-only files for the working folder, by the name that they have there.
        limits: what the process may use.
        uid: user id to drop to when the grader runs as root; give each sandbox its own.
        root: whether the grader runs as root; found out when left out.

    Raises:
        SandboxMissingError: when bubblewrap is not installed.
    """
    limits = limits or Limits()
    root = os.getuid() == 0 if root is None else root
    arguments = [
        bubblewrap(),
        *_namespaces(root),
        *_system_mounts(),
        *_python_mounts(),
        *_scratch_mounts(limits),
    ]
    for name, path in (files or {}).items():
        arguments += ["--ro-bind", str(path), f"{WORK}/{name}"]
    arguments += ["--bind", str(shared), str(shared)]
    for name, value in environment().items():
        arguments += ["--setenv", name, value]
    arguments += ["--chdir", WORK, "--"]
    if root:
        arguments += _drop_root(uid)
    return [*arguments, *_limit(limits), *program]


def environment() -> dict[str, str]:
    """Return the whole environment of the process inside; nothing is inherited."""
    return {
        "HOME": HOME,
        "USER": "student",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(_package().parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": "/tmp",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLCONFIGDIR": "/tmp",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # One thread each: a class is graded side by side, and the process limit counts threads.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "TQDM_DISABLE": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


def _namespaces(root: bool) -> list[str]:
    arguments = ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "grader"]
    arguments += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if root:
        return arguments  # setpriv drops to a throwaway user inside: limits on processes never bind uid 0
    arguments += ["--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
    if "--disable-userns" in _help_text():
        arguments += ["--disable-userns"]
    return arguments


@functools.cache
def _help_text() -> str:
    return subprocess.run([bubblewrap(), "--help"], capture_output=True, text=True, check=False).stdout


def _system_mounts() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for file in _SYSTEM_FILES:
        arguments += ["--ro-bind-try", file, file]
    return [*arguments, "--proc", "/proc", "--dev", "/dev"]


def _python_mounts() -> list[str]:
    """Mount the Python installation and ``dlcourse``, less what a submission must not read."""
    package = _package()
    arguments: list[str] = []
    made: set[Path] = set()
    for folder in [*_python_folders(), package]:
        for parent in reversed(folder.parents[:-1]):
            if parent not in made:  # bubblewrap would make it 0700, and the dropped user could not pass
                made.add(parent)
                arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", str(folder), str(folder)]
    return [*arguments, *_hide(package)]


def _hide(package: Path) -> list[str]:
    """Put a stub over ``dlcourse.checks``, except its drives, and nothing over the grader."""
    checks, grading = package / "checks", package / "grading"
    arguments = ["--perms", "0755", "--tmpfs", str(grading), "--remount-ro", str(grading)]
    if checks.is_dir():
        arguments += ["--perms", "0755", "--tmpfs", str(checks)]
        arguments += ["--ro-bind", str(grading / "sandbox_checks.py"), str(checks / "__init__.py")]
        arguments += ["--ro-bind-try", str(checks / "drives"), str(checks / "drives")]
        arguments += ["--remount-ro", str(checks)]
    return arguments


def _package() -> Path:
    return Path(__file__).resolve().parents[1]


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


def _scratch_mounts(limits: Limits) -> list[str]:
    arguments: list[str] = []
    for folder, size in (("/tmp", limits.scratch), ("/home", limits.scratch), ("/dev/shm", 16 << 20)):
        arguments += ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
    for folder in (HOME, WORK):
        arguments += ["--perms", "0777", "--dir", folder]
    return arguments


def _drop_root(uid: int) -> list[str]:
    return [
        _tool("setpriv"),
        *("--reuid", str(uid), "--regid", str(uid), "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
    ]


def _limit(limits: Limits) -> list[str]:
    return [
        _tool("prlimit"),
        f"--as={limits.address_space}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_size}",
        f"--cpu={limits.cpu}",
        f"--nofile={limits.open_files}",
        "--core=0",
        "--",
    ]


def _tool(name: str) -> str:
    return shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin") or f"/usr/bin/{name}"
