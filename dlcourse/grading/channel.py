"""The grader's end of the channel to an untrusted kernel.

Out go a drive's name, an expression and arrays. Back come a small JSON header and raw numeric arrays, both limited in
size. Nothing is unpickled, evaluated or imported on the word of a reply: a reply is numbers, or it is malformed.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from dlcourse.checks.errors import StudentError
from dlcourse.grading.channel_inside import pack

__all__ = ["MalformedReplyError", "install_code", "read_reply", "request_expression"]

REPLY_SIZE = 6 << 20
"""Largest reply, in characters of base64."""

_HEADER_SIZE = 64 << 10
_ARRAYS = 256
_BASE64 = re.compile(r"'[A-Za-z0-9+/]*={0,2}'")
_NAMESPACE = "get_ipython().user_ns"
_MODULE = "_dlcourse_channel"


class MalformedReplyError(StudentError):
    """The kernel's reply is not one that the channel's other end writes."""

    def __init__(self, what: str) -> None:
        super().__init__("MalformedReply", f"the answer's process sent something else than arrays ({what})")


def install_code(output: int) -> str:
    """Return the code that installs the other end in a fresh kernel, before any cell of the submission.

    Args:
        output: characters that one cell may print.
    """
    source = resources.files("dlcourse.grading").joinpath("channel_inside.py").read_text("utf-8")
    return (
        "import sys as _sys, types as _types\n"
        f"_module = _sys.modules[{_MODULE!r}] = _types.ModuleType({_MODULE!r})\n"
        f"exec(compile({source!r}, '<grader>', 'exec'), _module.__dict__)\n"
        f"_module.limit_output({output}, get_ipython())\n"
        "del _sys, _types, _module\n"
    )


def request_expression(
    drive: str, target: str, arrays: Mapping[str, npt.ArrayLike], off_limits: Sequence[str] = ()
) -> str:
    """Return the expression to evaluate in the kernel.

    Args:
        drive: ``"module:function"``, to be imported in the sandbox.
        target: expression for the student's object, taken from the released exercise.
        arrays: inputs by name.
        off_limits: dotted names that raise an error in the student's code meanwhile.
    """
    header = {"drive": drive, "target": target, "off_limits": list(off_limits)}
    message = base64.b64encode(pack(header, dict(arrays))).decode("ascii")
    return f"__import__({_MODULE!r}).answer({message!r}, {_NAMESPACE})"


def read_reply(text: object) -> dict[str, npt.NDArray[Any]]:
    """Read a reply.

    Args:
        text: ``text/plain`` of the evaluated expression, as the kernel claims it.

    Raises:
        StudentError: the student's code raised; the error says what and where.
        MalformedReplyError: the reply is too large or not well formed.
    """
    if not isinstance(text, str):
        raise MalformedReplyError("the reply is not text")
    if len(text) > REPLY_SIZE:
        raise MalformedReplyError(f"the reply is larger than {REPLY_SIZE >> 20} MB")
    if not _BASE64.fullmatch(text):
        raise MalformedReplyError("the reply is not base64")
    try:
        message = base64.b64decode(text[1:-1], validate=True)
    except binascii.Error:
        raise MalformedReplyError("the reply is not base64") from None
    header, body = _split(message)
    if "error" in header:
        raise _student_error(header["error"])
    return {name: _array(blob) for name, blob in _blobs(header.get("arrays", []), body)}


def _split(message: bytes) -> tuple[dict[str, Any], bytes]:
    if len(message) < 4:
        raise MalformedReplyError("the reply is empty")
    (length,) = struct.unpack(">I", message[:4])
    if length > min(_HEADER_SIZE, len(message) - 4):
        raise MalformedReplyError("the reply's header is cut off or too large")
    try:
        header = json.loads(message[4 : 4 + length])
    except (ValueError, RecursionError):  # ValueError covers bad JSON, bad UTF-8 and giant integers
        raise MalformedReplyError("the reply's header is not JSON") from None
    if not isinstance(header, dict):
        raise MalformedReplyError("the reply's header is not an object")
    return header, message[4 + length :]


def _student_error(claim: object) -> StudentError:
    if not isinstance(claim, dict) or not all(isinstance(claim.get(key), str) for key in ("name", "message", "line")):
        return MalformedReplyError("the reply's error has no name, message and line")
    return StudentError.from_report(claim)


def _blobs(sizes: object, body: bytes) -> list[tuple[str, bytes]]:
    if not isinstance(sizes, list) or len(sizes) > _ARRAYS:
        raise MalformedReplyError("the reply's list of arrays is not a short list")
    blobs, start = [], 0
    for entry in sizes:
        if not (isinstance(entry, list) and len(entry) == 2):
            raise MalformedReplyError("an entry of the reply's list of arrays is not a pair")
        name, size = entry
        if not isinstance(name, str) or type(size) is not int or not 0 <= size <= len(body) - start:
            raise MalformedReplyError("an array of the reply has no name or lies outside it")
        blobs.append((name, body[start : start + size]))
        start += size
    if start != len(body):
        raise MalformedReplyError("bytes are left over after the reply's arrays")
    return blobs


def _array(blob: bytes) -> npt.NDArray[Any]:
    """Read one .npy file whose header must agree with its size to the byte."""
    stream = io.BytesIO(blob)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise ValueError(f"unknown .npy version {version}")
    except Exception:  # NumPy's header reader parses Python and raises whatever its tokenizer does
        raise MalformedReplyError("an array of the reply is not .npy") from None
    if dtype.hasobject or dtype.kind not in "biufc":
        raise MalformedReplyError(f"an array of the reply has entries of type {dtype.str[:20]}, expected numbers")
    if len(shape) > 32 or any(side < 0 for side in shape):
        raise MalformedReplyError("an array of the reply has an impossible shape")
    if math.prod(shape) * dtype.itemsize != len(blob) - stream.tell():
        raise MalformedReplyError("an array of the reply is longer or shorter than its shape says")
    flat = np.frombuffer(blob, dtype, offset=stream.tell()).copy()
    return flat.reshape(shape, order="F" if fortran else "C")
