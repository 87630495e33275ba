"""Where the figures come from: processor, libraries, BLAS, threads."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import threadpoolctl
import torch

from benchmarks.speed_report import table

__all__ = ["description"]


def description() -> str:
    """A table of everything the figures depend on."""
    rows = [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("threads", f"torch {torch.get_num_threads()}, BLAS {os.environ.get('OMP_NUM_THREADS', 'not limited')}"),
        ("system", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
        ("load", f"{os.getloadavg()[0]:.1f} programs ran on average in the last minute; 1 is this one alone"),
        ("NumPy", f"{np.__version__} with {_blas()}"),
        ("PyTorch", f"{torch.__version__} on the CPU, {torch.backends.cpu.get_cpu_capability()} kernels"),
    ]
    return table(("", ""), rows, words=True)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _blas() -> str:
    """BLAS as it runs, not as it was built: the kernels are chosen when it starts."""
    core_type = os.environ.get("OPENBLAS_CORETYPE")
    pinned = f"OPENBLAS_CORETYPE={core_type}" if core_type else "OPENBLAS_CORETYPE not set"
    for library in threadpoolctl.threadpool_info():
        if library["user_api"] == "blas" and "numpy" in library["filepath"]:
            kernels = library.get("architecture", "unknown")
            return f"{library['internal_api']} {library['version']}, {kernels} kernels ({pinned})"
    build = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{build['name']} {build['version']} ({pinned})"
