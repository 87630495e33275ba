"""`dlcourse check` runs a student's notebook and says what passes and what comes next."""

import io

import nbformat
import pytest
from rich.console import Console

from dlcourse.checks import progress
from dlcourse.checks.bank import all_questions
from dlcourse.checks.run import overview, run_notebook


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_PROGRESS", str(tmp_path / "progress"))


def written(tmp_path, *sources, name="00_start_here.ipynb"):
    path = tmp_path / name
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def shown(thing):
    out = io.StringIO()
    Console(file=out, width=100).print(thing)
    return out.getvalue()


IMPORT = "from dlcourse.checks import check"
RIGHT = "def column_mean(X):\n    return X.sum(0) / len(X)\ncheck('00.mean', column_mean)"
WRONG = "def column_mean(X):\n    return X.mean(1)\ncheck('00.mean', column_mean)"


def test_a_right_answer_passes_and_is_remembered(tmp_path):
    report = run_notebook(written(tmp_path, IMPORT, RIGHT))
    assert report.all_passed
    assert "passed" in shown(report)
    assert progress.records()["00.mean"]["passed"] is True
    assert "1 of 1" in shown(overview())


def test_a_wrong_answer_shows_the_diagnosis_and_the_next_step(tmp_path):
    text = shown(run_notebook(written(tmp_path, IMPORT, WRONG)))
    assert "the mean is taken along each row" in text
    assert "0 of 1 questions passed" in text
    assert 'next: 00.mean; a hint: check.hint("00.mean")' in text


def test_a_cell_that_fails_does_not_stop_the_checks_after_it(tmp_path):
    assert run_notebook(written(tmp_path, IMPORT, "1 / 0", "this is no Python", RIGHT)).all_passed


def test_a_notebook_without_its_check_says_so(tmp_path):
    assert "no check ran" in shown(run_notebook(written(tmp_path, IMPORT)))


def test_a_process_that_ends_is_reported_with_what_ran_before(tmp_path):
    report = run_notebook(written(tmp_path, IMPORT, RIGHT, "import os; os._exit(1)"))
    assert report.all_passed
    assert "the Python process ended" in shown(report)


def test_what_is_no_exercise_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebook at"):
        run_notebook(tmp_path / "missing.ipynb")
    with pytest.raises(ValueError, match="expected an exercise"):
        run_notebook(written(tmp_path, IMPORT, name="notes.ipynb"))
    broken = tmp_path / "00_broken.ipynb"
    broken.write_text("{")
    with pytest.raises(ValueError, match="is not a notebook"):
        run_notebook(broken)


def test_the_overview_has_a_line_for_every_exercise():
    text = shown(overview())
    for number in {question.id[:2] for question in all_questions()}:
        assert f"\n{number} " in text
    assert "tries" not in text  # a lecture's own checks count as attempts, so their number would say little
