"""How fast explorers answer: ``python -m benchmarks.explorer_latency`` needs Debian's chromium.

For explorers of each kind of drawing and each kind of change, the time from the browser's input event
to the changed picture: live in the JupyterLab that ``dlcourse lab`` opens (and what is left of it
after the kernel's own ``evaluate``) and in an exported page. Writes medians and 90th percentiles in
milliseconds to ``benchmarks/LATENCY.md``.
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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from playwright.sync_api import Page, sync_playwright

from dlcourse.lab import jupyter_environment
from dlcourse.plots import png
from dlcourse.widgets import Explorer, GraphExplorer, NetworkGraph, OptimizerRace, ScheduleExplorer
from dlcourse.widgets.export import static_html

TABLE = Path(__file__).with_name("LATENCY.md")
HEADER = """# How fast explorers answer

Written by `python -m benchmarks.explorer_latency` on {day}: {cores} cores, {rounds} changes a row,
from the input event to the changed picture. The longest medians: live {live:.0f} ms beyond `evaluate`
(at most 30 wanted: {live_met}), in an exported page {exported:.1f} ms (at most 5 wanted: {exported_met}).

| explorer | change | where | median ms | p90 ms | evaluate ms | beyond evaluate ms |
|---|---|---|---:|---:|---:|---:|
"""
ROUNDS = 25
LIMITS = {"live": 30.0, "exported": 5.0}  # milliseconds, medians
TOKEN = "latency"
EXPLORERS: dict[str, Explorer] = {
    "graph": GraphExplorer(example="sigmoid neuron", step=5),
    "network graph": NetworkGraph(step=5),
    "optimizer race": OptimizerRace(step=5),
    "schedules": ScheduleExplorer(),
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

# Each change is a function of the round; the picture must differ from one round to the next.
STEP = """i => { const range = document.querySelector(".dlc-player input"); range.value = 3 + i % 2;
    range.dispatchEvent(new Event("input", { bubbles: true })); }"""
CHOICE = """() => { const [first, second] = document.querySelectorAll(".dlc-controls fieldset input[type=radio]");
    (first.checked ? second : first).click(); }"""
NUMBER = """i => { const field = document.querySelector(".dlc-numbers input"); field.value = 1 + i % 2;
    field.dispatchEvent(new Event("input", { bubbles: true })); }"""
CHANGES = {
    "graph": {"step": STEP, "choice": CHOICE, "number": NUMBER},
    "network graph": {"step": STEP, "choice": CHOICE},
    "optimizer race": {"step": STEP, "choice": CHOICE},
    "schedules": {"choice": CHOICE},
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


def measure(page: Page, name: str, change: str) -> list[float]:
    """Milliseconds from the input event to the changed picture, for each round after two to warm up."""
    times = []
    for k in range(ROUNDS + 2):
        times.append(page.evaluate(MEASURE, [CHANGES[name][change], k]))
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
    """A JupyterLab as ``dlcourse lab`` starts it, with folders of its own, on a free port; yields its address."""
    config = folder / "config" / "labconfig"
    config.mkdir(parents=True)
    (config / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    environment = {
        **jupyter_environment(),
        **own,
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
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


@dataclass(frozen=True)
class Row:
    """One line of the table; ``own`` is the kernel's own time."""

    name: str
    change: str
    where: str
    times: list[float]
    own: float = 0.0

    @property
    def beyond(self) -> float:
        """The median without the kernel's own time."""
        return max(statistics.median(self.times) - self.own, 0.0)

    def __str__(self) -> str:
        median, ninth = statistics.median(self.times), statistics.quantiles(self.times, n=10)[-1]
        cells = [self.name, self.change, self.where, *(f"{ms:.1f}" for ms in (median, ninth, self.own, self.beyond))]
        return f"| {' | '.join(cells)} |"


def table(rows: list[Row]) -> str:
    """The whole page, the targets' verdicts first."""
    worst = {where: max(row.beyond for row in rows if row.where == where) for where in LIMITS}
    met = {where: "met" if worst[where] <= LIMITS[where] else "not met" for where in LIMITS}
    head = HEADER.format(
        day=datetime.now(UTC).date(),
        cores=os.cpu_count(),
        rounds=ROUNDS,
        live=worst["live"],
        live_met=met["live"],
        exported=worst["exported"],
        exported_met=met["exported"],
    )
    return head + "\n".join(map(str, rows)) + "\n"


def main() -> None:
    chromium = os.environ.get("DLCOURSE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium found; install it with: apt install chromium")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        page = playwright.chromium.launch(executable_path=chromium, args=FLAGS).new_page()
        with jupyterlab(folder) as address:
            for name, explorer in EXPLORERS.items():
                exported(page, explorer, folder)
                for change in [change for change in CHANGES[name] if change not in LIVE_ONLY]:
                    rows.append(Row(name, change, "exported", measure(page, name, change)))
                live(page, address, explorer, folder)
                for change in CHANGES[name]:
                    own = 0.0 if change == "step" else evaluation(explorer)
                    rows.append(Row(name, change, "live", measure(page, name, change), own))
                print(f"{name}: measured")
    TABLE.write_text(table(rows), "utf-8")
    print(f"Wrote {TABLE}")


if __name__ == "__main__":
    main()
