"""A browser and a town to look at, for the tests of one module."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from events.envelope import Event
from infra.embedded import Endpoints
from projections.api.app import create_app
from tests.support import build, town
from tests.support.browser import chromium
from tests.support.builders import city, groups, practices, results, stewardship, volunteering
from tests.support.read_models import ReadModels
from tests.support.web import serve


@dataclass(frozen=True)
class Site:
    """Where the pages are, and the read models behind them."""

    url: str
    models: ReadModels


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # No longer than a module: Playwright's event loop is in the way of asynchronous tests.
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def site(browser: Browser, servers: Endpoints) -> Iterator[Site]:
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.LAKESIDE, town.EMPTY)
    closed = build.closed("SR-0002", status_notes=f"Done. {town.XSS}")
    models.play(*town.events(), closed, build.reopened("SR-0002"), build.idea_withdrawn("i1"))
    models.play(*_decided_elsewhere(), *_decided_otherwise(), build.opened("SR-nowhere", long=None, lat=None))
    models.play(*_of_another_city(), *_what_came_of_it())
    with serve(create_app(models.settings)) as url:
        yield Site(url, models)
    models.close()


def _what_came_of_it() -> list[Event]:
    """Of everything that results, groups and practices can show something, in hostile words."""
    photo = "https://riverton.example/" + "a-very-long-address-of-a-photo/" * 5
    people = [f"member-pseudonym-{n:04}" for n in range(6)]
    took_up = {"by_city": "lakeside", "by_practice_id": "taken"}
    return [
        build.problem("p1", statement=f"No shade {town.XSS}", request_ids=("SR-0001", "SR-0003")),
        results.created("shade", title=f"Shade {town.XSS}", idea_ids=("i0", "i1"), problem_ids=("p1",)),
        results.progressed("shade", percent=40, milestone=town.XSS, note=town.XSS, evidence=(photo,)),
        results.created("hidden", title="Hidden"),
        city.moderated("result", "hidden"),
        groups.formed("walkers", name=f"Walkers {town.XSS}", purpose=town.XSS),
        *(groups.joined("walkers", by=one) for one in people),
        volunteering.published("bank", group_id="walkers"),
        stewardship.adopted("drain-1", group_id="walkers"),
        practices.published("lots", title=f"Lots {town.XSS}", challenge=town.XSS, evidence=(photo,)),
        practices.adopted_elsewhere("lots", **took_up),
        practices.adopted("taken", city="lakeside", from_city="riverton", from_practice_id="lots"),
        practices.outcome("taken", city="lakeside", note=town.XSS),
    ]


def _decided_elsewhere() -> list[Event]:
    """Lakeside's round gives points by a rule that is not computed here; fewer ballots give `b` more."""
    rule = "equalshares/add1"
    told = [
        build.round_opened("lake-2026", vote_type="cumulative", rule=rule, title="The lake shore"),
        build.ballot(("a", 1), by="participant-000001", round_id="lake-2026", vote_type="cumulative"),
        build.ballot(
            ("a", 1), ("b", 7), by="participant-000002", round_id="lake-2026", vote_type="cumulative"
        ),
        build.concluded("lake-2026", rule=rule, selected=["b", "c"]),
    ]
    return [one.model_copy(update={"city": town.LAKESIDE.id}) for one in told]


def _decided_otherwise() -> list[Event]:
    """Riverton's second round of a title; nobody voted, the rule takes `a` and `b`, the city took `c`."""
    title = "What shall we build first?"
    return [build.round_opened("pb-2025", title=title), build.concluded("pb-2025", selected=["b", "c"])]


def _of_another_city() -> list[Event]:
    """Lakeside's old rounds: one names no rule, and one has many projects of which few can be paid."""
    projects = [
        build.project(f"{n:02}", name=f"A long wooden pier at the end of street {n}") for n in range(40)
    ]
    told = [
        build.round_opened("lake-2018", rule="unknown", title="The lake in 2018"),
        build.round_opened("lake-2019", title="Piers", projects=projects, vote_type="ordinal", max_choices=3),
        build.ballot("07", "03", by="participant-000001", round_id="lake-2019", vote_type="ordinal"),
    ]
    return [one.model_copy(update={"city": town.LAKESIDE.id}) for one in told]
