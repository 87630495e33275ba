"""`dlcourse lab` and `dlcourse present`: bring the notebooks into work/ and open JupyterLab there."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from urllib.parse import quote

__all__ = ["course_root", "jupyter_command", "jupyter_environment", "presented"]


def course_root(start: Path | None = None) -> Path:
    """Return the folder that holds the course: ``start`` or one above it, else where dlcourse lies.

    Raises ``FileNotFoundError`` when no folder with ``lectures/`` and ``exercises/`` is found.
    """
    here = (start or Path.cwd()).resolve()
    for folder in [here, *here.parents, Path(__file__).resolve().parents[1]]:
        if (folder / "lectures").is_dir() and (folder / "exercises").is_dir():
            return folder
    raise FileNotFoundError(
        f"no course found: neither {here} nor a folder above it has lectures/ and exercises/; "
        f"run the command in the course's folder"
    )


def presented(notebook: Path, root: Path) -> Path:
    """Return the file to present: a lecture's copy in work/, any other notebook itself.

    Running a lecture before an audience changes what it stores, and ``lectures/`` should stay as it is.
    Raises ``FileNotFoundError`` for a notebook that does not exist.
    """
    if not notebook.is_file():
        raise FileNotFoundError(f"no notebook at {notebook}; the lectures are in {root / 'lectures'}")
    lectures = (root / "lectures").resolve()
    path = notebook.resolve()
    return root / "work" / "lectures" / path.name if path.parent == lectures else path


def jupyter_command(work: Path, port: int | None, browser: bool, page: str = "") -> list[str]:
    """Return the command that serves ``work`` in JupyterLab, with a token, on this machine only.

    ``page`` is the notebook to open first, as a path below ``work``; JupyterLab chooses when it is empty.
    """
    command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={work}", "--ServerApp.ip=127.0.0.1"]
    command.append("--ServerApp.log_level=WARN")  # the address is printed all the same
    if page:
        command.append(f"--LabApp.default_url=/lab/tree/{quote(page)}")
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--ServerApp.allow_root=True")
    if not (browser and _has_browser()):
        command.append("--no-browser")
    return command


def jupyter_environment() -> dict[str, str]:
    """Return the environment for JupyterLab: students see neither the grading tools nor news of Jupyter."""
    ours = str(Path(__file__).parent / "lab_config")
    theirs = os.environ.get("JUPYTER_CONFIG_PATH")
    return {**os.environ, "JUPYTER_CONFIG_PATH": ours + (os.pathsep + theirs if theirs else "")}


def _has_browser() -> bool:
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
