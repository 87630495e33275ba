"""`dlcourse doctor`: is this machine ready for the course? Each line says what to do if not."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finding", "examine", "system_findings"]

GIGABYTE = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, whether it is fine, what was found, and the remedy."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    optional: bool = False

    def __str__(self) -> str:
        mark = "[OK]  " if self.ok else "[--]  " if self.optional else "[FAIL]"
        return f"{mark} {self.name:<12} {self.found}" + ("" if self.ok else f"  ->  {self.remedy}")


def examine(root: Path) -> Iterator[Finding]:
    """Yield the findings for the course in folder ``root``, the slow ones last."""
    yield _python()
    yield _packages(root / "requirements.lock")
    yield _disk(root)
    yield _write_access(root)
    yield from system_findings()
    yield _torch()
    yield _kernel()


def system_findings() -> Iterator[Finding]:
    """Yield what comes from the system and not from pip: a browser and the grading sandbox."""
    yield _program(
        "browser", ["chromium", "chromium-browser", "google-chrome"], "browser tests and slides as PDF", "chromium"
    )
    yield _program("bubblewrap", ["bwrap"], "grading submissions in a sandbox (Linux)", "bubblewrap")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "Python",
        sys.version_info >= (3, 11),
        f"{version} in {sys.prefix}",
        "install Python 3.11 or newer and run `make setup` again",
    )


def _packages(lock: Path) -> Finding:
    if not lock.exists():
        return Finding(
            "packages", False, f"no {lock.name} beside the course", "run the command in the course's folder", True
        )
    wrong = []
    for name, wanted in re.findall(r"^([A-Za-z0-9_.\-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found.split("+")[0] != wanted:
            wrong.append(f"{name} {found} (lock: {wanted})")
    if not wrong:
        return Finding("packages", True, f"as in {lock.name}")
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    remedy = "make clean setup  (or: pip install -r requirements.lock)"
    return Finding("packages", False, ", ".join(wrong[:3]) + more, remedy)


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    return Finding(
        "disk", free > GIGABYTE, f"{free / GIGABYTE:.0f} GB free", "free at least 1 GB for notebooks and caches"
    )


def _write_access(root: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=root):
            pass
    except OSError as error:
        return Finding(
            "write access", False, f"{root}: {error.strerror}", "copy the course to a folder that belongs to you"
        )
    return Finding("write access", True, f"{root}")


def _program(name: str, candidates: list[str], purpose: str, package: str) -> Finding:
    path = next(filter(None, map(shutil.which, candidates)), None)
    if path is None:
        return Finding(name, False, f"not found; needed for {purpose}", f"apt-get install {package}", optional=True)
    return Finding(name, True, path)


def _torch() -> Finding:
    def probe() -> str:
        import torch

        device = f"GPU {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else "CPU"
        assert torch.ones(2, device=device.split()[0].lower().replace("gpu", "cuda")).sum().item() == 2
        return f"torch {torch.__version__} on {device}, {torch.get_num_threads()} threads"

    return _attempt("torch", probe, "make clean setup  (or: pip install --force-reinstall torch)")


def _kernel() -> Finding:
    def probe() -> str:
        from jupyter_client.manager import start_new_kernel

        manager, client = start_new_kernel(
            kernel_name="python3", startup_timeout=60, extra_arguments=["--IPKernelApp.log_level=40"]
        )
        try:
            reply = client.execute_interactive("import dlcourse", timeout=60)
            if reply["content"]["status"] != "ok":
                raise RuntimeError("the kernel cannot import dlcourse")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        return "a Jupyter kernel starts and imports dlcourse"

    return _attempt("kernel", probe, "make clean setup  (or: pip install -e . in the environment that runs JupyterLab)")


def _attempt(name: str, probe: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, True, probe())
    except Exception as error:  # whatever breaks here is the finding
        return Finding(name, False, f"{type(error).__name__}: {error}"[:160], remedy)
