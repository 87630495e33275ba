"""The template process: it has imported what every kernel needs, and each submission's kernel is a fork of it.

It is started afresh by the grader, as ``python template_inside.py FD MODULE...``, with the environment of a sandbox;
it never runs a line of a submission and never holds a question, an answer or a seed. For each submission bubblewrap
makes a sandbox as always, with a program in it that only waits; the fork enters that sandbox's namespaces, gives up its
rights and sets its limits, and the process that it forks then is the kernel. So every kernel is a fresh process in a
fresh sandbox, and all that two of them share are memory pages as they were before either ran.

Why forking is safe here, although NumPy and PyTorch may be loaded: a fork goes wrong when another thread holds a lock,
or when a library believes in threads that the child does not have. Neither can be where the process has exactly one
thread, which the operating system is asked before every fork (``/proc/self/task``); with more, the template refuses,
and the grader starts kernels one by one. BLAS and OpenMP are told to use one thread before they load, so they make no
pool, and autograd makes its threads only when it needs them. NumPy's random state is drawn anew in each kernel, and
Python does the same with its own; PyTorch's is the same in every process anyway. What kernels of one run do share is
the layout of their memory and the seed of string hashes, which is of use to nobody who cannot reach another sandbox.
``tests/grading/test_template.py`` compares a forked kernel with a started one: rights, limits, descriptors,
environment, and a network trained to the same bits.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    del sys.path[0]  # this file's folder: what lies in it is the grader's

import array
import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Entrance", "serve"]

_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "encodings.idna",
    "faulthandler",
    "psutil",
    "pydoc",
    "tornado.platform.asyncio",
)
"""What a kernel loads before its first cell."""

_MESSAGE = 1 << 16
_DESCRIPTORS = 3
_MANY_DESCRIPTORS = 1 << 16

_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
"""Mounts, control groups, host name, IPC, processes, network: CLONE_NEWNS, CGROUP, UTS, IPC, PID, NET."""

_NEW_USER = 0x10000000
_SET_PDEATHSIG, _SET_DUMPABLE, _DROP_BOUNDING, _NO_NEW_PRIVS, _AMBIENT, _CLEAR_ALL = 1, 4, 24, 38, 47, 4
_CAPABILITY_VERSION = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class Entrance:
    """One fork on its way into one sandbox.

    Args:
        wish: what the grader asks for: ``uid`` (0: keep it), ``user`` (the sandbox has a user namespace), ``limits``
            (name of a resource limit -> number), ``folder`` (the working folder) and ``argv`` (the kernel's).
        sandbox: a pidfd of a process in the sandbox.
        lifeline: a pipe that keeps the sandbox alive while somebody holds it.
        reply: a socket for the kernel's process id.
    """

    def __init__(self, wish: dict[str, Any], sandbox: int, lifeline: int, reply: int) -> None:
        self.wish, self.sandbox, self.lifeline, self.reply = wish, sandbox, lifeline, reply

    def run(self) -> NoReturn:
        """Enter, start the kernel, and stay until it ends: then the lifeline is cut and the sandbox goes."""
        status = 1
        try:
            self._enter()
            kernel = os.fork()
            if kernel == 0:
                self._become_kernel()
            os.write(self.reply, json.dumps({"pid": kernel}).encode())
            os.close(self.reply)
            status = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(self.reply, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        os._exit(status & 0xFF)

    def _enter(self) -> None:
        _call("setns", self.sandbox, _NEW_NAMESPACES | (_NEW_USER if self.wish["user"] else 0))
        os.close(self.sandbox)
        os.chdir(self.wish["folder"])
        _drop_rights(self.wish["uid"])
        for name, number in self.wish["limits"].items():
            resource.setrlimit(getattr(resource, name), (number, number))
        _call("prctl", _SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _call("prctl", _SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: a process may look at itself in /proc

    def _become_kernel(self) -> NoReturn:
        try:
            os.setsid()
            os.closerange(3, _MANY_DESCRIPTORS)
            sys.argv = list(self.wish["argv"])
            sys.path_importer_cache.clear()  # what lies in the folders is another thing in here
            if "numpy.random" in sys.modules:
                sys.modules["numpy.random"].seed()
            from ipykernel import kernelapp

            kernelapp.launch_new_instance()
        finally:
            os._exit(1)


def serve(control: socket.socket) -> None:
    """Fork for each message until the grader closes its end."""
    while True:
        text, descriptors = _receive(control)
        if not text:
            return
        _collect_ended()
        threads = len(list(Path("/proc/self/task").iterdir()))
        if threads == 1:
            if os.fork() == 0:
                control.close()
                Entrance(json.loads(text), *descriptors).run()
        else:
            os.write(descriptors[2], json.dumps({"error": f"the template has {threads} threads"}).encode())
        for descriptor in descriptors:
            os.close(descriptor)


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    descriptors = array.array("i")
    space = socket.CMSG_SPACE(_DESCRIPTORS * descriptors.itemsize)
    text, ancillary, _, _ = control.recvmsg(_MESSAGE, space, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data)
    return text, list(descriptors)


def _collect_ended() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _drop_rights(uid: int) -> None:
    """Do what ``setpriv`` does for a process that is started in the sandbox: no capability, and none to be had."""
    _call("prctl", _AMBIENT, _CLEAR_ALL, 0, 0, 0)
    capability = 0
    while _libc.prctl(_DROP_BOUNDING, capability, 0, 0, 0) == 0:
        capability += 1
    if capability == 0:
        raise OSError(ctypes.get_errno(), "the capability bounding set could not be dropped")
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _call("capset", (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())
    _call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)


def _call(function: str, *arguments: Any) -> None:
    if getattr(_libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _load(modules: list[str]) -> None:
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a later collection in a kernel leaves these objects, and so their shared pages, alone


if __name__ == "__main__":
    _call("prctl", _SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    course = sys.path.pop(0)  # PYTHONPATH: beside the course may lie what no sandbox shows
    _load([*_KERNEL, *sys.argv[2:]])
    sys.path.insert(0, course)
    serve(socket.socket(fileno=int(sys.argv[1])))
