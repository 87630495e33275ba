"""A refresh stores what a notebook computes; a second one changes no byte."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from dlcourse.notebooks import NotebookError, refresh
from dlcourse.notebooks.cells import read

PLOT = """
from dlcourse import plots
figure, axes = plots.subplots()
axes.plot([0, 1, 4, 9])
plots.show(figure, alt="A curve that bends upwards.")
"""

NOISY = """
import os, time, sys
print("a 0.123456")
sys.stdout.flush()
time.sleep(0.05)
print(sorted({"x", "y"}), {"x", "y"})
"""


def stored(path):
    return nbformat.read(path, 4)


def test_the_second_run_changes_no_byte(notebooks):
    path = notebooks.make(
        notebooks.text("title", "# A topic"), notebooks.code("noisy", NOISY), notebooks.code("plot", PLOT)
    )
    first = refresh([path], progress=False)
    after_first, modified = path.read_bytes(), path.stat().st_mtime_ns
    second = refresh([path], progress=False)
    assert path.read_bytes() == after_first
    assert path.stat().st_mtime_ns == modified
    assert first[0].written
    assert first[0].new_outputs == ("noisy", "plot")
    assert not second[0].written
    assert str(second[0]) == f"{path}: unchanged"


def test_what_is_stored(notebooks):
    path = notebooks.make(notebooks.code("noisy", NOISY), notebooks.code("plot", PLOT))
    refresh([path], progress=False)
    noisy, plot = stored(path).cells
    assert [noisy.execution_count, plot.execution_count] == [1, 2]
    assert noisy.outputs[0].text.startswith("a 0.123456\n['x', 'y'] {")
    assert len(noisy.outputs) == 1
    assert plot.outputs[0].metadata == {"image/png": {"alt": "A curve that bends upwards.", "width": 700}}
    assert plot.outputs[0].data["text/plain"] == "A curve that bends upwards."


def test_stored_outputs_stay_when_the_new_ones_agree(notebooks):
    path = notebooks.make(notebooks.code("value", "print(0.5)"))
    refresh([path], progress=False)
    path.write_text(path.read_text().replace("0.5\\n", "0.5001\\n"))
    assert not refresh([path], progress=False)[0].written
    assert "0.5001" in path.read_text()
    assert refresh([path], keep=False, progress=False)[0].written
    assert "0.5001" not in path.read_text()


def test_stored_outputs_go_when_the_new_ones_differ(notebooks):
    path = notebooks.make(notebooks.code("value", "print(0.5)"))
    refresh([path], progress=False)
    path.write_text(path.read_text().replace("0.5\\n", "0.6\\n"))
    assert refresh([path], progress=False)[0].new_outputs == ("value",)
    assert "0.6" not in path.read_text()


def test_a_changed_alternative_text_is_stored(notebooks):
    path = notebooks.make(notebooks.code("plot", PLOT))
    refresh([path], progress=False)
    path.write_text(path.read_text().replace("bends upwards", "rises"))
    refresh([path], progress=False)
    assert stored(path).cells[0].outputs[0].metadata["image/png"]["alt"] == "A curve that rises."


def test_a_failing_cell_is_named_and_nothing_is_written(notebooks):
    good = notebooks.make(notebooks.code("fine", "print(1)"), name="01_good.ipynb")
    bad = notebooks.make(notebooks.code("start", "print(1)"), notebooks.code("divide", "1 / 0"), name="02_bad.ipynb")
    before = bad.read_bytes()
    with pytest.raises(NotebookError, match=r"02_bad\.ipynb, cell divide: ZeroDivisionError: division by zero"):
        refresh([bad, good], progress=False)
    assert bad.read_bytes() == before
    assert stored(good).cells[0].outputs[0].text == "1\n"
    assert sorted(path.name for path in bad.parent.iterdir()) == ["01_good.ipynb", "02_bad.ipynb"]


def test_a_cell_that_never_ends_is_named(notebooks):
    path = notebooks.make(notebooks.code("forever", "while True:\n    pass"))
    with pytest.raises(NotebookError, match=r"cell forever: still running after 2 s"):
        refresh([path], timeout=2, progress=False)


def test_a_kernel_that_dies_is_named(notebooks):
    path = notebooks.make(notebooks.code("leave", "import os\nos._exit(3)"))
    with pytest.raises(NotebookError, match=r"cell leave: the kernel died"):
        refresh([path], progress=False)


@pytest.mark.parametrize("cell_id", ["0123abcd", "deadbeef", "5f3c9a2e-1b2c-4d5e-8f90-0123456789ab", "Sigmoid", "a--b"])
def test_random_and_crooked_ids_are_refused(notebooks, cell_id):
    path = notebooks.make(notebooks.code("fine", "1"), notebooks.code(cell_id, "x = 3"))
    with pytest.raises(NotebookError, match=r"01_topic\.ipynb: cell 2 \('x = 3'\) has the"):
        read(path)


def test_absent_and_repeated_ids_are_refused(notebooks):
    path = notebooks.make(notebooks.code("fine", "1"), notebooks.code("other", "2"), notebooks.code("third", "3"))
    raw = json.loads(path.read_text())
    del raw["cells"][1]["id"]
    raw["cells"][2]["id"] = "fine"
    path.write_text(json.dumps(raw))
    with pytest.raises(NotebookError) as caught:
        read(path)
    assert str(caught.value).splitlines() == [
        "01_topic.ipynb: cell 2 ('2') has no id",
        "01_topic.ipynb: cell 3 ('3') has the id 'fine', which an earlier cell has too",
    ]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"nbformat": 3, "worksheets": []}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError, match=r"x\.ipynb: not a notebook"):
        refresh([path], progress=False)


def test_the_kernel_is_this_python_without_gpu_and_progress_bars(notebooks, monkeypatch, tmp_path):
    stranger = tmp_path / "share" / "kernels" / "python3"
    stranger.mkdir(parents=True)
    (stranger / "kernel.json").write_text('{"argv": ["/no/such/python"], "display_name": "x", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    source = "import os, sys\nprint(sys.prefix, [os.environ[n] for n in ('CUDA_VISIBLE_DEVICES', 'TQDM_DISABLE')])"
    path = notebooks.make(notebooks.code("where", source))
    refresh([path], progress=False)
    assert stored(path).cells[0].outputs[0].text == f"{sys.prefix} ['', '1']\n"


def test_widget_state_and_foreign_metadata_go(notebooks):
    source = "import ipywidgets\nslider = ipywidgets.IntSlider()\nslider"
    path = notebooks.make(notebooks.code("slider", source, tags=["loose", "claim"]))
    notebook = stored(path)
    notebook.cells[0].metadata["collapsed"] = True
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": 1}}}
    nbformat.write(notebook, path)
    refresh([path], progress=False)
    result = stored(path)
    assert set(result.metadata) == {"kernelspec", "language_info"}
    assert result.cells[0].metadata == {"slideshow": {"slide_type": "-"}, "tags": ["claim", "loose"]}
    assert set(result.cells[0].outputs[0].data) == {"text/plain"}


def test_the_courses_lectures_are_as_refresh_leaves_them(tmp_path):
    lectures = tmp_path / "lectures"
    shutil.copytree(Path(__file__).parents[2] / "lectures", lectures)
    paths = sorted(lectures.glob("[0-9]*.ipynb"))
    assert paths
    assert [str(result) for result in refresh(paths, progress=False)] == [f"{path}: unchanged" for path in paths]
