"""The student's end of the channel. This file runs inside the sandbox, in a process that the student controls.

It is sent to the kernel as text before the first cell of the submission, so it imports nothing of ``dlcourse`` but the
drives. Whatever comes out of it is treated as a claim: the other end believes no more than "these bytes arrived".
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import struct
import sys
from typing import Any

import numpy as np

__all__ = ["OutputBudget", "OutputLimit", "answer", "limit_output"]


_MASKING = "dlcourse.checks.drives.masking"


class OutputLimit(Exception):  # noqa: N818 - it is a state of the answer, and this name is shown to students
    """A cell printed more than anybody will read."""


class OutputBudget:
    """Lets every cell, and every call of an answer, print `limit` characters and no more.

    A courtesy: an endless loop that prints stops at once, with a sentence. The limit that holds is the grader's.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.left = limit, limit

    def begin(self, *_: Any) -> None:
        """Give a full budget to what runs next. IPython puts the streams' own `write` back after every cell."""
        self.left = self.limit
        for stream in (sys.stdout, sys.stderr):
            stream.write = self._counted(stream.write)  # type: ignore[method-assign]

    def _counted(self, write: Any) -> Any:
        def write_counted(text: str) -> Any:
            self.left -= len(text)
            if self.left < 0:
                raise OutputLimit(f"it printed more than {self.limit >> 20} MB")
            return write(text)

        return write_counted


budget = OutputBudget(2 << 20)


def limit_output(limit: int, shell: Any) -> None:
    """Limit what each cell of an IPython shell may print."""
    budget.limit = limit
    shell.events.register("pre_run_cell", budget.begin)


def answer(request: str, namespace: dict[str, Any]) -> str:
    """Run one drive on the student's object and return the packed reply.

    Args:
        request: base64 of a packed message with ``drive`` ("module:function"), ``target`` (an expression in the
            student's namespace), ``off_limits`` (names that raise meanwhile) and arrays.
        namespace: the student's variables.
    """
    plain = [(stream, stream.write) for stream in (sys.stdout, sys.stderr)]
    budget.begin()
    try:
        header, arrays = unpack(base64.b64decode(request))
        module, _, name = header["drive"].partition(":")
        drive = getattr(importlib.import_module(module), name)
        with importlib.import_module(_MASKING).masked(header["off_limits"], namespace):
            target = eval(header["target"], namespace)  # noqa: S307  (the student's own process)
            reply = pack_outputs(drive(target, **arrays))
    except BaseException as error:
        from dlcourse.checks.drives.report import error_report

        reply = pack({"error": error_report(error)}, {})
    finally:
        for stream, write in plain:
            stream.write = write  # type: ignore[method-assign]
    return base64.b64encode(reply).decode("ascii")


def pack_outputs(outputs: Any) -> bytes:
    """Pack what a drive returned: a dict of numeric arrays."""
    if not isinstance(outputs, dict):
        raise TypeError(f"the drive returned {type(outputs).__name__}, not a dict")
    arrays = {str(name): np.asarray(value) for name, value in outputs.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biufc":
            raise TypeError(f"{name} holds entries of type {array.dtype}, expected numbers")
    return pack({}, arrays)


def pack(header: dict[str, Any], arrays: dict[str, Any]) -> bytes:
    """Pack a JSON header and arrays: 4 bytes of length, the header, the arrays as .npy one after the other."""
    blobs = []
    for array in arrays.values():
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(array), allow_pickle=False)
        blobs.append(buffer.getvalue())
    sizes = [[name, len(blob)] for name, blob in zip(arrays, blobs, strict=True)]
    text = json.dumps(header | {"arrays": sizes}).encode()
    return struct.pack(">I", len(text)) + text + b"".join(blobs)


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Undo `pack`. Trusts its input: it is the grader's."""
    (length,) = struct.unpack(">I", message[:4])
    header = json.loads(message[4 : 4 + length])
    arrays, start = {}, 4 + length
    for name, size in header["arrays"]:
        arrays[name] = np.load(io.BytesIO(message[start : start + size]), allow_pickle=False)
        start += size
    return header, arrays
