"""A kernel manager and client for kernels that may be hostile: the sandbox's provisioner, and capped messages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

from dlcourse.grading.channel import install_code
from dlcourse.grading.provisioner import PROVISIONER, register
from dlcourse.grading.sandbox import Containment, Limits

__all__ = ["MESSAGE_SIZE", "QUIET", "Kernel", "SandboxKernelManager", "kernel_manager"]

MESSAGE_SIZE = 8 << 20
"""Largest message taken from a kernel, in bytes; ZeroMQ drops the connection of one that sends more."""

QUIET = logging.getLogger("dlcourse.grading.jupyter")
"""Jupyter's own log: what went wrong with a submission is said in its outcome."""

QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False

_QUEUE = 20
"""Messages that may wait for us on one socket; with MESSAGE_SIZE this bounds the grader's memory."""

_SOCKETS = {"shell": zmq.DEALER, "iopub": zmq.SUB, "stdin": zmq.DEALER, "control": zmq.DEALER, "hb": zmq.REQ}


class CappedClient(AsyncKernelClient):
    """A kernel client that takes neither giant messages nor endlessly many."""

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> zmq.Socket[Any]:
        socket = self.context.socket(_SOCKETS[channel])
        socket.linger = 0
        socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_SIZE)
        socket.setsockopt(zmq.RCVHWM, _QUEUE)
        if identity:
            socket.identity = identity
        socket.connect(self._make_url(channel))
        return socket


class SandboxKernelManager(AsyncKernelManager):
    """An asynchronous kernel manager whose clients are capped."""

    client_class = f"{__name__}.CappedClient"
    client_factory = Type(CappedClient)


class _OneSpec(KernelSpecManager):
    """Knows one kernel: this Python in the sandbox. A submission's own kernelspec is never looked at."""

    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002
        return self.spec


def kernel_manager(
    limits: Limits, files: dict[str, str] | None = None, containment: Containment = "bubblewrap"
) -> SandboxKernelManager:
    """Return a manager for one kernel that is not started yet."""
    register()
    options = {"limits": limits, "files": files or {}, "containment": containment}
    specs = _OneSpec()
    specs.spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"],
        display_name="dlcourse grader",
        language="python",
        interrupt_mode="message",  # a signal would have to cross the process namespace
        metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": options}},
    )
    return SandboxKernelManager(kernel_name="dlcourse-grader", kernel_spec_manager=specs, log=QUIET)


@dataclass
class Kernel:
    """A kernel that has started, answered, and holds the channel's other end; no cell of a submission has run yet."""

    manager: SandboxKernelManager
    client: Any

    @classmethod
    async def start(cls, limits: Limits, files: Mapping[str, Any], containment: Containment = "bubblewrap") -> Kernel:
        """Start one.

        Raises:
            RuntimeError: the kernel did not come up.
        """
        manager = kernel_manager(limits, dict(files), containment)
        await manager.start_kernel()
        client = manager.client()
        kernel = cls(manager, client)
        try:
            client.start_channels()
            await client.wait_for_ready(timeout=60)
            reply = await client.execute(
                install_code(limits.output), silent=True, store_history=False, reply=True, timeout=60
            )
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"grade: the channel did not start: {reply['content'].get('evalue')}")
        except BaseException:
            await kernel.stop()
            raise
        client.allow_stdin = False
        return kernel

    async def stop(self) -> None:
        """End the process and everything that it started; remove its folder."""
        await self.manager.shutdown_kernel(now=True)
        await self.manager.cleanup_resources()
        self.client.stop_channels()

    @property
    def provisioner(self) -> Any:
        """What started the process and watches it."""
        return self.manager.provisioner
