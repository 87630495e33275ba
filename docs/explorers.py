"""Picture every explorer and write the gallery docs/explorers.md: ``python docs/explorers.py`` (needs Chromium).

The pictures show exported explorers, as they stand in slides: no kernel, no network.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from dlcourse import widgets
from dlcourse.plots import png
from dlcourse.widgets import Explorer
from dlcourse.widgets.export import static_html

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images" / "explorers"
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>explorer</title><body>{}</body></html>'
INTRODUCTION = """\
# The explorers

Written by `python docs/explorers.py`. Each picture is an explorer as it stands in exported slides.
In JupyterLab a cell with `from dlcourse.widgets import {first}` and `{first}()` shows the first one;
keywords set its controls, `help({first})` lists them.
"""


def gallery() -> dict[str, type[Explorer]]:
    """Every explorer by name."""
    found = {name: getattr(widgets, name) for name in widgets.__all__}
    return {name: kind for name, kind in found.items() if kind is not Explorer}


def lectures(name: str) -> list[str]:
    """The lectures whose cells show the explorer, by number."""
    shown = []
    for path in sorted((ROOT / "lectures").glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        if any(cell["cell_type"] == "code" and f"{name}(" in "".join(cell["source"]) for cell in cells):
            shown.append(path.name[:2])
    return shown


def start(kind: type[Explorer]) -> Explorer:
    """The explorer at the end of its recording, where everything is visible."""
    explorer = kind()
    players = [control["name"] for control in explorer.spec["controls"] if control["kind"] == "player"]
    return kind(**dict.fromkeys(players, len(explorer.result["texts"]) - 1))


def entry(name: str, kind: type[Explorer]) -> str:
    """The explorer's part of the gallery."""
    about = (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ").replace("``", "`")
    alt = start(kind).still()[1].splitlines()[0].replace("[", "(").replace("]", ")")
    shown = lectures(name)
    if not shown:
        raise SystemExit(f"{name} stands in no lecture: show it in one, then take its picture")
    where = f"lecture{'s' * (len(shown) > 1)} {' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))}"
    return f"\n## {kind.title}\n\n`{name}`, {where}. {about}\n\n![{alt}](images/explorers/{name}.png)\n"


def main() -> None:
    """Write docs/images/explorers/*.png and docs/explorers.md."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    kinds = gallery()
    chromium = os.environ.get("DLCOURSE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium found; install it with: apt install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        for name, kind in kinds.items():
            explorer = start(kind)
            figure, words = explorer.still()
            fragment = static_html(explorer.recipe(), base64.b64encode(png(figure)).decode(), words, "dlc")
            path = Path(folder) / "page.html"
            path.write_text(PAGE.format(fragment), "utf-8")
            page.goto(path.as_uri())
            page.wait_for_selector(".dlc-ready")
            page.wait_for_timeout(300)
            page.locator(".dlc-explorer").screenshot(path=IMAGES / f"{name}.png")
            print(f"Wrote {(IMAGES / name).relative_to(ROOT)}.png")
        browser.close()
    text = INTRODUCTION.format(first=next(iter(kinds))) + "".join(entry(name, kind) for name, kind in kinds.items())
    (ROOT / "docs" / "explorers.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
