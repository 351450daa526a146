"""Chromium, driven by Playwright; whatever a page complains of fails its test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; skips when there is none, fails when TOWNHALL_REQUIRE_BROWSER=1 asks for one."""
    with sync_playwright() as playwright:
        path = _find(playwright)
        if path is None:
            said = "no Chromium: apt-get install chromium, or playwright install chromium"
            if os.environ.get("TOWNHALL_REQUIRE_BROWSER") == "1":
                pytest.fail(said)
            pytest.skip(said)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def _find(playwright: Playwright) -> str | None:
    own = playwright.chromium.executable_path
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return own if Path(own).exists() else next((path for path in found if path), None)


@contextmanager
def page(browser: Browser, **context: Any) -> Iterator[Page]:
    """A page in a context of its own. Errors in its console, broken policies and crashes fail the test."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text}")

    opened = browser.new_context(**{"viewport": DESKTOP, **context})
    try:
        one = opened.new_page()
        one.on("console", heard)
        one.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
        yield one
    finally:
        opened.close()
    assert not complaints, complaints


def violations(one: Page) -> list[str]:
    """What axe finds wrong on the page, as `rule: selector`."""
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(one, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ]
