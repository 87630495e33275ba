"""The grader's side of the template process, from which kernels are forked into their sandboxes.

:mod:`dlcourse.grading.template_inside` says what the process is and why forking it is safe.
"""

from __future__ import annotations

import json
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from dlcourse.grading.exercise import Exercise
from dlcourse.grading.mounts import WORK
from dlcourse.grading.sandbox import environment

__all__ = ["WAITER", "Template", "TemplateError", "Templates", "modules_for"]

WAITER = ("/bin/cat",)
"""The program in a sandbox that a kernel enters: it gives back what it reads, and ends with the lifeline."""

_PATIENCE = 60.0
_TORCH = re.compile(r"^\s*(from|import)\s+(torch|dlcourse\.torch)\b", re.MULTILINE)


class TemplateError(RuntimeError):
    """No kernel can be forked here; kernels have to be started in the ordinary way."""


def modules_for(exercise: Exercise) -> tuple[str, ...]:
    """Return what every kernel of an exercise will need: NumPy, and PyTorch where the released notebook imports it."""
    torch = any(cell.cell_type == "code" and _TORCH.search(cell.source) for cell in exercise.notebook.cells)
    return ("numpy", "torch") if torch else ("numpy",)


class Template:
    """A process that has imported what kernels need. Of each exercise one is enough, for any number of workers."""

    def __init__(self, modules: Sequence[str] = ("numpy",)) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = Path(__file__).with_name("template_inside.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(program), str(theirs.fileno()), *modules],
                env=environment() | {"PWD": WORK},
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C at the terminal is for the grader, which ends this process itself
            )
        self._control = ours

    def enter(self, sandbox: subprocess.Popen[bytes], told: BinaryIO, wish: Mapping[str, Any]) -> int:
        """Wait until a sandbox is made, fork a kernel into it, and return the kernel's process id.

        Args:
            sandbox: bubblewrap, in which the program `WAITER` runs, with pipes to both ends of it.
            told: where bubblewrap says which its first process in the sandbox is (``--info-fd``).
            wish: see :class:`dlcourse.grading.template_inside.Entrance`.

        Raises:
            TemplateError: the template or the sandbox has ended, or the system does not let the one into the other.
        """
        lifeline, answer = sandbox.stdin, sandbox.stdout
        if lifeline is None or answer is None:
            raise ValueError("enter: the sandbox was started without pipes, expected stdin and stdout to be pipes")
        try:
            with lifeline, answer:
                first = os.pidfd_open(json.loads(_read(told, until=b"}"))["child-pid"])
                try:
                    # An answer from inside now shows two things: everything is mounted, and the process that was opened
                    # above is still the sandbox's first. Without that, its number might be another process's already.
                    lifeline.write(b".")
                    lifeline.flush()
                    _read(answer, until=b".")
                    return self._ask(wish, [first, lifeline.fileno()])
                finally:
                    os.close(first)
        except (OSError, ValueError) as error:
            raise TemplateError(f"no kernel could be forked into a sandbox: {error}") from error

    def _ask(self, wish: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(self._control, [json.dumps(wish).encode()], [*descriptors, theirs.fileno()])
            ours.settimeout(_PATIENCE)
            answer = json.loads(ours.recv(1 << 12) or b'{"error": "the template ended"}')
        if "pid" not in answer:
            raise TemplateError(f"no kernel could be forked into a sandbox: {answer.get('error')}")
        return int(answer["pid"])

    def close(self) -> None:
        """End the process, and with it the kernels that were forked from it."""
        self._control.close()
        self._process.kill()
        self._process.wait()


class Templates:
    """The templates of one run, by what they have loaded; all end with the ``with`` block."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, ...], Template] = {}

    def __enter__(self) -> Templates:
        return self

    def __exit__(self, *_: object) -> None:
        for template in self._started.values():
            template.close()

    def start(self, exercise: Exercise) -> Template:
        """Return the template for an exercise's kernels; it may still be loading."""
        modules = modules_for(exercise)
        if modules not in self._started:
            self._started[modules] = Template(modules)
        return self._started[modules]


def _read(pipe: Any, until: bytes) -> bytes:
    """Read up to a mark from a sandbox that is being made.

    Raises:
        TemplateError: the sandbox ended, or is not there in time.
    """
    text, deadline = b"", time.monotonic() + _PATIENCE
    while until not in text:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(pipe.fileno(), 1 << 10) if ready else b""
        if not part:
            raise TemplateError("the sandbox did not come up")
        text += part
    return text
