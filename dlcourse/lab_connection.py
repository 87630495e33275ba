"""How `dlcourse lab` talks to the browser: every message of a kernel leaves at once.

Jupyter Server writes a kernel's messages one by one, and TCP by default holds a small one back until
the browser has confirmed the one before (Nagle's algorithm, RFC 896), which a browser delays by up to
40 ms. An explorer's answer comes behind the note "the kernel is busy", so each change would wait that long.
"""

from __future__ import annotations

from asyncio import Future

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

__all__ = ["PromptConnection"]


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter Server's own connection with TCP_NODELAY set. ``lab_config/jupyter_server_config.json`` names it."""

    def connect(self) -> Future[None] | None:  # type: ignore[override]  # as in the class above; its own base says async
        """Join browser and kernel, without delay."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
