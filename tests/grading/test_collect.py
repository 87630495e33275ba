"""Finding submissions: folders, zip files, LMS downloads; each gets read or a sentence."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from dlcourse.grading.collect import Submission, collect
from dlcourse.grading.lms import account, canvas_table, moodle_table

NAME = "01_mini.ipynb"
CONTENT = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode()


def hand_in(folder: Path, student: str, content: bytes = CONTENT) -> Path:
    path = folder / student / "01_mini" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def found(place: Path) -> dict[str, Submission]:
    return {submission.student: submission for submission in collect(place).submissions("01_mini", only=True)}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_links_at_every_level_are_refused_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    secret = hand_in(outside, "teacher", b'"the solution"')
    handed_in = tmp_path / "in"
    (handed_in / "file" / "01_mini").mkdir(parents=True)
    (handed_in / "file" / "01_mini" / NAME).symlink_to(secret)
    (handed_in / "folder").mkdir()
    (handed_in / "folder" / "01_mini").symlink_to(secret.parent)
    (handed_in / "home").symlink_to(secret.parent.parent)
    links = found(handed_in)
    assert set(links) == {"file", "folder", "home"}
    assert all("symbolic link" in submission.problem and submission.content == b"" for submission in links.values())


def test_submissions_are_found_sorted_and_others_left_out(tmp_path: Path) -> None:
    hand_in(tmp_path, "zoe", CONTENT)
    hand_in(tmp_path, "ann", CONTENT)
    (tmp_path / "not-handed-in").mkdir()
    (tmp_path / "readme.txt").write_text("x")
    (tmp_path / ".hidden" / "01_mini").mkdir(parents=True)
    assert list(found(tmp_path)) == ["ann", "not-handed-in", "zoe"]
    several = collect(tmp_path).submissions("01_mini", only=False)
    assert [submission.student for submission in several] == ["ann", "zoe"]


def test_a_wrong_file_name_is_said(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "ann", CONTENT)
    path.rename(path.with_name("Untitled.ipynb"))
    (submission,) = found(tmp_path).values()
    assert "found Untitled.ipynb" in submission.problem


def test_names_that_cannot_be_student_ids_are_listed(tmp_path: Path) -> None:
    for name in ("a*b", "x[1]", "ok name", "d{e}"):
        (tmp_path / name / "01_mini").mkdir(parents=True)
    assert collect(tmp_path).skipped == ["a*b", "d{e}", "x[1]"]
    assert list(found(tmp_path)) == ["ok name"]


def test_nbgraders_side_files_come_along(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "ann", CONTENT)
    path.with_name("timestamp.txt").write_text("2026-01-01 10:00:00 UTC")
    (submission,) = found(tmp_path).values()
    assert submission.side == {"timestamp.txt": b"2026-01-01 10:00:00 UTC"}


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        collect(tmp_path / "nowhere")


LAYOUTS = {
    "plain": {"ann/01_mini/01_mini.ipynb": CONTENT, "bob/01_mini.ipynb": CONTENT},
    "zips": {"ann.zip": zipped({"anything/01_mini.ipynb": CONTENT}), "bob/01_mini/work.zip": zipped({NAME: CONTENT})},
    "macos": {
        "ann/01_mini.ipynb": CONTENT,
        "ann/__MACOSX/._01_mini.ipynb": b"x",
        "bob/.ipynb_checkpoints/01_mini.ipynb": b"x",
        "bob/01_mini.ipynb": CONTENT,
    },
}


@pytest.mark.parametrize("layout", ["plain", "zips"])
@pytest.mark.parametrize("as_zip", [False, True])
def test_each_layout_is_found_in_a_folder_and_in_a_zip_file(tmp_path: Path, layout: str, as_zip: bool) -> None:
    place = tmp_path / "download.zip"
    if as_zip:
        place.write_bytes(zipped(LAYOUTS[layout]))
    else:
        place = tmp_path / "in"
        for name, content in LAYOUTS[layout].items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
    submissions = found(place)
    assert {student: (each.content, each.problem) for student, each in submissions.items()} == {
        "ann": (CONTENT, ""),
        "bob": (CONTENT, ""),
    }


def test_what_macos_and_jupyter_leave_in_a_zip_is_not_a_submission(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped(LAYOUTS["macos"]))
    assert {each.problem for each in found(tmp_path / "x.zip").values()} == {""}


def test_a_zip_that_holds_the_folder_itself_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({f"submissions/{name}": data for name, data in LAYOUTS["plain"].items()}))
    assert list(found(tmp_path / "x.zip")) == ["ann", "bob"]


def test_canvas_names() -> None:
    who, name = account("smithann_LATE_4711_98765_01_mini-2.ipynb")
    assert (who.student, who.system, who.id, name) == ("smithann_4711", "canvas", "4711", NAME)


def test_moodle_names() -> None:
    who, name = account("Ann O'Neill Smith_123_assignsubmission_file_")
    assert (who.student, who.system, who.id, name) == ("Ann O-Neill Smith_123", "moodle", "123", "")
    assert account("Ann Smith_123_assignsubmission_file_01_mini.ipynb")[1] == NAME


def test_other_names_are_plain_students() -> None:
    assert str(account("ann_b")[0]) == ""
    assert account("ann_b")[0].student == "ann_b"


def test_a_canvas_download_is_graded_by_account(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(
        zipped({"smithann_4711_9_01_mini.ipynb": CONTENT, "li_12_8_01_mini-1.ipynb": CONTENT})
    )
    submissions = found(tmp_path / "x.zip")
    assert [each.account for each in submissions.values()] == ["canvas:12:li", "canvas:4711:smithann"]
    scores = [(each.account, 3.5) for each in submissions.values()]
    assert canvas_table("01_mini", scores).splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,01_mini",
        "li,12,,,,3.5",
        "smithann,4711,,,,3.5",
    ]
    assert moodle_table(scores).splitlines() == ["Identifier,Full name,Grade"]


def test_a_moodle_download_is_graded_by_participant(tmp_path: Path) -> None:
    folder = tmp_path / "Ann Smith_123_assignsubmission_file_"
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)
    (submission,) = found(tmp_path).values()
    assert submission.problem == ""
    assert moodle_table([(submission.account, 2.0)]).splitlines()[1] == "Participant 123,Ann Smith,2"


def test_a_zip_bomb_is_read_to_its_limit_only(tmp_path: Path) -> None:
    (tmp_path / "ann.zip").write_bytes(zipped({NAME: bytes(200 << 20)}))
    assert "larger than 20 MB" in found(tmp_path)["ann"].problem


@pytest.mark.parametrize("name", ["../../01_mini.ipynb", "/etc/01_mini.ipynb", "a/../../../01_mini.ipynb"])
def test_paths_in_a_zip_write_nothing_anywhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "ann.zip").write_bytes(zipped({name: CONTENT}))
    submission = found(folder)["ann"]
    assert submission.content == CONTENT or "no files named 01_mini.ipynb" in submission.problem
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["ann.zip", "in"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not a zip", "not a zip file, or it is damaged"),
        (zipped({"other.ipynb": CONTENT}), "no files named 01_mini.ipynb"),
        (zipped({"a/01_mini.ipynb": CONTENT, "b/01_mini.ipynb": CONTENT}), "holds 2 files named"),
        (zipped({NAME: CONTENT})[:-30], "not a zip file, or it is damaged"),
        (zipped({NAME: CONTENT * 50}).replace(b"\x4b", b"\x4c", 1), ""),
    ],
)
def test_zip_files_that_cannot_be_graded_get_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "ann.zip").write_bytes(content)
    assert says in found(tmp_path)["ann"].problem


def test_a_zip_with_a_password_is_named(tmp_path: Path) -> None:
    content = bytearray(zipped({NAME: CONTENT}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.index(mark) + (6 if mark[2] == 3 else 8)] |= 1  # the flag for encryption
    (tmp_path / "ann.zip").write_bytes(bytes(content))
    assert "has a password" in found(tmp_path)["ann"].problem


def test_two_notebooks_of_one_name_are_named(tmp_path: Path) -> None:
    for folder in ("first try", "second try"):
        (tmp_path / "ann" / folder).mkdir(parents=True)
        (tmp_path / "ann" / folder / NAME).write_bytes(CONTENT)
    assert "There are 2 files named 01_mini.ipynb: first try/01_mini.ipynb, second" in found(tmp_path)["ann"].problem


def test_the_exercises_own_folder_decides_between_two_notebooks(tmp_path: Path) -> None:
    hand_in(tmp_path, "ann")
    (tmp_path / "ann" / NAME).write_bytes(b"a draft")
    assert found(tmp_path)["ann"].content == CONTENT
