"""Work copies: what is new arrives, what the student did stays."""

import os

import pytest

from dlcourse.notebooks.work import MANIFEST, sync

LECTURE = "lectures/01_topic.ipynb"
EXERCISE = "exercises/01_topic/01_topic.ipynb"
PICTURE = "exercises/01_topic/data/points.npy"


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    for name in (LECTURE, EXERCISE, PICTURE):
        put(root, name, f"{name} version 1")
    for junk in ("lectures/conftest.py", "lectures/.ipynb_checkpoints/x.ipynb", "solutions/01_topic/01_topic.ipynb"):
        put(root, junk, "not for students")
    return root


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def content(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_everything_arrives_the_first_time(course, tmp_path):
    result = sync(course, tmp_path / "work")
    assert content(tmp_path / "work") == {name: f"{name} version 1" for name in (LECTURE, EXERCISE, PICTURE)}
    assert len(result.copied) == 3
    assert "3 new files in work/" in str(result)


def test_the_second_run_does_nothing(course, tmp_path):
    work = tmp_path / "work"
    sync(course, work)
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}
    assert str(sync(course, work)) == "work/ has everything already"
    assert {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()} == before


def test_an_untouched_copy_is_renewed(course, tmp_path):
    work = tmp_path / "work"
    sync(course, work)
    put(course, LECTURE, "version 2")
    result = sync(course, work)
    assert content(work)[LECTURE] == "version 2"
    assert [str(path) for path in result.updated] == [LECTURE]


def test_a_touched_copy_stays_and_the_new_one_arrives_beside_it_once(course, tmp_path):
    work = tmp_path / "work"
    sync(course, work)
    put(work, EXERCISE, "my answer")
    put(course, EXERCISE, "version 2")
    result = sync(course, work)
    beside = "exercises/01_topic/01_topic.new.ipynb"
    assert content(work)[EXERCISE] == "my answer"
    assert content(work)[beside] == "version 2"
    assert beside in str(result)
    (work / beside).unlink()
    assert str(sync(course, work)) == "work/ has everything already"
    put(course, EXERCISE, "version 3")
    sync(course, work)
    assert content(work)[EXERCISE] == "my answer"
    assert content(work)[beside] == "version 3"


def test_a_new_version_that_the_student_worked_in_stays_too(course, tmp_path):
    work = tmp_path / "work"
    sync(course, work)
    put(work, EXERCISE, "my answer")
    put(course, EXERCISE, "version 2")
    sync(course, work)
    put(work, "exercises/01_topic/01_topic.new.ipynb", "my second answer")
    put(course, EXERCISE, "version 3")
    sync(course, work)
    found = content(work)
    assert found[EXERCISE] == "my answer"
    assert found["exercises/01_topic/01_topic.new.ipynb"] == "my second answer"
    assert found["exercises/01_topic/01_topic.new2.ipynb"] == "version 3"


def test_a_touched_copy_is_left_alone_while_the_course_has_nothing_new(course, tmp_path):
    work = tmp_path / "work"
    sync(course, work)
    put(work, EXERCISE, "my answer")
    assert str(sync(course, work)) == "work/ has everything already"
    assert content(work)[EXERCISE] == "my answer"


@pytest.mark.parametrize("broken", [None, "", "[1]", "{", "{}"])
def test_without_a_readable_record_every_file_counts_as_the_students(course, tmp_path, broken):
    work = tmp_path / "work"
    sync(course, work)
    put(course, LECTURE, "version 2")
    if broken is None:
        (work / MANIFEST).unlink()
    else:
        put(work, MANIFEST, broken)
    sync(course, work)
    assert content(work)[LECTURE] == f"{LECTURE} version 1"
    assert content(work)["lectures/01_topic.new.ipynb"] == "version 2"


def test_a_removed_copy_comes_back(course, tmp_path):
    work = tmp_path / "work"
    sync(course, work)
    (work / LECTURE).unlink()
    assert [str(path) for path in sync(course, work).copied] == [LECTURE]


def test_an_interrupted_run_leaves_whole_files_and_is_made_good(course, tmp_path, monkeypatch):
    work = tmp_path / "work"
    sync(course, work)
    for name in (LECTURE, EXERCISE):
        put(course, name, "version 2")
    real, calls = os.fdopen, []

    def breaks_in_the_third_file(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("no space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, "fdopen", breaks_in_the_third_file)
    with pytest.raises(OSError, match="no space left"):
        sync(course, work)
    monkeypatch.undo()
    assert all(text.endswith(("version 1", "version 2")) for text in content(work).values())
    sync(course, work)
    assert content(work) == {LECTURE: "version 2", EXERCISE: "version 2", PICTURE: f"{PICTURE} version 1"}


def test_a_folder_without_a_course_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no folder lectures"):
        sync(tmp_path, tmp_path / "work")
    assert not (tmp_path / "work").exists()
