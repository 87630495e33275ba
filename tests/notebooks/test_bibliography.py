"""References are read from one file, and a lecture's list is written from what it cites."""

from pathlib import Path

import pytest

from dlcourse.notebooks import refresh
from dlcourse.notebooks.bibliography import bibliography_of, parse
from dlcourse.notebooks.cells import read

BIB = """% a comment
@article{rumelhart1986,
  author = {Rumelhart, David E. and Hinton, Geoffrey E. and Williams, Ronald J.},
  title = {Learning representations by back-propagating errors},
  year = {1986},
  journal = {Nature},
  volume = {323},
  pages = {533--536},
  doi = {10.1038/323533a0},
}

@misc{kingma2014,
  author = {Kingma, Diederik P. and Ba, Jimmy},
  title = {Adam: a method for stochastic optimization},
  year = {2014},
  eprint = {1412.6980},
}
"""


def test_an_entry_becomes_a_line_and_a_label():
    entries = parse(BIB)
    assert entries["rumelhart1986"].label == "Rumelhart et al., 1986"
    assert entries["kingma2014"].label == "Kingma & Ba, 2014"
    assert entries["rumelhart1986"].markdown() == (
        '<a id="rumelhart1986"></a>Rumelhart, Hinton & Williams (1986). '
        "[Learning representations by back-propagating errors](https://doi.org/10.1038/323533a0). "
        "*Nature* 323, 533–536."
    )
    assert entries["kingma2014"].markdown().endswith("(https://arxiv.org/abs/1412.6980).")


def test_many_authors_are_shortened():
    entry = parse(BIB.replace("Kingma, Diederik P. and Ba, Jimmy", " and ".join(f"{name}, X." for name in "ABCDEFG")))
    assert entry["kingma2014"].markdown().startswith('<a id="kingma2014"></a>A, B, C et al. (2014).')
    assert entry["kingma2014"].label == "A et al., 2014"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BIB + BIB, "rumelhart1986 is used twice"),
        (BIB.replace("  year = {2014},\n", ""), "kingma2014 has no year"),
        (BIB.replace("  eprint = {1412.6980},", "  eprint = 1412.6980"), "kingma2014: cannot read '  eprint = 1412"),
        (BIB + "@article{lost\n", "cannot read '@article{lost'"),
    ],
)
def test_anything_unclear_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_refresh_writes_the_list_of_what_is_cited(notebooks):
    (notebooks.folder / "references.bib").write_text(BIB)
    path = notebooks.make(
        notebooks.text("idea", "# Idea\n\nSee [Rumelhart et al., 1986](#rumelhart1986) and [below](#next-slide)."),
        notebooks.text("references", "## References"),
    )
    assert refresh([path], progress=False)[0].written
    assert read(path).cells[1].source.splitlines()[2].startswith('- <a id="rumelhart1986"></a>Rumelhart, Hinton')
    assert "Kingma" not in read(path).cells[1].source
    assert not refresh([path], progress=False)[0].written


def test_the_courses_own_references_can_be_read():
    lectures = Path(__file__).parents[2] / "lectures"
    entries = bibliography_of(lectures / "01_backprop.ipynb")
    assert entries
    assert all(entry.address.startswith("https://") for entry in entries.values())
