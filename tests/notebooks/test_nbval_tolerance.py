"""Strict nbval with our tolerance: it accepts what refresh would keep and reports the rest by cell."""

import inspect

import nbformat
import nbval.plugin
import pytest

from dlcourse.notebooks import refresh

pytest_plugins = ["pytester"]

PLOT = """
from dlcourse import plots
figure, axes = plots.subplots()
axes.plot([0, {top}])
axes.set_ylim(0, 10)
plots.show(figure, alt="A line.")
"""


@pytest.fixture
def strict(pytester, notebooks):
    """Refresh a notebook, edit what it stores, and run strict nbval on it."""

    def run(edit, *cells):
        path = notebooks.make(*cells)
        refresh([path], progress=False)
        notebook = nbformat.read(path, 4)
        edit(notebook)
        nbformat.write(notebook, path)
        return pytester.runpytest_subprocess(
            "--nbval", "-p", "dlcourse.notebooks.nbval_tolerance", "-p", "no:cacheprovider", str(path)
        )

    return run


def test_nbval_still_has_the_method_that_the_plugin_replaces():
    parameters = inspect.signature(nbval.plugin.IPyNbCell.compare_outputs).parameters
    assert list(parameters) == ["self", "test", "ref", "skip_compare"]
    body = inspect.getsource(nbval.plugin.IPyNbCell.runtest)
    assert "self.compare_outputs(outs, coalesce_streams(self.cell.outputs))" in body
    assert "'\\n'.join(self.comparison_traceback)" in body


def test_agreeing_outputs_pass(strict, notebooks):
    def edit(notebook):
        notebook.cells[0].outputs[0].text = "loss 0.50001 after 3 steps\n"

    result = strict(
        edit,
        notebooks.code("loss", "print('loss', 0.5, 'after 3 steps')"),
        notebooks.code("train", "print(0.5)", tags=["loose"]),
        notebooks.code("plot", PLOT.format(top=1)),
    )
    result.assert_outcomes(passed=3)


def test_a_changed_number_word_or_picture_fails_and_is_named(strict, notebooks):
    def edit(notebook):
        notebook.cells[0].outputs[0].text = "loss 0.6\n"
        notebook.cells[1].outputs[0].text = "3 step\n"
        notebook.cells[2].outputs[0].data["image/png"] = notebook.cells[3].outputs[0].data["image/png"]

    result = strict(
        edit,
        notebooks.code("loss", "print('loss', 0.5)"),
        notebooks.code("words", "print('3 steps')"),
        notebooks.code("plot", PLOT.format(top=1)),
        notebooks.code("other-plot", PLOT.format(top=9)),
    )
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*cell loss: stdout: line 1: stored 'loss 0.6', computed 'loss 0.5'*",
            "*cell words: stdout: line 1: stored '3 step', computed '3 steps'*",
            "*cell plot: image/png: *% of the picture changed*",
        ]
    )


def test_the_kernel_sees_no_gpu(strict, notebooks):
    source = "import os\nprint(repr(os.environ['CUDA_VISIBLE_DEVICES']), os.environ['TQDM_DISABLE'])"
    strict(lambda _: None, notebooks.code("device", source)).assert_outcomes(passed=1)
