"""A release is reproducible, leaks nothing, and refuses a source that is not in order."""

import json
import shutil

import nbformat
import pytest

from dlcourse.checks.bank import all_questions, all_written
from dlcourse.checks.quiz import load_quiz, quiz_ids
from dlcourse.notebooks.markers import marker_problem
from dlcourse.notebooks.quiz_release import QuizError, released_quiz
from dlcourse.notebooks.release import ReleaseError, release, solution_folder


@pytest.fixture
def course(root, tmp_path):
    """A copy of the sources of exercise 01, in a course of its own."""
    shutil.copytree(root / "solutions" / "01_backprop", tmp_path / "solutions" / "01_backprop")
    return tmp_path


@pytest.fixture
def source(course):
    return course / "solutions" / "01_backprop" / "01_backprop.ipynb"


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change({cell.id: cell for cell in notebook.cells})
    nbformat.write(notebook, path)


def test_the_committed_exercise_equals_a_fresh_release(root, number, tmp_path):
    shutil.copytree(root / "solutions", tmp_path / "solutions")
    written = release(number, tmp_path)
    assert written
    for path in written:
        committed = root / path.relative_to(tmp_path)
        assert path.read_bytes() == committed.read_bytes(), f"run: dlcourse release {number}"
    names = {path.name for path in (root / "exercises" / solution_folder(number, root).name).iterdir()}
    assert names - {".ipynb_checkpoints"} == {path.name for path in written if path.parent.parent.name == "exercises"}


def test_a_second_release_writes_nothing(course):
    before = {path: path.stat().st_mtime_ns for path in release("01", course)}
    assert {path: path.stat().st_mtime_ns for path in release("01", course)} == before


def test_no_line_of_a_solution_is_left(root, number):
    folder = solution_folder(number, root)
    (authored,) = folder.glob("*.ipynb")
    (released,) = (root / "exercises" / folder.name).glob("*.ipynb")
    text = released.read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    visible = {line.strip() for cell in nbformat.read(released, 4).cells for line in cell.source.splitlines()}
    for cell in nbformat.read(authored, 4).cells:
        inside = False
        for line in map(str.strip, cell.source.splitlines()):
            if line.startswith("### "):
                inside = line == "### BEGIN SOLUTION"
            elif inside and len(line) > 12:
                assert line not in visible, line


def test_points_come_from_the_questions_alone(root, number, course):
    (path,) = (root / "exercises" / solution_folder(number, root).name).glob("*.ipynb")
    wanted = {f"check-{q.id[3:]}": q.points for q in all_questions(number)}
    wanted |= {f"answer-{q.id[3:]}": q.points for q in all_written(number)}
    marks = [cell.metadata.get("nbgrader", {}) for cell in nbformat.read(path, as_version=4).cells]
    assert {mark.grade_id: mark.points for mark in marks if mark.get("grade")} == wanted


def test_cells_that_students_must_not_edit_are_locked_and_ids_are_kept(root, number):
    folder = solution_folder(number, root)
    (authored,), (released,) = folder.glob("*.ipynb"), (root / "exercises" / folder.name).glob("*.ipynb")
    cells = nbformat.read(released, as_version=4).cells
    assert [cell.id for cell in cells] == [cell.id for cell in nbformat.read(authored, as_version=4).cells]
    for cell in cells:
        if cell.source.startswith("check("):
            assert cell.metadata.editable is False
        assert not cell.get("outputs")


@pytest.mark.parametrize(
    "line",
    [
        "###BEGIN SOLUTION",
        "### BEGIN SOLUTIONS",
        "### BEGIN SOLUTOIN",
        "## BEGIN SOLUTION",
        "# begin solution",
        "### END SOLUTON",
        "### BEGINSOLUTION",
        "#### BEGIN SOLUTION ####",
        "### Begin Solution",
        "### START SOLUTION",
        "### STOP SOLUTION",
        "### BEGIN HIDDEN TESTS",
        "### END ANSWER",
        "<!-- BEGIN SOLUTION -->",
        "BEGIN SOLUTION",
        "x = 1  ### BEGIN SOLUTION",
    ],
)
def test_what_looks_like_a_marker_and_is_none_stops_the_release(course, source, line):
    def change(cells):
        cell = cells["linear-answer"]
        cell.source = cell.source.replace("        ### BEGIN SOLUTION", f"        {line}", 1)

    edit(source, change)
    with pytest.raises(ReleaseError, match=r"01_backprop\.ipynb.*'linear-answer'"):
        release("01", course)
    assert not (course / "exercises").exists()


