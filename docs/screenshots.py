"""Take the README's pictures from a real JupyterLab: ``python docs/screenshots.py`` (needs Chromium).

Copies of the notebooks are opened in a temporary folder; nothing in the checkout but docs/images/ changes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
TOKEN = "only-for-pictures"
NOTEBOOK = "window.jupyterapp?.shell?.currentWidget"
READY = f"() => {NOTEBOOK}?.sessionContext?.session?.kernel?.status === 'idle'"
QUIET = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


def start_lab(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start JupyterLab on copies of the notebooks, with settings of its own; returns the process and its address."""
    for name in ("lectures", "exercises"):
        shutil.copytree(ROOT / name, folder / "work" / name)
    settings = folder / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps(QUIET), "utf-8")
    places = {name: str(folder / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={folder / 'work'}", f"--IdentityProvider.token={TOKEN}"]
    command += ["--ServerApp.allow_root=True", "--LabApp.expose_app_in_browser=True"]
    environment = {**os.environ, **places, "JUPYTER_CONFIG_DIR": str(folder / "config"), "DLCOURSE_PROGRESS": "off"}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    for line in server.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found and "Jupyter Server" not in line:
            return server, found.group()
    raise RuntimeError("JupyterLab did not start")


def open_notebook(page: Page, address: str, path: str, run: bool) -> None:
    """Open a notebook alone, without the side bar, and run it if asked."""
    page.goto(f"{address}/lab/tree/{path}?token={TOKEN}&reset")
    page.wait_for_function(READY, timeout=90_000)
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    if run:
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_timeout(3000)
        page.wait_for_function(READY, timeout=120_000)


def show_cell(page: Page, text: str) -> None:
    """Scroll the first cell that contains ``text`` to the top."""
    find = f"text => {NOTEBOOK}.content.widgets.findIndex(c => c.model.sharedModel.source.includes(text))"
    index = page.evaluate(find, text)
    page.evaluate(f"i => {NOTEBOOK}.content.scrollToItem(i, 'start')", index)
    page.wait_for_timeout(1500)  # cells above get their true height only now, so scroll once more
    page.evaluate(f"i => {NOTEBOOK}.content.widgets[i].node.scrollIntoView({{block: 'start'}})", index)
    page.wait_for_timeout(500)


def main() -> None:
    """Write docs/images/*.png."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, address = start_lab(Path(folder))
        try:
            chromium = os.environ.get("DLCOURSE_CHROMIUM") or shutil.which("chromium")
            flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_page(viewport={"width": 1280, "height": 860})
            open_notebook(page, address, "lectures/01_backprop.ipynb", run=True)
            show_cell(page, "# At most a quarter gets through")
            page.screenshot(path=IMAGES / "lecture.png", clip={"x": 0, "y": 0, "width": 1280, "height": 620})
            show_cell(page, "# Step through it yourself")
            slider = page.locator(".dlc-player input[type=range]").last
            slider.focus()
            for _ in range(5):
                page.keyboard.press("ArrowRight")
                page.wait_for_timeout(300)
            page.locator(".dlc-explorer").last.screenshot(path=IMAGES / "explorer.png")
            open_notebook(page, address, "lectures/00_start_here.ipynb", run=True)
            show_cell(page, "# Exercises tell you what went wrong")
            page.screenshot(path=IMAGES / "check.png", clip={"x": 40, "y": 90, "width": 1200, "height": 500})
            browser.close()
        finally:
            server.terminate()
            server.wait(timeout=20)
    for path in sorted(IMAGES.glob("*.png")):
        print(f"Wrote {path.relative_to(ROOT)} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
