"""Run one untrusted process in a Docker container: the sandbox for machines that have Docker and no bubblewrap.

The container sees what :mod:`dlcourse.grading.sandbox` shows: a Python of the course's versions (from the image),
``dlcourse`` without its questions and without the grader, one shared folder for the kernel's sockets, and scratch
space. No network, no capabilities, a throwaway user, a read-only file system.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from dlcourse.grading.mounts import HOME, PACKAGE, WORK
from dlcourse.grading.sandbox import Limits, SandboxMissingError, environment

__all__ = ["IMAGE", "docker", "docker_command", "out_of_memory", "probe_docker", "remove", "remove_left_over"]

IMAGE = "dlcourse-grader"

_BUILD = f"docker build -t {IMAGE} -f dlcourse/grading/Dockerfile ."
_LABEL = "dlcourse.grader"
_COURSE = Path("/opt/dlcourse/dlcourse")
_PATIENCE = 60  # seconds for a command that only asks or removes


def docker() -> str:
    """Return the path of ``docker``.

    Raises:
        SandboxMissingError: when it is not installed.
    """
    path = shutil.which("docker")
    if path is None:
        raise SandboxMissingError(
            "grade: docker is not installed (https://docs.docker.com/engine/install/). "
            "On Linux, `apt-get install bubblewrap` and no --engine is the lighter way."
        )
    return path


def probe_docker() -> None:
    """Find out, before anything runs, whether containers can be started.

    Raises:
        SandboxMissingError: no docker, no daemon, or no image; the message names the line that helps.
    """
    if _run("version").returncode != 0:
        raise SandboxMissingError("grade: docker is installed but its daemon does not answer; is it started?")
    if _run("image", "inspect", IMAGE).returncode != 0:
        raise SandboxMissingError(f"grade: there is no image {IMAGE}. In the course's folder, build it with: {_BUILD}")


def docker_command(
    program: Sequence[str],
    *,
    name: str,
    owner: int,
    shared: Path,
    files: Mapping[str, Path] | None = None,
    limits: Limits | None = None,
    uid: int = 61000,
) -> list[str]:
    """Return the argument vector that runs `program` in a container.

    Args:
        program: command and arguments; the command itself, a path of this machine's Python, becomes the image's.
        name: the container's name, by which it is ended.
        owner: the grader's process, by which a later run finds what a killed one left behind.
        shared: the one folder that is writable inside and visible outside (sockets).
        files: read-only files for the working folder, by the name that they have there.
        limits: what the process may use.
        uid: user inside; give each container its own.

    Raises:
        SandboxMissingError: when docker is not installed.
    """
    limits = limits or Limits()
    return [
        *(docker(), "run", "--init", "--name", name, "--label", f"{_LABEL}={owner}", "--hostname", "grader"),
        *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--user", f"{uid}:{uid}", *_limit(limits), *_scratch(limits.scratch), *_course()),
        *_bind(shared, shared, writable=True),
        *(part for name, path in (files or {}).items() for part in _bind(Path(path), Path(WORK, name))),
        *(part for pair in _environment().items() for part in ("--env", "=".join(pair))),
        *("--workdir", WORK, IMAGE, "python", *program[1:]),
    ]


def out_of_memory(name: str) -> bool:
    """Whether a container that has ended was ended for its memory."""
    return _run("inspect", "--format", "{{.State.OOMKilled}}", name).stdout.strip() == "true"


def remove(name: str) -> None:
    """End a container and everything in it, whatever state it is in."""
    _run("rm", "--force", "--volumes", name)


def remove_left_over(alive: Sequence[int]) -> int:
    """Remove the containers of graders that are no longer `alive`; return how many."""
    listed = _run("ps", "--all", "--filter", f"label={_LABEL}", "--format", f'{{{{.Names}}}} {{{{.Label "{_LABEL}"}}}}')
    pairs = [line.split() for line in listed.stdout.splitlines()]
    gone = [name for name, owner in pairs if int(owner) not in alive]
    for name in gone:
        remove(name)
    return len(gone)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([docker(), *arguments], capture_output=True, text=True, check=False, timeout=_PATIENCE)


def _limit(limits: Limits) -> list[str]:
    memory = str(limits.memory)
    ulimits = {"fsize": limits.file_size, "nofile": limits.open_files, "cpu": limits.cpu, "core": 0}
    return [
        *("--memory", memory, "--memory-swap", memory, "--pids-limit", str(limits.processes)),
        *(part for name, value in ulimits.items() for part in ("--ulimit", f"{name}={value}:{value}")),
    ]


def _scratch(size: int) -> list[str]:
    return [part for folder in ("/tmp", HOME, WORK) for part in ("--tmpfs", f"{folder}:size={size},mode=1777")]


def _course() -> list[str]:
    """Mount ``dlcourse`` with a stub for ``dlcourse.checks``, except its drives, and an empty folder for the grader."""
    checks, inside = PACKAGE / "checks", _COURSE / "checks"
    return [
        *_bind(PACKAGE, _COURSE),
        *("--tmpfs", f"{_COURSE / 'grading'}:size=4096", "--tmpfs", f"{inside}:size=65536,mode=0755"),
        *_bind(PACKAGE / "grading" / "sandbox_checks.py", inside / "__init__.py"),
        *_bind(checks / "drives", inside / "drives"),
    ]


def _bind(source: Path, target: Path, *, writable: bool = False) -> list[str]:
    return ["--mount", f"type=bind,source={source},target={target}" + ("" if writable else ",readonly")]


def _environment() -> dict[str, str]:
    return environment() | {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(_COURSE.parent)}
