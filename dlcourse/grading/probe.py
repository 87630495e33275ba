"""Find out, before anything runs, whether a sandbox can be started on this machine at all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dlcourse.grading.sandbox import Limits, SandboxMissingError, command

__all__ = ["probe_sandbox"]


def probe_sandbox(limits: Limits | None = None) -> None:
    """Start a sandbox once, and in it the Python of this course.

    Raises:
        SandboxMissingError: bubblewrap is missing, or the system does not let it work; the message says which.
    """
    with tempfile.TemporaryDirectory(prefix="dlcourse-probe-") as folder:
        arguments = command([sys.executable, "-c", "import dlcourse"], shared=Path(folder), limits=limits, uid=61000)
        try:
            done = subprocess.run(
                arguments, capture_output=True, text=True, timeout=60, check=False, cwd="/", env={"PATH": os.defpath}
            )
            problem = done.stderr.strip().splitlines()[-1:] if done.returncode else []
        except subprocess.TimeoutExpired:
            problem = ["no answer within 60 s"]
    if problem or (done.returncode != 0):
        raise SandboxMissingError(
            f"grade: bubblewrap is installed but cannot start a sandbox: {''.join(problem) or 'no reason given'}. "
            f"An ordinary user needs unprivileged user namespaces (sysctl user.max_user_namespaces)."
        )
