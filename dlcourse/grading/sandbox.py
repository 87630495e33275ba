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
from typing import Literal

from dlcourse.grading.mounts import HOME, PACKAGE, WORK, python_mounts, scratch_mounts, system_mounts

__all__ = [
    "INSTALL_BUBBLEWRAP",
    "Containment",
    "Limits",
    "SandboxMissingError",
    "bubblewrap",
    "command",
    "environment",
    "resource_limits",
]

INSTALL_BUBBLEWRAP = "apt-get install bubblewrap"

Containment = Literal["bubblewrap", "docker", "none"]
"""What holds a submission back."""


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
        *system_mounts(),
        *scratch_mounts(limits.scratch),
        *python_mounts(),  # after the empty /tmp and /home, which would cover a course that lives there
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
        "PYTHONPATH": str(PACKAGE.parent),
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


def _drop_root(uid: int) -> list[str]:
    return [
        _tool("setpriv"),
        *("--reuid", str(uid), "--regid", str(uid), "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
    ]


def resource_limits(limits: Limits) -> dict[str, int]:
    """Return the limits that the operating system holds each process to, by their names in :mod:`resource`."""
    return {
        "RLIMIT_AS": limits.address_space,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_FSIZE": limits.file_size,
        "RLIMIT_CPU": limits.cpu,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
    }


def _limit(limits: Limits) -> list[str]:
    named = [f"--{name.removeprefix('RLIMIT_').lower()}={number}" for name, number in resource_limits(limits).items()]
    return [_tool("prlimit"), *named, "--"]


def _tool(name: str) -> str:
    return shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin") or f"/usr/bin/{name}"
