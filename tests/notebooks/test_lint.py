"""Each rule for lectures finds the cell that breaks it and names it; a good lecture passes."""

import copy
import shutil
from pathlib import Path

import nbformat
import pytest

from dlcourse.notebooks import lint, refresh
from dlcourse.notebooks.cells import NOTES_LABEL
from dlcourse.notebooks.normalise import normalise

ROOT = Path(__file__).parents[2]

BIB = """@article{rumelhart1986,
  author = {Rumelhart, David E. and Hinton, Geoffrey E.},
  title = {Learning representations by back-propagating errors},
  year = {1986},
  doi = {10.1038/323533a0},
}
"""

EXPLORE = """
from IPython.display import display
recipe = {"version": 1, "explorer": "x:Y", "state": ""}
picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
display({"application/vnd.dlcourse.explorer+json": recipe, "image/png": picture, "text/plain": "A graph."},
        raw=True, metadata={"image/png": {"alt": "A graph."}})
"""


@pytest.fixture(scope="module")
def executed(notebook_folder):
    """A lecture that keeps every rule, executed."""
    make = notebook_folder("lint")
    (make.folder / "references.bib").write_text(BIB)
    path = make.make(
        make.text("question", "# Who is to blame?\n\nSee [Rumelhart & Hinton, 1986](#rumelhart1986)."),
        make.text("question-notes", "*For the instructor.* Ask the room.", "notes"),
        make.text("prediction", "## Your guess\n\nWhat is $2 \\cdot 3$?"),
        make.code("prediction-guess", "prediction = 6"),
        make.code("claim-product", "assert prediction == 2 * 3", "skip", ["claim"]),
        make.text("explorer", "## Try it"),
        make.code("explorer-graph", EXPLORE, "-", ["hide-input", "covers:01.chain-rule"]),
        make.text("recap", "## Recap\n\nOne pass."),
        make.text("self-test", "## Five questions"),
        make.text("references", "## References"),
    )
    refresh([path], progress=False)
    return path


@pytest.fixture
def lecture(executed, tmp_path):
    """A copy of the good lecture; ``lecture.change`` edits it and returns what lint says."""
    shutil.copytree(executed.parent, tmp_path / "lectures")
    return Lecture(tmp_path / "lectures" / executed.name)


class Lecture:
    def __init__(self, path):
        self.path = path
        self.notebook = nbformat.read(path, 4)

    def change(self, edit, tidy=True):
        notebook = copy.deepcopy(self.notebook)
        edit({cell.id: cell for cell in notebook.cells}, notebook)
        nbformat.write(normalise(notebook) if tidy else notebook, self.path)
        return [str(problem) for problem in lint([self.path])]


def test_a_good_lecture_passes(lecture):
    assert lint([lecture.path]) == []


def source(cell_id, text):
    return lambda cells, _: cells[cell_id].update(source=text)


def slide(cell_id, kind):
    return lambda cells, _: cells[cell_id].metadata.update(slideshow={"slide_type": kind})


def tag(cell_id, *names):
    return lambda cells, _: cells[cell_id].metadata.update(tags=list(names))


def output(cell_id, **fields):
    new = nbformat.from_dict({"output_type": "stream", "name": "stdout", "text": "", **fields})
    return lambda cells, _: cells[cell_id].outputs.append(new)


def drop(cell_id):
    return lambda _, notebook: notebook.update(cells=[cell for cell in notebook.cells if cell.id != cell_id])


