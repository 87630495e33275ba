"""What the processes of a sandbox use, read from ``/proc``. A process that ends meanwhile counts nothing."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cpu_seconds", "family", "folder_size", "memory"]


def memory(pids: list[int], enough: int) -> int:
    """Memory of some processes together, in bytes.

    Resident sizes count memory that forked processes share once for each; only when they come to more than `enough` is
    it worth the time to divide shared pages among their users.
    """
    resident = sum(map(_resident, pids))
    return resident if resident <= enough else sum(map(_proportional, pids))


def family(*pids: int) -> list[int]:
    """Some processes and all their descendants."""
    found, waiting = [], list(pids)
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


def cpu_seconds(pids: list[int]) -> float:
    """CPU time that some processes have used so far."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime


def folder_size(folder: Path) -> int:
    """Bytes in the files of a folder, as their sizes say; 0 when it is gone."""
    try:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder))
    except OSError:
        return 0
