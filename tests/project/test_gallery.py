"""The gallery of explorers shows every one of them."""

import re
from pathlib import Path

from dlcourse import widgets
from dlcourse.widgets import Explorer

DOCS = Path(__file__).parents[2] / "docs"
LECTURES = Path(__file__).parents[2] / "lectures"


def test_every_explorer_has_its_words_and_its_picture():
    text = (DOCS / "explorers.md").read_text("utf-8")
    kinds = {name: getattr(widgets, name) for name in widgets.__all__ if getattr(widgets, name) is not Explorer}
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [kind.title for kind in kinds.values()]
    shown = re.findall(r"\]\((images/explorers/(\w+)\.png)\)", text)
    assert [name for _, name in shown] == list(kinds)
    assert all((DOCS / path).stat().st_size > 5_000 for path, _ in shown)
    for name in kinds:  # and each stands in a lecture, as the gallery says
        number = re.search(rf"^`{name}`, lectures? (\d\d)", text, re.MULTILINE).group(1)
        assert f"{name}(" in next(LECTURES.glob(f"{number}_*.ipynb")).read_text("utf-8")
