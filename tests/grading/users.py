"""Several unprivileged users on one machine, for the time of a test.

Bubblewrap shows a command a machine whose accounts, homes and exchange are folders of the test; ``setpriv`` makes it
run as one of the users. No file of the real machine is touched, and nothing remains when the folder is removed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import psutil

from dlcourse.grading.mounts import PACKAGE, _python_folders, system_mounts
from dlcourse.grading.sandbox import bubblewrap

__all__ = ["EXCHANGE", "Machine"]

EXCHANGE = "/usr/local/share/nbgrader/exchange"
"""nbgrader's own default."""

_FIRST_UID = 65_010 + os.getpid() % 100 * 5
"""Above those that the grader gives to sandboxes, and mostly not those of another run of the tests."""


class Machine:
    """Users by name, each with a user id and a home of its own that nobody else may enter."""

    def __init__(self, root: Path, *names: str) -> None:
        self.root = root
        self.uids = {name: _FIRST_UID + index for index, name in enumerate(names)}
        accounts = {"root": (0, "/root"), **{name: (uid, f"/home/{name}") for name, uid in self.uids.items()}}
        (root / "etc").mkdir()
        (root / "etc" / "passwd").write_text(
            "".join(f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n" for name, (uid, home) in accounts.items())
        )
        (root / "etc" / "group").write_text("".join(f"{name}:x:{uid}:\n" for name, (uid, _) in accounts.items()))
        (root / "exchange").mkdir()
        (root / "exchange").chmod(0o1777)
        (root / "home").mkdir()
        (root / "home").chmod(0o755)
        for name in names:
            self.home(name).mkdir(mode=0o700)
            self.give(name, self.home(name))

    def home(self, name: str) -> Path:
        """A user's home, as root sees it from outside."""
        return self.root / "home" / name

    def give(self, name: str, path: Path) -> None:
        """Make a user the owner of a file, or of a folder and all that is in it."""
        for each in [path, *path.rglob("*")]:
            os.chown(each, self.uids[name], self.uids[name])

    def run(self, name: str, command: str, *, folder: str = ".", succeeds: bool = True) -> str:
        """Run a shell command as a user, in a folder of its home; return what it printed, errors included."""
        uid = str(self.uids[name])
        script = f"umask 077; cd ~/{shlex.quote(folder)} && {command}"
        arguments = [*self._view(name), "--", "/usr/bin/setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"]
        done = subprocess.run(
            [*arguments, "/bin/sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        assert (done.returncode == 0) is succeeds, f"{name}$ {command}\n{done.stdout}"
        return done.stdout

    def processes(self) -> list[str]:
        """Command lines of living processes that belong to one of the users."""
        found = [each.info for each in psutil.process_iter(["uids", "status", "cmdline"]) if each.info["uids"]]
        mine = [info for info in found if info["uids"].real in self.uids.values()]
        return [str(info["cmdline"]) for info in mine if info["status"] != psutil.STATUS_ZOMBIE]

    def _view(self, name: str) -> list[str]:
        """The machine as bubblewrap's arguments: the last mount of a place is the one that is seen."""
        arguments = [bubblewrap(), "--die-with-parent", "--clearenv"]
        arguments += ["--perms", "0755", "--dir", "/etc", *system_mounts(), "--perms", "1777", "--tmpfs", "/tmp"]
        arguments += ["--bind", "/proc", "/proc"]  # a /proc of its own would not let the grader's sandbox mount one
        arguments += ["--bind", str(self.root / "home"), "/home"]
        for folder in [*_python_folders(), PACKAGE]:
            for parent in reversed(folder.parents[:-1]):
                arguments += ["--perms", "0755", "--dir", str(parent)]
            arguments += ["--ro-bind", str(folder), str(folder)]
        exchange = Path(EXCHANGE)
        arguments += ["--perms", "0755", "--tmpfs", str(exchange.parents[1])]
        arguments += ["--perms", "0755", "--dir", str(exchange.parent)]
        arguments += ["--bind", str(self.root / "exchange"), EXCHANGE]
        for file in ("passwd", "group"):
            arguments += ["--ro-bind", str(self.root / "etc" / file), f"/etc/{file}"]
        environment = {
            "HOME": f"/home/{name}",
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(PACKAGE.parent),
            "OMP_NUM_THREADS": "1",
        }
        for variable, value in environment.items():
            arguments += ["--setenv", variable, value]
        return arguments
