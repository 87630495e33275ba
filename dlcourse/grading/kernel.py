"""A kernel manager and client for kernels that may be hostile: the sandbox's provisioner, and capped messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

from dlcourse.grading.channel import install_code
from dlcourse.grading.provisioner import PROVISIONER, register
from dlcourse.grading.sandbox import Containment, Limits
from dlcourse.grading.template import Template

__all__ = ["MESSAGE_SIZE", "QUIET", "Kernel", "SandboxKernelManager", "kernel_manager"]

MESSAGE_SIZE = 8 << 20
"""Largest message taken from a kernel, in bytes; ZeroMQ drops the connection of one that sends more."""

QUIET = logging.getLogger("dlcourse.grading.jupyter")
"""Jupyter's own log: what went wrong with a submission is said in its outcome."""

QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False

_QUEUE = 20
"""Messages that may wait for us on one socket; with MESSAGE_SIZE this bounds the grader's memory."""

_RETRY = 10
"""Milliseconds after which a connection is tried again that the kernel was not ready for."""

_PATIENCE = 60.0
"""Seconds that a kernel gets to come up."""

_LAST_PATIENCE = 5.0
"""Seconds that a killed process gets to be gone."""

_SOCKETS = {"shell": zmq.DEALER, "iopub": zmq.SUB, "stdin": zmq.DEALER, "control": zmq.DEALER, "hb": zmq.REQ}


class CappedClient(AsyncKernelClient):
    """A kernel client that takes neither giant messages nor endlessly many."""

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> zmq.Socket[Any]:
        socket = self.context.socket(_SOCKETS[channel])
        socket.linger = 0
        socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_SIZE)
        socket.setsockopt(zmq.RCVHWM, _QUEUE)
        socket.setsockopt(zmq.RECONNECT_IVL, _RETRY)
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
    limits: Limits,
    files: dict[str, str] | None = None,
    containment: Containment = "bubblewrap",
    template: Template | None = None,
) -> SandboxKernelManager:
    """Return a manager for one kernel that is not started yet."""
    register()
    options = {"limits": limits, "files": files or {}, "containment": containment, "template": template}
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
    async def start(
        cls,
        limits: Limits,
        files: Mapping[str, Any],
        containment: Containment = "bubblewrap",
        template: Template | None = None,
    ) -> Kernel:
        """Start one.

        Args:
            limits: what the kernel may use.
            files: read-only files for its working folder, by the name that they have there.
            containment: what holds it back.
            template: fork it from this process into its sandbox, which is much faster than starting Python there.

        Raises:
            TemplateError: a kernel cannot be forked here.
            RuntimeError: the kernel did not come up.
        """
        manager = kernel_manager(limits, dict(files), containment, template)
        kernel = cls(manager, None)
        try:
            await manager.start_kernel()
            kernel.client = client = manager.client()
            client.start_channels(hb=False)  # whether it lives is asked of the process, not of a thread's heartbeat
            await kernel._answer()
            await kernel._install(install_code(limits.output))
        except BaseException:
            await kernel.stop()
            raise
        client.allow_stdin = False
        return kernel

    async def _answer(self) -> None:
        """Wait until the kernel answers and what it publishes arrives; a subscriber that comes late misses the first.

        Jupyter's own ``wait_for_ready`` does this, and waits for a fifth of a second of silence after it.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            self.client.kernel_info()
            if await _next(self.client.shell_channel, 1.0) and await _next(self.client.iopub_channel, 0.2):
                return
            if not await self.client.is_alive():
                raise RuntimeError("grade: the kernel ended before it answered")
            if time.monotonic() > deadline:
                raise RuntimeError(f"grade: the kernel did not answer within {_PATIENCE:g} s")

    async def _install(self, code: str) -> None:
        """Run the grader's own code in the kernel and take all that the kernel sends because of it."""
        request = self.client.execute(code, silent=True, store_history=False)
        reply = await self._of(self.client.shell_channel, request, "execute_reply")
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"grade: the channel did not start: {reply['content'].get('evalue')}")
        while (await self._of(self.client.iopub_channel, request, "status"))["content"]["execution_state"] != "idle":
            pass

    async def _of(self, channel: Any, request: str, kind: str) -> dict[str, Any]:
        """Return the next message of a kind that a request has caused; throw the others away."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and await self.client.is_alive():
            message = await _next(channel, 1.0)
            if message and message["parent_header"].get("msg_id") == request and message["msg_type"] == kind:
                return message
        raise RuntimeError("grade: the kernel ended, or did not answer, while the channel was started")

    async def stop(self) -> None:
        """End the process and everything that it started; remove its folder."""
        if self.manager.has_kernel:
            await self.provisioner.kill()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.provisioner.wait(), _LAST_PATIENCE)
        await self.manager.cleanup_resources()
        if self.client is not None:
            self.client.stop_channels()

    @property
    def provisioner(self) -> Any:
        """What started the process and watches it."""
        return self.manager.provisioner


async def _next(channel: Any, timeout: float) -> dict[str, Any] | None:
    """Return the next message of a channel; None when there is none in time."""
    try:
        message: dict[str, Any] = await channel.get_msg(timeout=timeout)
    except Empty:
        return None
    return message
