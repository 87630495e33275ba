"""A ``docker`` for tests: it notes what it was asked for and runs "containers" as ordinary processes.

What it cannot show is that a real daemon keeps its promises; what it does show is that the grader asks for the right
ones, that kernels come up and answer from the paths that the container would have, and that containers are removed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

STATE = Path(os.environ["FAKE_DOCKER"])
WITH_VALUE = (
    *("--name", "--label", "--hostname", "--network", "--cap-drop", "--security-opt", "--user", "--memory"),
    *("--memory-swap", "--pids-limit", "--ulimit", "--tmpfs", "--mount", "--env", "--workdir"),
)


def run(arguments: list[str]) -> int:
    options: dict[str, list[str]] = {}
    while arguments[0].startswith("--"):
        name = arguments.pop(0)
        options.setdefault(name, []).append(arguments.pop(0) if name in WITH_VALUE else "")
    image, program = arguments[0], arguments[1:]
    mounts = [dict(part.split("=", 1) for part in text.split(",") if "=" in part) for text in options["--mount"]]
    source = {mount["target"]: mount["source"] for mount in mounts}
    environment = dict(pair.split("=", 1) for pair in options["--env"])
    environment["PYTHONPATH"] = str(Path(source["/opt/dlcourse/dlcourse"]).parent)
    (container := STATE / options["--name"][0]).mkdir()
    folder = container / "work"
    folder.mkdir()
    for target, place in source.items():
        if target.startswith(options["--workdir"][0]):
            (folder / Path(target).name).symlink_to(place)
    environment |= {"HOME": str(folder), "PATH": os.defpath, "TMPDIR": str(folder)}
    python = sys.executable if program[0] == "python" else program[0]
    process = subprocess.Popen([python, *program[1:]], env=environment, cwd=folder, start_new_session=True)
    note = {"image": image, "options": options, "program": program, "pid": process.pid}
    (container / "note.json").write_text(json.dumps(note))
    return process.wait()


def remove(name: str) -> int:
    note = _note(STATE / name)
    if note:
        with suppress(ProcessLookupError):
            os.killpg(note["pid"], signal.SIGKILL)
        (STATE / name).rename(STATE / f"gone-{name}")
    return 0


def ps() -> int:
    for folder in STATE.glob("dlcourse-*"):
        label = _note(folder)["options"]["--label"][0]
        print(folder.name, label.partition("=")[2])
    return 0


def _note(folder: Path) -> dict[str, Any]:
    path = folder / "note.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def main(arguments: list[str]) -> int:
    if arguments[0] == "run":
        return run(arguments[1:])
    if arguments[0] == "rm":
        return remove(arguments[-1])
    if arguments[0] == "ps":
        return ps()
    if arguments[0] == "inspect":
        print("false")
    if arguments[:2] == ["image", "inspect"]:
        return 0 if (STATE / "image").exists() else 1
    return 0 if (STATE / "daemon").exists() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
