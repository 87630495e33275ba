"""The command line: every command explains itself with an example, and errors are one line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from traitlets.utils.importstring import import_item
from typer.main import get_command
from typer.testing import CliRunner

from dlcourse.checks.bank import all_questions
from dlcourse.cli import app, main
from dlcourse.lab import jupyter_command, jupyter_environment, presented

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(get_command(app).commands)


def dlcourse(*arguments, **options):
    command = [str(Path(sys.executable).parent / "dlcourse"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def test_the_commands_that_the_readme_names_exist():
    named = set(re.findall(r"dlcourse ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert named <= set(COMMANDS)
    assert {"lab", "doctor", "check", "bundle", "release", "slides", "grade", "refresh"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_a_sentence_and_an_example(name):
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    assert f"Example: dlcourse {name}" in shown.output
    assert len(get_command(app).commands[name].help) > 30


def test_an_expected_error_is_one_line_without_a_traceback():
    done = dlcourse("check", "no/such/notebook.ipynb")
    assert done.returncode == 1
    assert done.stdout.startswith("dlcourse: no notebook at")
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_make_alone_prints_the_targets():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    for target in ("setup", "lab", "test", "proof", "bench"):
        assert re.search(rf"^  make {target} ", done.stdout, re.MULTILINE)


def test_jupyterlab_listens_on_this_machine_only_and_starts_headless_and_as_root(tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    command = jupyter_command(tmp_path, port=8890, browser=True)
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--ServerApp.allow_root=True" in command
    assert "--no-browser" in command
    assert "--ServerApp.port=8890" in command


def test_an_ordinary_user_does_not_ask_for_root(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert not [part for part in jupyter_command(tmp_path, None, browser=False) if "root=" in part and "allow" in part]


def test_a_missing_optional_part_is_named_with_the_command_that_brings_it(monkeypatch, capsys):
    def missing():
        raise ModuleNotFoundError("No module named 'nbgrader'", name="nbgrader")

    monkeypatch.setattr("dlcourse.cli.app", missing)
    with pytest.raises(SystemExit):
        main()
    assert "pip install 'dlcourse[grade]'" in capsys.readouterr().out


def test_students_do_not_meet_the_grading_tools_in_jupyterlab(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/somewhere")
    folders = jupyter_environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert folders[1] == "/somewhere"
    server = json.loads((Path(folders[0]) / "jupyter_server_config.json").read_text())
    page = json.loads((Path(folders[0]) / "labconfig" / "page_config.json").read_text())
    installed = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_server_config.d" / "nbgrader.json"
    theirs = json.loads(installed.read_text())["ServerApp"]["jpserver_extensions"]
    assert server["ServerApp"]["jpserver_extensions"] == dict.fromkeys(theirs, False)
    assert page["disabledExtensions"]["@jupyter/nbgrader"] is True


def test_a_lecture_is_presented_from_its_copy_and_any_other_notebook_from_where_it_lies(tmp_path):
    (tmp_path / "lectures").mkdir()
    for path in ("lectures/01.ipynb", "mine.ipynb"):
        (tmp_path / path).write_text("{}")
    assert presented(tmp_path / "lectures" / "01.ipynb", tmp_path) == tmp_path / "work" / "lectures" / "01.ipynb"
    assert presented(tmp_path / "mine.ipynb", tmp_path) == tmp_path / "mine.ipynb"
    with pytest.raises(FileNotFoundError, match=r"no notebook at .*02\.ipynb"):
        presented(tmp_path / "lectures" / "02.ipynb", tmp_path)
    assert "--LabApp.default_url=/lab/tree/a%20b.ipynb" in jupyter_command(tmp_path, None, False, "a b.ipynb")


def test_a_kernels_messages_leave_at_once(monkeypatch):
    """An explorer's answer must not wait behind the note that the kernel is busy (Nagle's algorithm)."""
    folder = jupyter_environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0]
    server = json.loads((Path(folder) / "jupyter_server_config.json").read_text())["ServerApp"]
    connection = import_item(server["kernel_websocket_connection_class"])
    parent = connection.__mro__[1]
    assert parent is ZMQChannelsWebsocketConnection, "not what Jupyter Server itself uses"
    monkeypatch.setattr(parent, "connect", lambda self: "connected")
    handler = Mock(spec=KernelWebsocketHandler)
    assert connection(websocket_handler=handler).connect() == "connected"
    handler.set_nodelay.assert_called_once_with(True)


def test_the_readme_lists_the_lectures_and_exercises_that_there_are():
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d\d) [^|]+\| ([^|]*)\|$", readme, re.MULTILINE)
    assert [number for number, _ in rows] == [path.name[:2] for path in sorted(ROOT.glob("lectures/[0-9]*.ipynb"))]
    for number, exercise in rows[1:]:
        questions = len(all_questions(number))
        assert exercise.strip() == (f"{number}, {questions} questions" if questions else "")
