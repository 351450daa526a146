"""Somebody watches a city's page while an election is imported."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.all_in_one import Town, environment, running
from tests.support.browser import DESKTOP, page
from tests.support.data import data_file, election

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.data, pytest.mark.timeout(240)]

FILE = "pabulib/Poland_Gdansk_2020.pb"
COUNT = '[data-count="ballots/poland-gdansk-2020"]'


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with running(tmp_path / "home") as one:
        yield one


def test_a_number_grows_on_the_page_while_ballots_are_imported(browser: Browser, town: Town) -> None:
    """Without a reload: what the page remembers stays, and numbers between none and all are seen."""
    town.run("cities", "add", "gdansk", "--name", "Gdańsk", "--timezone", "Europe/Warsaw")
    command = [sys.executable, "-m", "townhall", "import", "pabulib", str(data_file(FILE)), "--json"]
    total = len(election(FILE).votes)
    with page(browser, viewport=DESKTOP) as one:
        one.goto(f"{town.url}/cities/gdansk")
        one.evaluate("window.remembered = true")
        assert one.locator(COUNT).count() == 0
        importing = subprocess.Popen(command, env=environment(town.home), stdout=subprocess.PIPE)
        try:
            seen = _watch(one, total)
        finally:
            said, _ = importing.communicate(timeout=120)
        assert one.evaluate("window.remembered")
    assert json.loads(said)["files"][0]["accepted"] == total
    assert seen[-1] == total
    assert seen == sorted(seen)
    assert len([number for number in seen if number < total]) >= 1


def _watch(one: Page, total: int) -> list[int]:
    """Every number the page shows, until it shows `total`."""
    seen: list[int] = []
    deadline = time.monotonic() + 150
    while not seen or seen[-1] != total:
        assert time.monotonic() < deadline, seen
        shown = one.locator(COUNT)
        if shown.count():
            number = int(shown.first.get_attribute("data-value") or 0)
            if seen[-1:] != [number]:
                seen.append(number)
        one.wait_for_timeout(50)
    return seen
