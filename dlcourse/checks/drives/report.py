"""Say what went wrong in a student's code, with the student's own line."""

from __future__ import annotations

import linecache
import sysconfig
from pathlib import Path
from types import TracebackType

__all__ = ["error_report"]

_DRIVES = str(Path(__file__).parent)
_CHECKS = str(Path(__file__).parent.parent)
_LIBRARIES = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


def error_report(error: BaseException) -> dict[str, str]:
    """Describe ``error`` as text: its ``name``, ``message``, and ``line``, the student's own line.

    The student's line is the innermost frame that belongs neither to the drives nor to an
    installed library: where NumPy raises, it is the line that called NumPy.
    """
    return {"name": type(error).__name__, "message": _message(error), "line": _own_line(error.__traceback__)}


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(the error has no readable message)"


def _own_line(traceback: TracebackType | None) -> str:
    line = ""
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if not filename.startswith((_DRIVES, _CHECKS, *_LIBRARIES)) and not filename.startswith("<frozen"):
            line = linecache.getline(filename, traceback.tb_lineno).strip() or line
        traceback = traceback.tb_next
    return line
