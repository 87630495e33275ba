"""Lectures in a real JupyterLab: all cells run, and the explorer answers to the keyboard."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.browser

LECTURES = Path(__file__).parents[2] / "lectures"
TOKEN = "a-token-for-this-test"

CURRENT = "window.jupyterapp?.shell?.currentWidget"
IS_OPEN = f"""
() => {CURRENT}?.content?.widgets?.length > 0
  && {CURRENT}.sessionContext?.session?.kernel?.status === 'idle'
"""
# A cell that ran has a count; one without code never gets any.
ALL_RAN = f"""
() => {CURRENT}.content.widgets.every(cell =>
  cell.model.type !== 'code' || !cell.model.sharedModel.source.trim()
  || (cell.model.executionCount && cell.model.executionState !== 'running'))
  && {CURRENT}.sessionContext.session.kernel.status === 'idle'
"""
ERRORS = f"""
() => {CURRENT}.content.widgets.flatMap(cell => (cell.model.outputs?.toJSON() ?? [])
  .filter(output => output.output_type === 'error')
  .map(output => `${{cell.model.sharedModel.getId()}}: ${{output.ename}}: ${{output.evalue}}`))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on this machine only, with folders of its own; the lectures are copies."""
    folder = tmp_path_factory.mktemp("lab")
    work = folder / "work"
    shutil.copytree(LECTURES, work / "lectures", ignore=shutil.ignore_patterns("conftest.py", "__pycache__"))
    with jupyter_lab(folder, work) as address:
        yield address


@contextmanager
def jupyter_lab(folder, served):
    """Run ``jupyter lab`` in the folder `served`, with settings of its own in `folder`; yield its address."""
    settings = folder / "config" / "labconfig"
    settings.mkdir(parents=True)
    disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (settings / "page_config.json").write_text(json.dumps(disabled))
    port = _free_port()
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={TOKEN}", "--LabApp.expose_app_in_browser=True"]
    command += ["--ServerApp.allow_root=True"]
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }
    environment = {**os.environ, **{name: str(folder / place) for name, place in places.items()}}
    environment |= {"JUPYTER_PREFER_ENV_PATH": "1", "CUDA_VISIBLE_DEVICES": ""}
    log = folder / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=served, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(server)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(address, server, log):
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def _stop(server):
    server.send_signal(signal.SIGINT)
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def put_notebook(lab, name, source):
    """Put a notebook with one cell of code beside the lectures of the running JupyterLab."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata=kernel)
    body = {"type": "notebook", "format": "json", "content": json.loads(nbformat.writes(notebook))}
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{lab}/api/contents/{name}", json.dumps(body).encode(), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 201


def run_all(page, lab, notebook):
    """Open a notebook, run all its cells and wait for the last one."""
    page.set_default_timeout(180_000)
    page.goto(f"{lab}/lab/tree/{notebook}?token={TOKEN}&reset")
    page.wait_for_function(IS_OPEN)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(ALL_RAN)
    page.set_default_timeout(15_000)


def cell_with_explorer(page):
    """Bring the first cell with an explorer into view and return the explorer."""
    index = page.evaluate(
        f"{CURRENT}.content.widgets.findIndex(cell => (cell.model.outputs?.toJSON() ?? [])"
        ".some(output => 'application/vnd.dlcourse.explorer+json' in (output.data ?? {})))"
    )
    assert index >= 0, "no cell has an explorer"
    page.evaluate(f"{CURRENT}.content.scrollToItem({index}, 'start')")
    page.wait_for_selector(".dlc-explorer")
    return page.locator(".dlc-explorer").first


def press_and_read(page, key, before, words, numbers):
    """Press a key, wait until the explorer says or shows something else, and return what."""
    page.keyboard.press(key)
    page.wait_for_function(
        "([said, shown]) => { const e = document.querySelector('.dlc-explorer');"
        " return e.querySelector('.dlc-words').innerText !== said"
        " || e.querySelector('.dlc-figure').innerText !== shown; }",
        arg=list(before),
    )
    return words.inner_text(), numbers.inner_text()


@pytest.mark.parametrize("notebook", sorted(path.name for path in LECTURES.glob("[0-9]*.ipynb")))
def test_a_lecture_runs_and_its_explorer_steps_by_keyboard(lab, page, log, notebook):
    run_all(page, lab, f"lectures/{notebook}")
    assert page.evaluate(ERRORS) == []
    explorer = cell_with_explorer(page)
    words, numbers = explorer.locator(".dlc-words"), explorer.locator(".dlc-figure")
    seen = [(words.inner_text(), numbers.inner_text())]
    player = explorer.locator(".dlc-player input[type=range]")
    if player.count():
        player.focus()
        for _ in range(4):
            seen.append(press_and_read(page, "ArrowRight", seen[-1], words, numbers))
        assert len({numbers for _, numbers in seen}) > 2, "stepping forward writes numbers into the picture"
        press_and_read(page, "End", seen[-1], words, numbers)
    else:
        explorer.locator(".dlc-controls :is(input[type=radio]:checked, input[type=range])").first.focus()
        for _ in range(2):
            seen.append(press_and_read(page, "ArrowRight", seen[-1], words, numbers))
        assert len(set(seen)) == 3, "another setting has other words and another picture"
    assert log.console_errors + log.page_errors == []
