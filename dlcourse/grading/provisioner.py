"""A Jupyter kernel provisioner that starts the kernel inside the sandbox.

The kernel talks over Unix sockets in one shared folder, so it needs no network. A watcher ends the whole sandbox when
it uses more memory, disk or time than its limits say; why it did is kept in ``stopped``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import tempfile
import threading
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Dict, Instance, Unicode

from dlcourse.grading.docker import docker_command, out_of_memory, remove, remove_left_over
from dlcourse.grading.sandbox import Limits, command

__all__ = ["PROVISIONER", "SandboxProvisioner", "register", "sweep", "sweep_containers"]

PROVISIONER = "dlcourse-sandbox"

_PREFIX = "dlcourse-"
_FIRST_UID, _UIDS = 61000, 4000
_next_uid = itertools.count(os.getpid())

_SHARED_SIZE = 1 << 20
"""The shared folder holds sockets; anything larger is somebody filling the disk."""

_STEP = 0.2


class SandboxProvisioner(LocalProvisioner):
    """Start the kernel in bubblewrap or in a container, or, only when `containment` is "none", as an ordinary process.

    Attributes:
        stopped: why the watcher ended the kernel (``"memory"``, ``"disk"``, ``"time"``), or None.
        peak_memory: the most resident memory seen, in bytes.
    """

    limits = Instance(Limits, args=())
    files = Dict(help="read-only files of the assignment: name -> path")
    containment = Unicode("bubblewrap")

    shared: Path | None = None
    container = ""
    stopped: str | None = None
    peak_memory = 0

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the shared folder and wrap the kernel's command."""
        manager: Any = self.parent
        # Below /tmp whatever TMPDIR says: the path of a Unix socket holds at most 107 characters.
        self.shared = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir="/tmp"))
        manager.transport, manager.ip, manager.cache_ports = "ipc", str(self.shared / "s"), False
        manager.connection_file = str(self.shared / "kernel.json")
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        uid = _FIRST_UID + next(_next_uid) % _UIDS
        if self.containment == "docker" and os.getuid() != 0:
            uid = os.getuid()  # the one user who may write into the shared folder; the container holds it in
        elif self.containment != "none" and os.getuid() == 0:
            os.chown(self.shared, uid, uid)
            os.chown(manager.connection_file, uid, uid)
        prepared.pop("cwd", None)
        prepared["cwd"] = str(self.shared) if self.containment == "none" else "/"
        inside: dict[str, Any] = {"shared": self.shared, "files": self.files, "limits": self.limits, "uid": uid}
        if self.containment == "bubblewrap":
            prepared["cmd"] = command(prepared["cmd"], **inside)
            prepared["env"] = {"PATH": "/usr/bin:/bin"}  # for bwrap itself, whose environment is readable inside
        elif self.containment == "docker":
            self.container = self.shared.name
            prepared["cmd"] = docker_command(prepared["cmd"], name=self.container, owner=os.getpid(), **inside)
            prepared["env"] = dict(os.environ)  # for docker itself: where its daemon is; nothing of it goes inside
        else:
            prepared["env"] = {**os.environ, "DLCOURSE_PROGRESS": "off", "NBGRADER_EXECUTION": "autograde"}
        prepared["stdin"] = prepared["stdout"] = prepared["stderr"] = None
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the sandbox and its watcher. What the kernel writes past Jupyter's protocol is thrown away."""
        with Path(os.devnull).open("r+b") as nowhere:
            kwargs |= {"stdin": nowhere, "stdout": nowhere, "stderr": nowhere}
            connection: KernelConnectionInfo = await super().launch_kernel(cmd, **kwargs)
        threading.Thread(target=self._watch, args=(self.process,), daemon=True, name="sandbox-watch").start()
        return connection

    async def poll(self) -> int | None:
        """Return the exit status once the process has ended. By then it is known whether memory was the reason."""
        status: int | None = await super().poll()
        if status is not None and self.container and not self.stopped:
            self.stopped = "memory" if await asyncio.to_thread(out_of_memory, self.container) else None
        return status

    def end(self, why: str) -> None:
        """Kill everything in the sandbox now."""
        self.stopped = self.stopped or why
        if self.container:
            remove(self.container)
        if self.process is not None:
            self.process.kill()  # bubblewrap's first process dies with its parent, and the rest with that

    def cpu_seconds(self) -> float:
        """CPU time that the processes in the sandbox have used so far."""
        return 0.0 if self.process is None else sum(map(_cpu_seconds, _family(self.process.pid)))

    def _watch(self, process: Any) -> None:
        started = time.monotonic()
        while process.poll() is None:
            memory = _memory(process.pid, enough=self.limits.memory)
            self.peak_memory = max(self.peak_memory, memory)
            if memory > self.limits.memory:
                return self.end("memory")
            if time.monotonic() - started > self.limits.wall:
                return self.end("time")
            if self.shared is not None and _size(self.shared) > _SHARED_SIZE:
                return self.end("disk")
            time.sleep(_STEP)
        return None

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the container, if there is one, and the shared folder."""
        await super().cleanup(restart)
        if self.container:
            await asyncio.to_thread(remove, self.container)
        if self.shared is not None and not restart:
            shutil.rmtree(self.shared, ignore_errors=True)
            self.shared = None


def register() -> None:
    """Make the provisioner known to Jupyter under its name, without an installed entry point."""
    factory = KernelProvisionerFactory.instance()
    if PROVISIONER not in factory.provisioners:
        value = f"{SandboxProvisioner.__module__}:{SandboxProvisioner.__name__}"
        factory.provisioners[PROVISIONER] = EntryPoint(PROVISIONER, value, KernelProvisionerFactory.GROUP_NAME)


def sweep() -> int:
    """Remove the shared folders that a killed grader left behind, and end what still runs in one; return how many.

    A sandbox dies with its grader, except in the few milliseconds before bubblewrap has asked for that.
    """
    removed = 0
    for folder in Path("/tmp").glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists() and not folder.is_symlink():
            _end_users_of(folder)
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _end_users_of(folder: Path) -> None:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):  # it ended meanwhile, or it is another user's
                if os.fsencode(folder) in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)


def sweep_containers() -> int:
    """Remove the containers that a killed grader left behind; return how many."""
    return remove_left_over([int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()])


def _memory(pid: int, enough: int) -> int:
    """Memory of a process and all its descendants, in bytes.

    Resident sizes count memory that forked processes share once for each; only when they come to more than `enough` is
    it worth the time to divide shared pages among their users.
    """
    family = _family(pid)
    resident = sum(map(_resident, family))
    return resident if resident <= enough else sum(map(_proportional, family))


def _family(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        try:
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it ended while we were looking
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return _resident(pid)


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime


def _size(folder: Path) -> int:
    try:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder))
    except OSError:
        return 0
