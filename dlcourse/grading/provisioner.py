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
import subprocess
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
from dlcourse.grading.mounts import WORK
from dlcourse.grading.processes import cpu_seconds, family, folder_size, memory
from dlcourse.grading.sandbox import Limits, command, resource_limits
from dlcourse.grading.template import WAITER, Template

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
    template = Instance(Template, allow_none=True, help="from which the kernel is forked; started afresh without one")

    shared: Path | None = None
    container = ""
    stopped: str | None = None
    peak_memory = 0
    forked: int | None = None
    """The kernel's process id when it is a fork of the template: then it is no descendant of bubblewrap's."""

    _wish: dict[str, Any]

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
            self._wish = self._asked_of_the_template(prepared["cmd"], uid)
            prepared["cmd"] = command(WAITER if self.template else prepared["cmd"], **inside)
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
            if self.template is not None:
                connection = await self._launch_forked(self.template, cmd, kwargs)
            else:
                connection = await super().launch_kernel(cmd, **kwargs)
        threading.Thread(target=self._watch, args=(self.process,), daemon=True, name="sandbox-watch").start()
        return connection

    async def _launch_forked(self, template: Template, cmd: list[str], kwargs: dict[str, Any]) -> KernelConnectionInfo:
        """Start a sandbox in which nothing runs but a program that waits, and fork the kernel into it."""
        read, write = os.pipe()
        with os.fdopen(read, "rb", buffering=0) as told:
            kwargs |= {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "pass_fds": [write]}
            try:
                connection = await super().launch_kernel([cmd[0], "--info-fd", str(write), *cmd[1:]], **kwargs)
            finally:
                os.close(write)
            process: Any = self.process
            entering = asyncio.ensure_future(asyncio.to_thread(template.enter, process, told, self._wish))
            try:
                self.forked = await asyncio.shield(entering)
            except BaseException:
                self.end("template")
                await asyncio.wait({entering})  # it ends with the sandbox, and reads from `told` until then
                raise
        return connection

    def _asked_of_the_template(self, program: list[str], uid: int) -> dict[str, Any]:
        root = os.getuid() == 0
        return {
            "uid": uid if root else 0,
            "user": not root,
            "limits": resource_limits(self.limits),
            "folder": WORK,
            "argv": program[program.index("-m") + 1 :],
        }

    async def poll(self) -> int | None:
        """Return the exit status once the process has ended. By then it is known whether memory was the reason."""
        status: int | None = await super().poll()
        if status is not None and self.container and not self.stopped:
            self.stopped = "memory" if await asyncio.to_thread(out_of_memory, self.container) else None
        return status

    async def wait(self) -> int | None:
        """Wait for the sandbox's end. Jupyter's own `wait` looks ten times a second; a class would feel it."""
        while await self.poll() is None:
            await asyncio.sleep(0.005)
        status: int | None = await super().wait()
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
        return 0.0 if self.process is None else cpu_seconds(self._processes(self.process.pid))

    def _processes(self, sandbox: int) -> list[int]:
        """All processes in the sandbox: bubblewrap's descendants and, where it was forked in, the kernel and its."""
        return family(sandbox, *([] if self.forked is None else [self.forked]))

    def _watch(self, process: Any) -> None:
        started = time.monotonic()
        while process.poll() is None:
            used = memory(self._processes(process.pid), enough=self.limits.memory)
            self.peak_memory = max(self.peak_memory, used)
            if used > self.limits.memory:
                return self.end("memory")
            if time.monotonic() - started > self.limits.wall:
                return self.end("time")
            if self.shared is not None and folder_size(self.shared) > _SHARED_SIZE:
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
