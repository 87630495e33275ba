"""The benchmark of the lectures runs them, measures them, and cuts the network off."""

import os
import socket

import nbformat
import pytest

from benchmarks import lectures
from dlcourse.grading.probe import probe_sandbox
from dlcourse.grading.sandbox import SandboxMissingError


def notebook(tmp_path, source):
    path = tmp_path / "03_tiny.ipynb"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="tiny")])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)
    return path


def test_a_lecture_is_measured(tmp_path):
    path = notebook(
        tmp_path, "import time\nheld = bytearray(300 << 20)\nheld[::4096] = b'1' * len(held[::4096])\ntime.sleep(1.5)"
    )
    run = lectures.run_apart(path, [])
    assert (run.name, run.number) == ("03_tiny", 3)
    assert 1.5 < run.seconds < 120
    assert 300 < run.megabytes < 800


def test_a_lecture_that_fails_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"03_tiny\.ipynb failed:[\s\S]*cell tiny: ValueError: out of paper"):
        lectures.run_apart(notebook(tmp_path, "raise ValueError('out of paper')"), [])


@pytest.mark.sandbox
def test_a_lecture_has_no_network(tmp_path):
    try:
        probe_sandbox()
    except SandboxMissingError as error:
        if os.environ.get("DLCOURSE_REQUIRE_SYSTEM") != "1":
            pytest.skip(str(error))
    with socket.create_server(("127.0.0.1", 0)) as server:
        path = notebook(tmp_path, f"import socket\nsocket.create_connection({server.getsockname()}, timeout=5)")
        assert lectures.run_apart(path, []).name == "03_tiny"  # without the shield it gets through
        with pytest.raises(SystemExit, match="cell tiny: ConnectionRefusedError"):
            lectures.run_apart(path, lectures.WITHOUT_NETWORK)


def test_the_page_says_whether_the_targets_are_met():
    runs = [lectures.Run("02_first", 70.0, 400.0), lectures.Run("03_second", 50.0, 500.0)]
    page = lectures.table(runs, offline=True)
    assert "Longest 70 s (at most 60 wanted: not met)" in page
    assert "lectures 02 to 07 together 120 s (at most 240 wanted: met)" in page
    assert "most memory 500 MB (at most 1500 wanted: met)" in page
    assert "without network" in page
    assert "| 02_first | 70.0 | 400 |\n| 03_second | 50.0 | 500 |\n" in page
    assert "without network" not in lectures.table(runs, offline=False)
