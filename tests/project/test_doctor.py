"""`dlcourse doctor` tells the truth about the machine and names a remedy."""

import shutil
from pathlib import Path

import pytest

from dlcourse.doctor import examine, system_findings

ROOT = Path(__file__).parents[2]


def test_this_environment_is_ready_and_every_topic_has_a_line():
    findings = {f.name: f for f in examine(ROOT)}
    assert list(findings) == [
        "Python", "packages", "disk", "write access", "browser", "bubblewrap", "torch", "kernel",
    ]  # fmt: skip
    for name in ("Python", "packages", "disk", "write access", "torch", "kernel"):
        assert findings[name].ok, str(findings[name])
        assert str(findings[name]).startswith("[OK]")


def test_a_wrong_version_fails_and_names_the_command(tmp_path):
    (tmp_path / "requirements.lock").write_text("numpy==0.0.1\nno-such-package==1.0\n")
    packages = next(f for f in examine(tmp_path) if f.name == "packages")
    line = str(packages)
    assert line.startswith("[FAIL]")
    assert "(lock: 0.0.1)" in line
    assert "no-such-package missing (lock: 1.0)" in line
    assert "make clean setup" in line


def test_a_missing_program_is_optional_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    lines = [str(f) for f in system_findings()]
    assert lines[0].startswith("[--]")
    assert lines[0].endswith("apt-get install chromium")
    assert lines[1].endswith("apt-get install bubblewrap")


def test_a_folder_without_write_access_is_named(tmp_path, monkeypatch):
    def refuse(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    finding = next(f for f in examine(tmp_path) if f.name == "write access")
    assert not finding.ok
    assert "Permission denied" in finding.found


@pytest.mark.parametrize("start", [ROOT, ROOT / "lectures"])
def test_the_course_is_found_from_inside_it(start):
    from dlcourse.lab import course_root

    assert course_root(start) == ROOT


def test_elsewhere_the_course_that_is_installed_is_found(tmp_path):
    from dlcourse.lab import course_root

    assert course_root(tmp_path) == ROOT