@pytest.mark.parametrize(
    "text",
    [
        "A solution has two parts, a beginning and an end.",
        "# Part 1: gates",
        "z = X @ W.T  # the pre-activation",
        "## The end of the road",
        "# keeps what backward needs",
    ],
)
def test_ordinary_text_is_no_marker(text):
    assert marker_problem(text) == ""


BROKEN = {
    "no END": lambda c: (c["gradient-step-answer"], ("### END SOLUTION", "")),
    "twice": lambda c: (c["linear-answer"], ("### END SOLUTION", "### BEGIN SOLUTION")),
    "no answer": lambda c: (c["title"], ("# Exercise", "### BEGIN SOLUTION\nx\n### END SOLUTION\n# Exercise")),
    "does not compile": lambda c: (c["setup"], ("import numpy", "import import numpy")),
    "expected check": lambda c: (c["linear-check"], ("01.linear", "01.backward")),
    "top level": lambda c: (
        c["linear-answer"],
        ("class Linear", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\nclass Linear"),
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_source_that_is_not_in_order_is_named(course, source, message):
    def change(cells):
        cell, (old, new) = BROKEN[message](cells)
        assert old in cell.source
        cell.source = cell.source.replace(old, new, 1)

    edit(source, change)
    with pytest.raises(ReleaseError, match=message):
        release("01", course)


def test_an_answer_whose_region_was_deleted_is_named(course, source):
    def change(cells):
        cell = cells["gradient-step-answer"]
        cell.source = cell.source.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")

    edit(source, change)
    with pytest.raises(ReleaseError, match=r"gradient-step-answer.*without a solution region"):
        release("01", course)


def test_a_grade_id_that_names_no_question_is_an_error(course, source):
    edit(source, lambda cells: cells["linear-check"].metadata.nbgrader.update(grade_id="check-linea"))
    with pytest.raises(ReleaseError, match=r"check-linea.*names no question"):
        release("01", course)


def test_a_missing_check_cell_is_an_error(course, source):
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "linear-check"]
    nbformat.write(notebook, source)
    with pytest.raises(ReleaseError, match=r"no check cell for 01\.linear"):
        release("01", course)


def test_an_unknown_exercise_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="77_"):
        release("77", tmp_path)


# ---- quiz


def test_every_option_of_every_quiz_opens_with_its_reason():
    ids = quiz_ids()
    assert {"01.quiz.1", "01.quiz.5"} <= set(ids)
    for quiz_id in ids:
        quiz = load_quiz(quiz_id)
        answers = {letter: quiz.judge(letter) for letter in quiz.options}
        assert sum(right for right, _ in answers.values()) == 1
        assert all(len(reason) > 20 for _, reason in answers.values())


def test_the_released_quiz_shows_no_key_and_no_reason(root):
    released = (root / "dlcourse" / "checks" / "quiz" / "01.json").read_text(encoding="utf-8")
    source = (root / "solutions" / "01_backprop" / "quiz.toml").read_text(encoding="utf-8")
    reasons = [line.split('"')[1] for line in source.splitlines() if line.startswith("reason")]
    assert len(reasons) >= 15
    assert not [reason for reason in reasons if reason in released]
    assert "right" not in json.dumps(
        [list(o) for q in json.loads(released)["questions"].values() for o in q["options"]]
    )
    for question in json.loads(released)["questions"].values():
        assert len({len(option["sealed"]) for option in question["options"].values()}) == 1, "length tells"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[question]]\n", "question 1 has no text"),
        ('[[question]]\ntext="x"\n[question.a]\ntext="1"\nreason="r"\nright=true\n', "at least two"),
        (
            '[[question]]\ntext="x"\n[question.a]\ntext="1"\nreason="r"\n[question.b]\ntext="1"\nreason="r"\n',
            "0 right options",
        ),
        ('[[question]]\ntext="x"\n[question.a]\ntext="1"\n[question.b]\ntext="1"\nreason="r"\n', "option a"),
        ("[[question", "quiz.toml"),
    ],
)
def test_a_quiz_that_is_not_in_order_is_named(tmp_path, text, message):
    path = tmp_path / "quiz.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuizError, match=message):
        released_quiz(path, "09")
