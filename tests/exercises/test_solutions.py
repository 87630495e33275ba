"""The authored solutions pass with full points; the released stubs score zero and run to the end."""

import os
import re
import sys
import textwrap

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from dlcourse.checks import progress
from dlcourse.checks.bank import all_questions, all_written
from dlcourse.checks.checker import run_check
from dlcourse.notebooks.release import solution_folder


def authored(root, number):
    (path,) = solution_folder(number, root).glob("*.ipynb")
    return nbformat.read(path, as_version=4)


def released(root, number):
    (path,) = (root / "exercises" / solution_folder(number, root).name).glob("*.ipynb")
    return nbformat.read(path, as_version=4)


def execute(notebook, folder):
    """Run all cells in a fresh kernel; an exception in any cell fails the test."""
    env = {**os.environ, "DLCOURSE_PROGRESS": str(folder / "progress"), "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env)
    return notebook


def definitions(notebook):
    """The namespace after running every answer cell and every setup cell, without the checks."""
    namespace = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source.startswith("check("):
            exec(compile(cell.source, f"<{cell.id}>", "exec"), namespace)
    return namespace


def checked_objects(notebook):
    """Question id → name of the object that the authored check cell hands to ``check``."""
    sources = [cell.source for cell in notebook.cells if cell.source.startswith("check(")]
    return dict(re.fullmatch(r'check\("([\w.]+)", (\w+)\)', source).groups() for source in sources)


@pytest.mark.parametrize("seed", [7, 8, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(20, 38))])
def test_every_solution_gets_all_points(root, number, seed):
    notebook = authored(root, number)
    namespace = definitions(notebook)
    objects = checked_objects(notebook)
    assert set(objects) == {question.id for question in all_questions(number)}
    with np.errstate(over="ignore"):
        for question in all_questions(number):
            verdict = run_check(question, namespace[objects[question.id]], seed)
            assert verdict.points == question.points, verdict


@pytest.mark.parametrize("seed", [7, 8])
def test_every_stub_scores_zero_and_names_its_question(root, number, seed, capsys):
    notebook = released(root, number)
    namespace = definitions(notebook)
    objects = checked_objects(notebook)
    for question in all_questions(number):
        verdict = run_check(question, namespace[objects[question.id]], seed)
        assert (verdict.points, verdict.kind) == (0, "not started"), verdict
        assert question.id in verdict.summary


def test_the_solution_notebook_runs_and_passes(root, number, tmp_path):
    execute(authored(root, number), tmp_path)
    records = progress.records()
    assert {name for name, entry in records.items() if entry["passed"]} == {q.id for q in all_questions(number)}


def test_the_exercise_notebook_runs_to_its_end_with_every_stub_unanswered(root, number, tmp_path):
    notebook = execute(released(root, number), tmp_path)
    for question in all_questions(number):
        (cell,) = [cell for cell in notebook.cells if cell.source.startswith(f'check("{question.id}"')]
        *_, output = cell.outputs  # a check that trains says so first
        assert output.data["text/plain"].startswith(f"NOT STARTED: {question.id}")
        assert "your code goes here, in place of this raise" in output.data["text/html"]


def test_the_text_states_points_and_minutes_as_the_questions_have_them(root, number):
    text = "\n".join(cell.source for cell in released(root, number).cells if cell.cell_type == "markdown")
    for question in [*all_questions(number), *all_written(number)]:
        points = "1 point" if question.points == 1 else f"{question.points:g} points"
        assert f"*{question.id}: {points}, about {question.minutes} minutes*" in text


def test_the_text_tells_which_names_are_off_limits(root, number):
    cells = [cell.source for cell in released(root, number).cells if cell.cell_type == "markdown"]
    for question in all_questions(number):
        (text,) = [source for source in cells if f"*{question.id}: " in source]
        for name in question.off_limits:
            assert f"`{name}`" in text.split("Off limits here")[1]


def test_questions_come_in_the_order_of_the_bank(root, number):
    assert list(checked_objects(authored(root, number))) == [question.id for question in all_questions(number)]


def test_a_first_check_loads_neither_torch_nor_the_display_libraries(tmp_path):
    import subprocess

    code = textwrap.dedent("""
        import sys
        import numpy as np
        from dlcourse.checks import check

        class Gate:
            def forward(self, x, y):
                self.x, self.y = x, y
                return x * y

            def backward(self, dz):
                return self.y * dz, self.x * dz

        assert check("01.multiply_gate", Gate).passed
        heavy = {"torch", "IPython", "rich", "matplotlib", "sklearn", "scipy", "nbformat"} & set(sys.modules)
        assert not heavy, heavy
    """)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=tmp_path)
