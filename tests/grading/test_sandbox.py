"""The sandbox's command line: what is in it, and what a process inside finds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dlcourse.grading import mounts, sandbox
from dlcourse.grading.probe import probe_sandbox
from dlcourse.grading.provisioner import sweep
from dlcourse.grading.sandbox import Limits, SandboxMissingError, command, environment

PACKAGE = Path(sandbox.__file__).resolve().parents[1]


@pytest.fixture
def fake_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: "/usr/bin/bwrap")
    monkeypatch.setattr(sandbox, "_help_text", lambda: "--disable-userns")


def mounted(arguments: list[str]) -> dict[str, str]:
    """Destination -> kind of mount."""
    found = {}
    for index, argument in enumerate(arguments):
        if argument in {"--ro-bind", "--ro-bind-try", "--bind"}:
            found[arguments[index + 2]] = argument
        elif argument == "--tmpfs":
            found[arguments[index + 1]] = argument
    return found


@pytest.mark.usefixtures("fake_bubblewrap")
@pytest.mark.parametrize("root", [True, False])
def test_every_namespace_is_new_and_the_environment_is_empty(tmp_path: Path, root: bool) -> None:
    arguments = command(["python"], shared=tmp_path, root=root)
    for option in (
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ):
        assert option in arguments
    assert arguments[-1] == "python"


@pytest.mark.usefixtures("fake_bubblewrap")
def test_root_drops_to_the_throwaway_user_before_the_program(tmp_path: Path) -> None:
    arguments = command(["python"], shared=tmp_path, root=True, uid=61234)
    inside = arguments[arguments.index("--") + 1 :]
    assert inside[0].endswith("setpriv")
    assert inside[inside.index("--reuid") + 1] == inside[inside.index("--regid") + 1] == "61234"
    assert {"--clear-groups", "--bounding-set=-all", "--no-new-privs"} <= set(inside)
    assert "--unshare-user" not in arguments


@pytest.mark.usefixtures("fake_bubblewrap")
def test_an_ordinary_user_gets_a_user_namespace_without_capabilities(tmp_path: Path) -> None:
    arguments = command(["python"], shared=tmp_path, root=False)
    assert {"--unshare-user", "--disable-userns"} <= set(arguments)
    assert arguments[arguments.index("--cap-drop") + 1] == "ALL"
    assert not any(argument.endswith("setpriv") for argument in arguments)


@pytest.mark.usefixtures("fake_bubblewrap")
def test_limits_reach_prlimit(tmp_path: Path) -> None:
    limits = Limits(address_space=1234, processes=56, file_size=78, cpu=9, open_files=10)
    arguments = command(["python"], shared=tmp_path, limits=limits)
    assert {"--as=1234", "--nproc=56", "--fsize=78", "--cpu=9", "--nofile=10", "--core=0"} <= set(arguments)


@pytest.mark.usefixtures("fake_bubblewrap")
def test_only_the_shared_folder_is_writable_and_outside(tmp_path: Path) -> None:
    found = mounted(command(["python"], shared=tmp_path, files={"data.csv": tmp_path / "data.csv"}))
    assert [place for place, kind in found.items() if kind == "--bind"] == [str(tmp_path)]
    assert found["/home/student/assignment/data.csv"] == "--ro-bind"
    assert found["/tmp"] == found["/home"] == found["/dev/shm"] == "--tmpfs"


@pytest.mark.usefixtures("fake_bubblewrap")
def test_questions_and_grader_are_covered_after_the_package_is_mounted(tmp_path: Path) -> None:
    arguments = command(["python"], shared=tmp_path)
    package = arguments.index(str(PACKAGE))
    for covered in (PACKAGE / "checks", PACKAGE / "grading"):
        assert arguments.index(str(covered)) > package
        assert mounted(arguments)[str(covered)] == "--tmpfs"
    assert mounted(arguments)[str(PACKAGE / "checks" / "drives")] == "--ro-bind-try"


@pytest.mark.usefixtures("fake_bubblewrap")
@pytest.mark.parametrize("home", ["/home/teacher/course", "/tmp/course"])
def test_a_course_below_home_or_tmp_is_not_covered_by_the_empty_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str
) -> None:
    package, python = Path(home, "dlcourse"), Path(home, ".venv")
    monkeypatch.setattr(mounts, "PACKAGE", package)
    monkeypatch.setattr(mounts, "_python_folders", lambda: (python,))
    arguments = command(["python"], shared=tmp_path)
    for empty in ("/tmp", "/home"):
        covered_at = max(i for i, word in enumerate(arguments) if word == empty and arguments[i - 1] == "--tmpfs")
        assert arguments.index(str(package)) > covered_at
        assert arguments.index(str(python)) > covered_at


def test_environment_carries_nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    assert "hunter2" not in environment().values()


def test_without_bubblewrap_the_error_names_the_install_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxMissingError, match="apt-get install bubblewrap"):
        command(["python"], shared=tmp_path)


@pytest.mark.sandbox
def test_a_sandbox_that_cannot_start_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: str(broken))
    with pytest.raises(SandboxMissingError, match="No permissions to create new namespace"):
        probe_sandbox()


def test_what_a_killed_grader_left_is_ended_and_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    folder = Path(f"/tmp/dlcourse-{ended.pid}-left")
    folder.mkdir()
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    orphan = subprocess.Popen([*sleep, str(folder / "kernel.json")])
    other = subprocess.Popen([*sleep, str(tmp_path / "kernel.json")])
    try:
        assert sweep() >= 1
        assert orphan.wait(timeout=10) == -signal.SIGKILL
        assert other.poll() is None
        assert not folder.exists()
    finally:
        other.kill()
        other.wait()


@pytest.mark.sandbox
def test_what_a_process_inside_finds(tmp_path: Path) -> None:
    secret = tmp_path / "solutions"
    secret.mkdir()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    look = f"""
        import json, os, socket, pathlib
        import dlcourse.checks as checks, dlcourse.checks.drives as drives
        def readable(path):
            return os.path.exists(path)
        def connects():
            try:
                socket.create_connection(("127.0.0.1", 22), timeout=1)
                return True
            except OSError:
                return False
        package = {str(PACKAGE)!r}
        print(json.dumps({{
            "secret": readable({str(secret)!r}),
            "repository": sorted(os.listdir(os.path.dirname(package))),
            "checks": sorted(os.listdir(package + "/checks")),
            "grading": os.listdir(package + "/grading"),
            "environment": sorted(os.environ),
            "uid": os.getuid(),
            "interfaces": [name for _, name in socket.if_nameindex()],
            "connects": connects(),
            "processes": sum(name.isdigit() for name in os.listdir("/proc")),
            "writable": [place for place in ("/usr", "/etc", "/", package) if os.access(place, os.W_OK)],
            "passed": checks.check("01.multiply_gate", object).passed,
        }}))
    """
    arguments = command([sys.executable, "-c", textwrap.dedent(look)], shared=shared, uid=61500)
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, cwd="/", env={"PATH": os.defpath})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert not found["secret"]
    assert set(found["repository"]) <= {"dlcourse", Path(sys.prefix).name}
    assert found["checks"] == ["__init__.py", "drives"]
    assert found["grading"] == []
    assert not {name for name in found["environment"] if name.startswith(("PYTEST", "SECRET"))}
    assert found["uid"] not in {0, os.getuid()} or os.getuid() == 1000
    assert found["interfaces"] == ["lo"]
    assert not found["connects"]
    assert found["processes"] <= 3
    assert found["writable"] == []
    assert found["passed"] is False
