"""How fast explorers answer: ``python -m benchmarks.explorer_latency`` needs Debian's chromium.

For each explorer and each kind of change, the time from the browser's input event to the changed
picture: live in JupyterLab (and what is left of it after the kernel's own ``evaluate``) and in an
exported page. Prints a table of medians and 90th percentiles in milliseconds.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Page, sync_playwright

from dlcourse.plots import png
from dlcourse.widgets import Explorer, GraphExplorer
from dlcourse.widgets.export import static_html

ROUNDS = 25
TOKEN = "latency"
EXPLORERS: dict[str, Explorer] = {"graph": GraphExplorer(example="sigmoid neuron", step=5)}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

# Each change is a function of the round; the picture must differ from one round to the next.
CHANGES = {
    "step": """i => { const range = document.querySelector(".dlc-player input"); range.value = 3 + i % 2;
        range.dispatchEvent(new Event("input", { bubbles: true })); }""",
    "choice": """i => { const name = i % 2 ? "sigmoid neuron" : "squared error";
        document.querySelector(`input[value="${name}"]`).click(); }""",
    "number": """i => { const field = document.querySelector(".dlc-numbers input"); field.value = 1 + i % 2;
        field.dispatchEvent(new Event("input", { bubbles: true })); }""",
}
LIVE_ONLY = {"number"}
MEASURE = """async ([change, round]) => {
  const figure = document.querySelector(".dlc-figure"), started = performance.now();
  const changed = new Promise(done => new MutationObserver((_, me) => { me.disconnect(); done(); })
    .observe(figure, { subtree: true, childList: true, characterData: true, attributes: true }));
  eval(change)(round);
  await Promise.race([changed, new Promise((_, fail) => setTimeout(() => fail(Error("nothing changed")), 5000))]);
  return performance.now() - started;
}"""


def measure(page: Page, change: str) -> list[float]:
    """Milliseconds from the input event to the changed picture, for each round after two to warm up."""
    times = []
    for k in range(ROUNDS + 2):
        times.append(page.evaluate(MEASURE, [CHANGES[change], k]))
        page.wait_for_timeout(60)
    return times[2:]


def evaluation(explorer: Explorer) -> float:
    """The median time of the kernel's own work, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        explorer.evaluate(explorer.values)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def exported(page: Page, explorer: Explorer, folder: Path) -> None:
    """Open the explorer from a file."""
    figure, words = explorer.still()
    path = folder / "page.html"
    fragment = static_html(explorer.recipe(), base64.b64encode(png(figure)).decode(), words, "dlc")
    path.write_text(f"<!doctype html><meta charset=utf-8><title>latency</title>{fragment}", "utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector(".dlc-ready", state="attached")


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """A JupyterLab of its own on a free port; yields its address."""
    config = folder / "config" / "labconfig"
    config.mkdir(parents=True)
    (config / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    environment = {**os.environ, **own, "IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.expose_app_in_browser=True",
    ]
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/status?token={TOKEN}", seconds=60)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def wait_for(url: str, seconds: float) -> None:
    for _ in range(int(seconds / 0.2)):
        try:
            urllib.request.urlopen(url)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not answer within {seconds} s")


def live(page: Page, address: str, explorer: Explorer, folder: Path) -> None:
    """Open a notebook with the explorer and run it."""
    name = type(explorer).__name__
    source = f"from dlcourse.widgets import {name}\n{name}.from_state({explorer.state!r})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "latency.ipynb")
    page.goto(f"{address}/lab/tree/latency.ipynb?token={TOKEN}&reset")
    page.wait_for_function(
        "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'", timeout=90_000
    )
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_selector(".dlc-explorer", timeout=60_000)
    page.wait_for_timeout(2000)


def row(name: str, change: str, where: str, times: list[float], own: float) -> str:
    ninth = statistics.quantiles(times, n=10)[-1]
    median = statistics.median(times)
    return f"| {name} | {change} | {where} | {median:.1f} | {ninth:.1f} | {own:.1f} | {max(median - own, 0):.1f} |"


def main() -> None:
    chromium = os.environ.get("DLCOURSE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium found; install it with: apt install chromium")
    print("| explorer | change | where | median ms | p90 ms | evaluate ms | beyond evaluate ms |\n" + 7 * "|---" + "|")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        page = playwright.chromium.launch(executable_path=chromium, args=FLAGS).new_page()
        for name, explorer in EXPLORERS.items():
            exported(page, explorer, folder)
            for change in CHANGES.keys() - LIVE_ONLY:
                print(row(name, change, "exported", measure(page, change), 0.0))
            with jupyterlab(folder) as address:
                live(page, address, explorer, folder)
                for change in CHANGES:
                    own = 0.0 if change == "step" else evaluation(explorer)
                    print(row(name, change, "live", measure(page, change), own))


if __name__ == "__main__":
    main()