RULES = {
    "slide type": (slide("recap", "page"), "cell recap: has the slide type 'page', expected one of slide,"),
    "no slide type": (lambda cells, _: cells["recap"].metadata.clear(), "cell recap: has the slide type None"),
    "first slide": (slide("question", "-"), "cell question: comes first, so its slide type must be slide"),
    "heading": (source("recap", "One pass."), "cell recap: starts a slide without a heading"),
    "unknown tag": (tag("recap", "lose"), "cell recap: has the unknown tag 'lose'; known are claim,"),
    "crooked row": (tag("recap", "covers:1.x"), "cell recap: has the unknown tag 'covers:1.x'"),
    "claim on a slide": (slide("claim-product", "-"), "cell claim-product: is a claim, so its slide type must be skip"),
    "empty claim": (source("claim-product", "prediction"), "cell claim-product: is tagged claim but asserts nothing"),
    "long text": (source("recap", "## Recap\n\n" + "word " * 96), "cell recap: has 97 words, at most 95"),
    "long notes": (
        source("question-notes", NOTES_LABEL + "word " * 158),
        "cell question-notes: has 161 words, at most 160",
    ),
    "notes to nobody": (
        source("question-notes", "Ask the room."),
        "cell question-notes: has notes that do not begin with",
    ),
    "belittling": (source("recap", "## Recap\n\nSimply add."), "cell recap: says 'Simply', which belittles"),
    "picture": (source("recap", "## Recap\n\n![](a.png)"), "cell recap: has a picture without alternative text"),
    "html picture": (source("recap", "## Recap\n<img src='a.png'>"), "cell recap: has an <img> without alternative"),
    "long code": (source("prediction-guess", "x = 1\n" * 16 + "prediction = 1"), "cell prediction-guess: has 17 lines"),
    "wide code": (
        source("prediction-guess", "prediction = 1" + " + 1" * 20),
        "cell prediction-guess: has a line of 94",
    ),
    "input": (source("prediction-guess", "prediction = int(input())"), "cell prediction-guess: calls input()"),
    "input, magic": (source("prediction-guess", "%pwd\nprediction = input()"), "cell prediction-guess: calls input()"),
    "path": (source("prediction-guess", "prediction = '/home/me/x'"), "cell prediction-guess: has an absolute path"),
    "windows path": (
        source("prediction-guess", r"prediction = 'C:\me'"),
        "cell prediction-guess: has an absolute path",
    ),
    "printed path": (output("prediction-guess", text="/usr/lib/x"), "cell prediction-guess: prints an absolute path"),
    "stderr": (output("prediction-guess", name="stderr", text="Warn"), "cell prediction-guess: stores a message on"),
    "no alt": (
        lambda cells, _: cells["explorer-graph"].outputs[0].metadata.clear(),
        "cell explorer-graph: shows a picture without alternative text",
    ),
    "explorer": (
        lambda cells, _: cells["explorer-graph"].outputs[0].data.pop("text/plain"),
        "cell explorer-graph: has an explorer without a picture and a sentence",
    ),
    "raw cell": (lambda cells, _: cells["recap"].update(cell_type="raw"), "cell recap: is a raw cell"),
    "empty code": (source("prediction-guess", ""), "cell prediction-guess: is empty"),
    "unknown reference": (
        source("recap", "## Recap\n\n[Nobody, 1999](#nobody1999)"),
        "cell recap: cites nobody1999, which references.bib does not have",
    ),
    "crooked reference": (
        source("question", "# Who?\n\n[Rummelhardt](#rumelhart1986)"),
        "cell question: cites rumelhart1986 as 'Rummelhardt', expected something like 'Rumelhart & Hinton, 1986'",
    ),
    "stale list": (source("references", "## References\n\n- a"), "cell references: does not list what the lecture"),
    "uncited": (source("question", "# Who?"), "references.bib: rumelhart1986 is cited by no lecture"),
    "no question": (drop("question"), "01_topic.ipynb: has no cell with the id question"),
    "no prediction": (drop("prediction-guess"), "01_topic.ipynb: has no cell with a line `prediction = ...`"),
    "no explorer": (drop("explorer-graph"), "01_topic.ipynb: shows no explorer"),
    "no recap": (drop("recap"), "01_topic.ipynb: has no cell with the id recap"),
    "no self-test": (drop("self-test"), "01_topic.ipynb: has no cell with the id self-test"),
    "too large": (output("prediction-guess", text="x" * 1_600_000), "01_topic.ipynb: is 1.6 MB, at most 1.5 MB"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_named(lecture, rule):
    edit, expected = RULES[rule]
    found = lecture.change(edit)
    assert any(line.removeprefix("01_topic.ipynb, ").startswith(expected) for line in found), found


def test_a_notebook_that_was_not_refreshed_is_named(lecture):
    def edit(cells, _):
        cells["prediction-guess"].execution_count = None
        cells["prediction-guess"].metadata["collapsed"] = True

    assert lecture.change(edit, tidy=False) == [
        "01_topic.ipynb, cell prediction-guess: was never executed; run: dlcourse refresh",
        "01_topic.ipynb: is not in normal form; run: dlcourse refresh",
    ]


def test_formulas_and_addresses_are_not_counted_as_words(lecture):
    text = "## Recap\n\n" + "$a + b + c + d$ [x](https://example.org/a/b) " * 40
    assert lecture.change(source("recap", text)) == []


def test_errors_may_be_shown_on_purpose(lecture):
    def edit(cells, _):
        error = {"output_type": "error", "ename": "ValueError", "evalue": "x", "traceback": []}
        cells["prediction-guess"].outputs.append(nbformat.from_dict(error))

    assert lecture.change(edit) == ["01_topic.ipynb, cell prediction-guess: stores the error ValueError: x"]

    def on_purpose(cells, notebook):
        edit(cells, notebook)
        cells["prediction-guess"].metadata["tags"] = ["raises-exception"]

    assert lecture.change(on_purpose) == []


def test_the_tour_of_lecture_00_has_sections_of_its_own(lecture):
    tour = lecture.path.with_name("00_tour.ipynb")
    lecture.path.rename(tour)
    notebook = copy.deepcopy(lecture.notebook)
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("recap", "explorer-graph")]
    nbformat.write(normalise(notebook), tour)
    assert lint([tour]) == []


def test_a_broken_file_is_a_problem_and_not_a_crash(lecture):
    lecture.path.write_text("{")
    assert [str(problem)[:32] for problem in lint([lecture.path])] == ["01_topic.ipynb: not a notebook ("]


def test_the_courses_lectures_keep_every_rule():
    paths = sorted((ROOT / "lectures").glob("[0-9]*.ipynb"))
    assert paths
    assert [str(problem) for problem in lint(paths)] == []
