"""Grants over HTTP on a real MongoDB: calls, rankings, awards, what is granted again, and 360Giving data."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from events.envelope import Event
from events.types.awards import AwardRef
from infra.directory import City
from infra.embedded import Endpoints
from projections.api.app import create_app
from projections.metrics import periods
from projections.metrics.registry import METRICS
from tests.support import town
from tests.support.builders import awards, grants, groups
from tests.support.metrics import number, scope
from tests.support.read_models import ReadModels
from tests.support.web import serve

pytestmark = pytest.mark.servers
COALITION = City(id="coalition", name="Cities of Service", timezone="America/New_York")
NOW = datetime.now(town.RIVERTON.zone).replace(microsecond=0)
PARENT = AwardRef(city="coalition", award_id="award-0")
DISMISSED: dict[str, Any] = {"outcome": "dismissed", "reason": "No plan", "amount": None, "currency": None}
HUSHED = "nobody shall read this"


class Here:
    """A running read API and the database behind it."""

    def __init__(self, models: ReadModels, http: httpx2.Client) -> None:
        self.models = models
        self.http = http

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def problem(self, path: str, **params: Any) -> tuple[int, str]:
        answer = self.http.get(path, params=params)
        return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]

    def pages(self, path: str, field: str, **params: Any) -> list[Any]:
        found, cursor = [], dict[str, str]()
        while True:
            page = self.get(path, **params, **cursor)
            found += page[field]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}


def at(days: int) -> str:
    return (NOW + timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Here]:
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.LAKESIDE, town.EMPTY, COALITION)
    models.play(*HISTORY)
    with serve(create_app(models.settings)) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield Here(models, http)
    models.close()


def _calls() -> list[Event]:
    spring = grants.opened(at=at(-60), deadline_at=at(-30), parent_award=PARENT)
    order = [("app-2", 1, "2.4"), ("app-1", 2, "2.2"), ("app-3", 3, "0.6")]
    return [
        spring,
        grants.closed(at=at(-30), deadline_at=at(-30)),
        grants.ranked("call-1", *order, at=at(-25)),
        *(grants.opened(f"call-{n}", title=f"Call {n}", at=at(-n), deadline_at=at(9)) for n in range(2, 6)),
    ]


def _applications() -> list[Event]:
    asked = [grants.applied(f"app-{n}", title=f"Block {n}", amount=f"{n}00.5", at=at(-40)) for n in (1, 2)]
    lost = grants.applied("app-3", title=HUSHED, at=at(-40))
    gone = [grants.applied("app-4", title=HUSHED, at=at(-40)), grants.withdrawn("app-4", at=at(-35))]
    decided = [
        grants.determined("app-1", amount="100", at=at(-20)),
        grants.determined("app-2", amount="200", outcome="accepted_pending_info", at=at(-20)),
        grants.determined("app-3", at=at(-20), **DISMISSED),
    ]
    waits = grants.applied("app-9", call="call-2", title=HUSHED, at=at(-1))
    return [*asked, lost, *gone, *decided, waits]


def _reviews() -> list[Event]:
    said = {"app-1": (4, 3), "app-2": (5, 2), "app-3": (1, 1)}
    return [
        *(
            grants.reviewed(app, by=f"reviewer-pseudonym-{n}", need=need, plan=plan, at=at(-28))
            for app, (need, plan) in said.items()
            for n in range(5)
        ),
        grants.reviewed("app-3", by="reviewer-pseudonym-9", need=5, plan=5, conflict_declared=True),
    ]


def _awards() -> list[Event]:
    return [
        awards.granted(
            "award-1",
            at=at(-20),
            amount="100",
            application_id="app-1",
            parent_award=PARENT,
            instalments=(awards.instalment("1", "100", at(-10)),),
            reports=(awards.report("interim", at(-5)), awards.report("final", at(50))),
            targets=(awards.target(),),
        ),
        awards.granted(
            "award-2",
            at=at(-19),
            amount="200",
            application_id="app-2",
            title="Trees for Elm Street",
            instalments=(awards.instalment("1", "200", at(-10)),),
            reports=(awards.report("interim", at(-5)),),
        ),
        awards.granted(
            "award-3",
            at=at(-50),
            amount="0.3",
            currency="EUR",
            call_id="old",
            application_id="app-3",
            instalments=(),
            reports=(),
        ),
        awards.paid("award-1", amount="100", at=at(-12)),
        awards.reported("award-1", at=at(-6)),
        awards.paid("award-unheard", amount="0", at=at(-1)),
        awards.report_overdue("award-2", due=at(-5), at=at(-5)),
    ]


def _regrants() -> list[Event]:
    parent = awards.granted(
        "award-0",
        city="coalition",
        at=at(-90),
        amount="100000",
        grantee_group_id=None,
        grantee_city="riverton",
    )
    told = [awards.regranted(to=f"award-{n}", amount=f"{n}00.001", at=at(n - 30)) for n in (1, 2, 3)]
    return [parent, *told]


HISTORY = [
    groups.formed("g1", name="Liberty Street Neighbours"),
    *_calls(),
    *_applications(),
    *_reviews(),
    *_awards(),
    *_regrants(),
]


def test_calls_that_are_open_stand_first(here: Here) -> None:
    calls = here.pages("/v1/grant-calls", "calls", city="riverton", limit=2)
    assert [(one["id"], one["status"]) for one in calls] == [
        ("call-2", "open"),
        ("call-3", "open"),
        ("call-4", "open"),
        ("call-5", "open"),
        ("call-1", "closed"),
    ]
    assert [one["applications"] for one in calls] == [1, 0, 0, 0, 3]
    assert here.get("/v1/grant-calls", city="emptyville")["calls"] == []


def test_a_call_shows_its_ranking_and_that_it_can_be_computed_again(here: Here) -> None:
    call = here.get("/v1/grant-calls/riverton/call-1")
    assert (call["applications"], call["withdrawn"], call["determined"], call["accepted"]) == (3, 1, 3, 2)
    assert call["asked"] == [{"currency": "USD", "requested": "1801", "accepted": "300"}]
    assert call["parent"] == {"city": "coalition", "id": "award-0"}
    ranking = call["ranking"]
    assert [(one["id"], one["title"]) for one in ranking["ranking"]] == [
        ("app-2", "Block 2"),
        ("app-1", "Block 1"),
        ("app-3", None),
    ]
    assert (ranking["same"], ranking["highest"], ranking["spread"]) == (True, "3", "0")
    assert here.get("/v1/grant-calls/riverton/call-2")["ranking"] is None


def test_nothing_is_published_of_applications_that_were_not_accepted_but_their_number(here: Here) -> None:
    paths = ["/v1/grant-calls/riverton/call-1", "/v1/grant-calls/riverton/call-1/accepted"]
    paths += ["/v1/awards?city=riverton", "/v1/awards/riverton/award-3", "/v1/grants/riverton.json"]
    for path in paths:
        answer = here.http.get(path)
        assert answer.status_code == 200
        assert HUSHED not in answer.text
        assert "reviewer-pseudonym" not in answer.text


@pytest.mark.parametrize("limit", [1, 25])
def test_accepted_applications_are_listed(here: Here, limit: int) -> None:
    found = here.pages("/v1/grant-calls/riverton/call-1/accepted", "applications", limit=limit)
    assert [(one["id"], one["title"], one["requested"], one["accepted"]) for one in found] == [
        ("app-1", "Block 1", "100.5", "100"),
        ("app-2", "Block 2", "200.5", "200"),
    ]
    assert [one["pending_info"] for one in found] == [False, True]


@pytest.mark.parametrize("limit", [1, 2, 25])
def test_awards_are_listed_the_newest_first(here: Here, limit: int) -> None:
    found = here.pages("/v1/awards", "awards", city="riverton", limit=limit)
    assert [(one["id"], one["title"]) for one in found] == [
        ("award-2", "Trees for Elm Street"),
        ("award-1", "Block 1"),
        ("award-3", None),
    ]
    of_call = here.pages("/v1/awards", "awards", city="riverton", call="call-1", limit=limit)
    assert [one["id"] for one in of_call] == ["award-2", "award-1"]


def test_an_award_shows_what_is_paid_owed_and_reached_and_whose_money_it_is(here: Here) -> None:
    award = here.get("/v1/awards/riverton/award-1")
    assert award["parent"] == {"city": "coalition", "id": "award-0"}
    assert (award["grantee_group_id"], award["grantee_name"]) == ("g1", "Liberty Street Neighbours")
    assert (award["paid"], award["instalments"][0]["on_time"]) == ("100", True)
    assert [(one["id"], one["on_time"], one["overdue"]) for one in award["reports"]] == [
        ("interim", True, False),
        ("final", None, False),
    ]
    assert (award["targets"][0]["actual"], award["targets"][0]["met"]) == ("2412.5", True)
    late = here.get("/v1/awards/riverton/award-2")["reports"][0]
    assert (late["on_time"], late["overdue"]) == (None, True)


@pytest.mark.parametrize("limit", [1, 2, 25])
def test_the_awards_made_of_another_are_listed_with_it(here: Here, limit: int) -> None:
    assert here.get("/v1/awards/coalition/award-0")["regrants"] == 3
    found = here.pages("/v1/awards/coalition/award-0/regrants", "regrants", limit=limit)
    assert [(one["award"]["id"], one["amount"]) for one in found] == [
        ("award-3", "300.001"),
        ("award-2", "200.001"),
        ("award-1", "100.001"),
    ]


def test_a_city_s_money_and_what_it_keeps(here: Here) -> None:
    shown = here.get("/v1/cities/riverton/grants")
    assert shown["open_calls"] == 4
    assert shown["money"] == [
        {"currency": "EUR", "awards": 1, "awarded": "0.3", "disbursed": "0", "regranted": "0"},
        {"currency": "USD", "awards": 2, "awarded": "300", "disbursed": "100", "regranted": "0"},
    ]
    assert shown["instalments"] == {"due": 2, "done": 1, "on_time": 1}
    assert (shown["reports"], shown["overdue"]) == ({"due": 2, "done": 1, "on_time": 1}, 1)
    coalition = here.get("/v1/cities/coalition/grants")
    assert coalition["money"][0]["regranted"] == "600.003"
    nothing = here.get("/v1/cities/emptyville/grants")
    assert (nothing["money"], nothing["instalments"]["due"]) == ([], 0)


def test_all_awards_of_a_city_as_360giving_data(here: Here) -> None:
    package = here.get("/v1/grants/riverton.json")
    assert package["publisher"] == {"name": "Riverton"}
    by_id = {one["id"]: one for one in package["grants"]}
    assert set(by_id) == {f"townhall-riverton-award-{n}" for n in (1, 2, 3)}
    mended = by_id["townhall-riverton-award-1"]
    assert (mended["title"], mended["amountAwarded"], mended["amountAppliedFor"]) == ("Block 1", 100, 100.5)
    assert mended["recipientOrganization"][0]["name"] == "Liberty Street Neighbours"
    assert mended["relatedActivity"] == ["townhall-coalition-award-0"]
    (parent,) = here.get("/v1/grants/coalition.json")["grants"]
    assert (parent["regrantType"], parent["recipientOrganization"][0]["name"]) == ("FRG010", "Riverton")
    assert here.problem("/v1/grants/emptyville.json") == (404, "no_awards")


def test_what_is_not_there_is_a_problem(here: Here) -> None:
    assert here.problem("/v1/grant-calls", city="nowhere") == (404, "unknown_city")
    for path in ("grant-calls/riverton/none", "grant-calls/riverton/none/accepted"):
        assert here.problem(f"/v1/{path}") == (404, "unknown_call")
    for path in ("awards/riverton/none", "awards/riverton/none/regrants"):
        assert here.problem(f"/v1/{path}") == (404, "unknown_award")
    assert here.problem("/v1/awards/riverton/award-unheard") == (404, "unknown_award")


def test_a_read_waits_for_what_was_published_and_is_not_sent_twice(here: Here) -> None:
    token = here.models.play(grants.opened(city="lakeside", at=at(0), deadline_at=at(20)))
    answer = here.http.get("/v1/grant-calls/lakeside/call-1", params={"after": token})
    assert answer.status_code == 200
    tag = {"If-None-Match": answer.headers["etag"]}
    assert here.http.get("/v1/grant-calls/lakeside/call-1", headers=tag).status_code == 304


QUERIES: dict[str, tuple[dict[str, Any], list[tuple[str, int]]]] = {
    "grant_calls": ({"city": "riverton"}, [("status", -1), ("opened_at", -1), ("_id", 1)]),
    "awards": ({"city": "riverton"}, [("granted_at", -1), ("_id", 1)]),
    "grant_applications": (
        {"city": "riverton", "call_id": "call-1", "status": {"$in": ["accepted"]}},
        [("_id", 1)],
    ),
    "grant_reviews": ({"city": "riverton", "application_id": {"$in": ["app-1"]}}, []),
    "award_regrants": ({"city": "coalition", "award_id": "award-0"}, [("regranted_at", -1), ("_id", 1)]),
}


@pytest.mark.parametrize("view", QUERIES)
def test_every_query_uses_an_index(here: Here, view: str) -> None:
    where, order = QUERIES[view]
    found = here.models.db[view].find(where)
    plan = (found.sort(order) if order else found).explain()["queryPlanner"]["winningPlan"]
    assert "COLLSCAN" not in str(plan)
    assert "'SORT'" not in str(plan)


def page(here: Here, path: str) -> str:
    answer = here.http.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_the_page_of_a_city_s_grants_shows_the_numbers_of_the_data(here: Here) -> None:
    text, data = page(here, "/cities/riverton/grants"), here.get("/v1/cities/riverton/grants")
    assert f'data-count="open-calls" data-value="{data["open_calls"]}"' in text
    assert f'data-count="reports-on-time" data-value="{data["reports"]["on_time"]}"' in text
    assert "<dd>USD 300</dd>" in text
    assert "Trees for Elm Street" in text
    assert 'href="/v1/grants/riverton.json"' in text
    assert text.index("/grants/calls/call-2") < text.index("/grants/calls/call-1")
    assert 'href="/cities/riverton/grants"' in page(here, "/cities/riverton")


def test_the_page_of_a_city_without_grants_says_so(here: Here) -> None:
    text = page(here, "/cities/emptyville/grants")
    assert "No call has been opened yet." in text
    assert "No award has been made yet." in text
    assert ".json" not in text


def test_the_page_of_a_call_shows_the_ranking_and_nothing_of_who_was_dismissed(here: Here) -> None:
    text = page(here, "/cities/riverton/grants/calls/call-1")
    assert 'data-count="applications" data-value="3"' in text
    assert "The order that the city told is the one that the reviews give." in text
    assert text.index("Block 2") < text.index("Block 1")
    assert "/cities/coalition/grants/awards/award-0" in text
    assert HUSHED not in text
    assert "Ranking" not in page(here, "/cities/riverton/grants/calls/call-2")


def test_the_page_of_an_award_shows_its_chain(here: Here) -> None:
    parent = page(here, "/cities/coalition/grants/awards/award-0")
    assert "3 awards were made of the money of this one." in parent
    assert "/cities/riverton/grants/awards/award-2" in parent
    text = page(here, "/cities/riverton/grants/awards/award-1")
    assert '/grants/calls/call-1">Mini-grants</a>' in text
    assert "/grants/calls/old" not in page(here, "/cities/riverton/grants/awards/award-3")
    assert "✓ Met" in text
    assert "✓ On time" in text
    assert "/cities/coalition/grants/awards/award-0" in text
    assert "Overdue" in page(here, "/cities/riverton/grants/awards/award-2")


def test_what_is_not_there_is_a_page_that_says_so(here: Here) -> None:
    for path in ("calls/none", "awards/none", "awards/award-unheard"):
        answer = here.http.get(f"/cities/riverton/grants/{path}")
        assert answer.status_code == 404
        assert "is known here" in answer.text


@pytest.mark.parametrize("code", [one.code for one in METRICS if one.code.startswith("grants.")])
@pytest.mark.parametrize("city", [town.RIVERTON, COALITION], ids=lambda city: city.id)
def test_a_published_number_is_the_one_that_the_log_gives(here: Here, code: str, city: City) -> None:
    first, last = periods.month_of((NOW - timedelta(days=35)).date()), periods.month_of(NOW.date())
    about = scope(first.first.isoformat(), last.last.isoformat(), city=city, now=datetime.now(UTC))
    expected = number(code, *HISTORY, about=about)
    shown = here.get(f"/v1/metrics/{code}", city=city.id, **{"from": str(first.first), "to": str(last.last)})
    assert shown["value"] == (None if expected.value is None else f"{expected.value:f}")
    assert shown["inputs"] == {name: f"{value:f}" for name, value in expected.inputs.items()}
    assert shown["suppressed"] == expected.suppressed
