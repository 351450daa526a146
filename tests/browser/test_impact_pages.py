"""The pages of what was done: wide and narrow, light and dark, and with words that look like code."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from events.envelope import Event
from events.types.impact import Each, OutOf
from infra.embedded import Endpoints
from projections.api.app import create_app
from tests.browser.conftest import Site
from tests.support import town
from tests.support.browser import DESKTOP, PHONE, page, violations
from tests.support.builders.hours import logged, verified
from tests.support.builders.impact import ended, recorded, started, voided
from tests.support.builders.participants import acted
from tests.support.read_models import ReadModels
from tests.support.town import XSS
from tests.support.web import serve

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PAGES = ("/cities/riverton/impact", "/cities/emptyville/impact", "/cities/riverton/projects/block-1")


@pytest.fixture(scope="module")
def site(browser: Browser, servers: Endpoints) -> Iterator[Site]:
    del browser
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.EMPTY)
    models.play(*_work(), *_people())
    with serve(create_app(models.settings)) as url:
        yield Site(url, models)
    models.close()


def _work() -> list[Event]:
    trees: dict[str, Any] = {"metric_code": "trees_surviving_12_months", "unit": "trees", "method": "counted"}
    bags: dict[str, Any] = {"unit": "bags", "each": Each(quantity="20", unit="lb")}
    return [
        started("block-1", title=XSS, organisation=XSS, idea_ids=("i1", "i2"), neighbourhood_id=XSS),
        ended("block-1", note=f"Done.\n{XSS}", evidence=("https://riverton.example/" + 90 * "a",)),
        started("block-2"),
        recorded("1", quantity="22427", project_id="block-1", **bags),
        recorded("2", quantity="12345678.125", unit="kg", project_id="block-1"),
        recorded("3", project_id="block-1"),
        voided("3"),
        recorded("4", quantity="21", out_of=OutOf(record_id="t", quantity="25"), **trees),
    ]


def _people() -> list[Event]:
    today = datetime.now(town.RIVERTON.zone).isoformat(timespec="seconds")
    told = [acted(f"somebody-pseudonym-{one:03}", at=today) for one in range(12)]
    for one, year in enumerate([2023] * 6 + [2031] * 3):
        who, entry = f"volunteer-pseudonym-{one}", f"hours-{one}"
        told += [
            logged(entry, minutes=1440, by=who, worked_on=f"{year}-05-06"),
            verified(entry, minutes=1440, by=who),
        ]
    return told


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_wrong_and_nothing_scrolls_sideways(
    browser: Browser, site: Site, path: str, size: Any, scheme: Any
) -> None:
    with page(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as one:
        one.goto(site.url + path)
        assert violations(one) == []
        assert one.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert one.title().startswith("<script>") == path.endswith("block-1")
        assert one.title() != "owned"


def test_a_citys_page_leads_to_what_was_done_and_on_to_a_project(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton")
        one.get_by_role("link", name="What was done").first.click()
        one.wait_for_url("**/cities/riverton/impact")
        one.get_by_role("link", name=XSS).click()
        one.wait_for_url("**/projects/block-1")
        assert XSS in (one.locator("h1").text_content() or "")
