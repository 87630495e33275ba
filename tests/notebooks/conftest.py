"""Small notebooks to run the tools on."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def text(cell_id, source, slide="slide", tags=()):
    return _with_tags(new_markdown_cell(source, id=cell_id, metadata={"slideshow": {"slide_type": slide}}), tags)


def code(cell_id, source, slide="-", tags=()):
    return _with_tags(new_code_cell(source, id=cell_id, metadata={"slideshow": {"slide_type": slide}}), tags)


def _with_tags(cell, tags):
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


class Notebooks:
    """Builds notebooks in a folder of their own."""

    text = staticmethod(text)
    code = staticmethod(code)

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)

    def make(self, *cells, name="01_topic.ipynb"):
        notebook = new_notebook(cells=list(cells))
        notebook.nbformat_minor = 5
        path = self.folder / name
        nbformat.write(notebook, path)
        return path


@pytest.fixture
def notebooks(tmp_path):
    return Notebooks(tmp_path / "lectures")


@pytest.fixture(scope="session")
def notebook_folder(tmp_path_factory):
    """Make a folder for notebooks that several tests share."""
    return lambda name: Notebooks(tmp_path_factory.mktemp(name) / "lectures")
