"""What lies beside a feedback page for nbgrader's ``release_feedback``."""

from __future__ import annotations

from pathlib import Path

from dlcourse.grading.exchange import SideFiles

NAME = "01_mini"


def submitted(root: Path, student: str, **files: str) -> None:
    folder = root / "submitted" / student / NAME
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)


def test_what_came_through_the_exchange_goes_back(tmp_path: Path) -> None:
    submitted(tmp_path, "ann", submission_secret="s3cret", timestamp="2026-01-02 10:00:00 UTC")
    files = SideFiles(tmp_path, NAME).of("ann")
    assert files == {"submission_secret.txt": b"s3cret", "timestamp.txt": b"2026-01-02 10:00:00 UTC"}


def test_what_came_otherwise_gets_a_secret_that_nobody_knows(tmp_path: Path) -> None:
    submitted(tmp_path, "ann", submission_secret="s3cret", timestamp="2026-01-02 10:00:00 UTC")
    submitted(tmp_path, "bob")
    files = SideFiles(tmp_path, NAME)
    secrets = {files.of(student)["submission_secret.txt"] for student in ("ann", "bob", "cat")}
    assert len(secrets) == 3
    assert min(len(secret) for secret in secrets - {b"s3cret"}) == 64
    assert SideFiles(tmp_path, NAME).of("bob") == files.of("bob"), "the same name at each release"


def test_a_class_without_the_exchange_gets_no_such_files(tmp_path: Path) -> None:
    submitted(tmp_path, "ann", timestamp="2026-01-02 10:00:00 UTC")
    assert SideFiles(tmp_path, NAME).of("ann") == {}
