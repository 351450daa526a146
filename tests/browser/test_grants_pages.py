"""The pages of grants: wide and narrow, light and dark, and with words that look like code."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from events.envelope import Event
from infra.embedded import Endpoints
from projections.api.app import create_app
from tests.browser.conftest import Site
from tests.support import town
from tests.support.browser import DESKTOP, PHONE, page, violations
from tests.support.builders import awards, grants
from tests.support.read_models import ReadModels
from tests.support.town import XSS
from tests.support.web import serve

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PAGES = (
    "/cities/riverton/grants",
    "/cities/emptyville/grants",
    "/cities/riverton/grants/calls/call-1",
    "/cities/riverton/grants/awards/award-0",
    "/cities/riverton/grants/awards/award-1",
)


@pytest.fixture(scope="module")
def site(browser: Browser, servers: Endpoints) -> Iterator[Site]:
    del browser
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.EMPTY)
    models.play(*_call(), *_awards())
    with serve(create_app(models.settings)) as url:
        yield Site(url, models)
    models.close()


def _call() -> list[Event]:
    terms: dict[str, Any] = {
        "title": f"Mini-grants {XSS}",
        "description": f"For blocks.\n{XSS}",
        "eligibility": ("group",),
    }
    return [
        grants.opened(amount_min="200", amount_max="2000", **terms),
        grants.extended(),
        grants.closed(),
        grants.applied(title=XSS),
        grants.determined(),
        grants.ranked("call-1", ("app-1", 1, "2.2"), ("app-2", 2, "1.8")),
    ]


def _awards() -> list[Event]:
    told = {"title": XSS, "description": XSS, "grantee_name": XSS}
    reports = (awards.report("interim"), awards.report("final", awards.LATER))
    made = awards.regranted("award-0", to="award-1").model_copy(update={"city": town.RIVERTON.id})
    return [
        awards.granted("award-0", grantee_group_id=None, grantee_city="riverton"),
        awards.granted("award-1", reports=reports, targets=(awards.target(),), **told),
        awards.paid("award-1"),
        awards.reported("award-1"),
        awards.report_overdue("award-1", report="final", due=awards.LATER),
        made,
    ]


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_wrong(
    browser: Browser, site: Site, path: str, size: dict[str, int], scheme: Any
) -> None:
    with page(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as one:
        one.goto(site.url + path)
        assert violations(one) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone_and_words_stay_words(
    browser: Browser, site: Site, path: str
) -> None:
    with page(browser, viewport=PHONE) as one:
        one.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        answer = one.goto(site.url + path)
        assert answer is not None
        assert answer.status == 200
        one.wait_for_timeout(200)
        assert one.title() != "owned"
        assert one.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
