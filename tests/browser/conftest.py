"""A real Chromium for the tests in this folder, and a record of everything a page complained about or asked for.

Fixtures: ``page`` (a fresh tab in a fresh profile), ``log`` (what that profile's tabs did),
``browser`` (the process, one per test file), ``axe`` (serious accessibility findings of a page).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

INSTALL = "apt install chromium   (or set DLCOURSE_CHROMIUM to a Chromium's path)"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
INSIDE = ("file:", "data:", "blob:", "about:")
OUTSIDE = re.compile(r"^(https?|wss?)://(?!(127\.0\.0\.1|localhost)[:/])")


@dataclass
class Log:
    """What the tabs of one test did: console errors and warnings, uncaught errors, requests beyond the file."""

    console_errors: list[str] = field(default_factory=list)
    console_warnings: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, context) -> None:
        """Listen to every tab of the context, those opened later included."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.page_errors.append(str(error.error)))
        context.on("request", self._request)

    def _console(self, message) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)
        elif message.type == "warning":
            self.console_warnings.append(message.text)

    def _request(self, request) -> None:
        if not request.url.startswith(INSIDE):
            self.requests.append(request.url)

    def assert_quiet(self) -> None:
        """No console error, no uncaught error, no request: what a page opened from disk owes its reader."""
        assert self.console_errors == []
        assert self.page_errors == []
        assert self.requests == []


def chromium_path() -> Path:
    """The browser's path. Without one the test is skipped with the remedy, or fails where browsers are required."""
    found = os.environ.get("DLCOURSE_CHROMIUM") or shutil.which("chromium")
    if found and Path(found).exists():
        return Path(found)
    message = f"no Chromium found; install it with: {INSTALL}"
    if os.environ.get("DLCOURSE_REQUIRE_SYSTEM") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


# One browser per test file, not per run: Playwright's sync API keeps an event loop running in the
# main thread, and other tests call asyncio.run().
@pytest.fixture(scope="module")
def browser():
    executable = chromium_path()
    playwright_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(executable), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> None:
    """Exports are cached for the run, and never in the reader's own cache."""
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path_factory.getbasetemp() / "explorer-cache"))


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def new_page(browser, log: Log) -> Iterator[Callable]:
    """Make a tab with options of its own, as in ``new_page(color_scheme="dark")``; ``log`` records it."""
    contexts = []

    def make(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **options})
        contexts.append(context)
        log.watch(context)
        context.route(OUTSIDE, lambda route: route.abort())  # recorded in the log, and never sent
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page):
    return new_page()


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """``axe(page, context=None)`` gives axe-core's serious and critical findings, one line each."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")

    def run(page, context=None) -> list[str]:
        found = module.Axe().run(page, context=context).response["violations"]
        return [
            f"{item['id']} ({item['impact']}): {node['html']} {node['failureSummary']}"
            for item in found
            if item["impact"] in ("serious", "critical")
            for node in item["nodes"]
        ]

    return run
