"""What volunteers and cities read of opportunities, sessions and hours, on a real MongoDB."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.envelope import Event
from infra.embedded import Endpoints
from tests.support import town
from tests.support.builders import city, hours, volunteering
from tests.support.reading import Reading, reading
from tests.support.town import XSS

pytestmark = pytest.mark.servers

NOW = datetime.now(town.RIVERTON.zone).replace(microsecond=0)
BEFORE = (NOW - timedelta(days=30)).isoformat()
PEOPLE = [f"volunteer-pseudonym-{n:04}" for n in range(12)]


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Reading]:
    with reading(servers, *_sessions(), *_past(), *_hours(), *_hidden()) as running:
        yield running


def _in(days: int, **terms: Any) -> dict[str, Any]:
    starts = NOW + timedelta(days=days)
    return {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=3)).isoformat(), **terms}


def _sessions() -> list[Event]:
    return [
        volunteering.published(
            at=BEFORE, title=f"Clean the bank {XSS}", description="Bring boots.\nAnd gloves."
        ),
        volunteering.scheduled("full", at=BEFORE, place="The pier", **_in(2, capacity=2, min_attendance=3)),
        volunteering.scheduled("open", at=BEFORE, **_in(9)),
        volunteering.scheduled("off", at=BEFORE, **_in(5)),
        volunteering.session_cancelled("off"),
        *(
            volunteering.session_added(session=one, starts_at=_in(days)["starts_at"])
            for one, days in (("full", 2), ("open", 9), ("off", 5))
        ),
        *(
            volunteering.signed_up("full", signup=f"su{n}", by=who, waitlisted=n > 1)
            for n, who in enumerate(PEOPLE[:5])
        ),
        volunteering.signup_cancelled("full", signup="su4"),
        volunteering.published("opp-2", at=BEFORE, title="Read to children"),
        volunteering.published("opp-3", at=BEFORE, title="Paint"),
        volunteering.opportunity_cancelled("opp-3", note="No paint"),
    ]


def _past() -> list[Event]:
    """One session that many came to, and one of two people."""
    told = []
    for session, people in (("past", PEOPLE), ("small", PEOPLE[:2])):
        told.append(volunteering.scheduled(session, at=BEFORE, **_in(-3)))
        for n, who in enumerate(people):
            told.append(volunteering.signed_up(session, signup=f"su{n}", by=who, at=BEFORE))
            came = n >= len(people) // 2
            signup = {"signup_id": f"su{n}", "attendance": f"att{n}"}
            told.append(
                volunteering.checked_in(session, by=who, **signup)
                if came
                else volunteering.no_show(session, signup=f"su{n}", by=who)
            )
    walked_in: dict[str, Any] = {"signup_id": None, "walk_in": True, "by": None}
    return [*told, volunteering.checked_in("past", attendance="walk", **walked_in)]


def _hours() -> list[Event]:
    """2025: six people in May, and one of them in June; 2024: one person."""
    told = []
    for n, who in enumerate(PEOPLE[:6]):
        told += [
            hours.logged(f"may-{n}", by=who, worked_on="2025-05-03", minutes=120),
            hours.verified(f"may-{n}"),
        ]
    told += [hours.logged("june", by=PEOPLE[0], worked_on="2025-06-03"), hours.verified("june", minutes=60)]
    return [*told, hours.logged("old", by=PEOPLE[0], worked_on="2024-06-03"), hours.verified("old")]


def _hidden() -> list[Event]:
    return [
        volunteering.published("rude", at=BEFORE, title="Rude words", description="More of them"),
        volunteering.scheduled("rude-1", at=BEFORE, opportunity_id="rude", place="Rude place", **_in(20)),
        volunteering.session_added("rude", session="rude-1", starts_at=_in(20)["starts_at"]),
        city.moderated("opportunity", "rude"),
    ]


def test_opportunities_with_sessions_to_come_stand_first(here: Reading) -> None:
    found = here.get("/v1/opportunities", city="riverton")["opportunities"]
    assert [one["id"] for one in found] == ["rude", "opp-1", "opp-2"]
    first = here.get("/v1/opportunities", city="riverton", limit=2)
    rest = here.get("/v1/opportunities", city="riverton", limit=2, cursor=first["next"])
    assert [one["id"] for one in rest["opportunities"]] == ["opp-2"]
    assert rest["next"] is None


def test_the_next_sessions_stand_first_and_say_what_places_they_have_left(here: Reading) -> None:
    found = here.get("/v1/sessions", city="riverton", opportunity="opp-1")["sessions"]
    assert [one["id"] for one in found] == ["full", "open"]
    full, unlimited = found
    names = ("capacity", "signed_up", "places_left", "waiting", "place")
    assert [full[name] for name in names] == [2, 2, 0, 2, "The pier"]
    assert [unlimited[name] for name in names] == [None, 0, None, 0, None]
    assert full["title"] == f"Clean the bank {XSS}"
    past = here.get("/v1/sessions", city="riverton", when="past")["sessions"]
    assert {one["id"] for one in past} == {"past", "small"}


def test_pages_of_sessions_hold_each_session_once(here: Reading) -> None:
    ids, cursor = [], None
    while True:
        params = {"city": "riverton", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = here.get("/v1/sessions", **params)
        ids += [one["id"] for one in page["sessions"]]
        if (cursor := page["next"]) is None:
            break
    assert ids == ["full", "open", "rude-1"]


def test_an_opportunity_shows_its_sessions_to_come_and_what_it_asks(here: Reading) -> None:
    shown = here.get("/v1/opportunities/riverton/opp-1")
    assert [(one["id"], one["status"]) for one in shown["sessions"]] == [
        ("full", "scheduled"),
        ("off", "cancelled"),
        ("open", "scheduled"),
    ]
    assert [one["role_id"] for one in shown["roles"]] == ["crew"]
    cancelled = here.get("/v1/opportunities/riverton/opp-3")
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "weather")
    status = here.http.get("/v1/opportunities/riverton/none").status_code
    assert (status, here.http.get("/v1/sessions/riverton/none").status_code) == (404, 404)


def test_how_many_came_is_shown_where_it_tells_about_nobody(here: Reading) -> None:
    names = ("signed_up", "came", "no_shows", "walk_ins")
    past = here.get("/v1/sessions/riverton/past")
    assert [past[name] for name in names] == [12, 6, 6, None]
    small = here.get("/v1/sessions/riverton/small")
    assert [small[name] for name in names] == [2, None, None, 0]


def test_nobody_is_named_anywhere(here: Reading) -> None:
    for path in (
        "/v1/opportunities?city=riverton",
        "/v1/opportunities/riverton/opp-1",
        "/v1/sessions?city=riverton&when=past",
        "/v1/sessions/riverton/past",
        "/v1/hours/riverton?from=2024&to=2025",
        "/cities/riverton/volunteering",
        "/cities/riverton/volunteering/opp-1",
    ):
        assert "pseudonym" not in here.text(path), path


def test_hours_count_by_the_year_of_the_work_and_hide_what_is_of_few(here: Reading) -> None:
    """June is of one person; May is hidden with it, or the year would tell June."""
    shown = here.get("/v1/hours/riverton", **{"from": 2024, "to": 2025})
    few, many = shown["years"]
    assert few == {"year": "2024", "volunteers": None, "verified_minutes": None, "logged_minutes": None}
    assert many == {"year": "2025", "volunteers": 6, "verified_minutes": 600, "logged_minutes": 810}
    assert [(one["month"], one["verified_minutes"]) for one in shown["months"]] == [
        ("2024-06", None),
        ("2025-05", None),
        ("2025-06", None),
    ]
    assert here.http.get("/v1/hours/riverton", params={"from": 1990, "to": 2025}).status_code == 400


def test_what_the_city_hid_keeps_its_place_without_its_words(here: Reading) -> None:
    shown = here.get("/v1/opportunities/riverton/rude")
    assert (shown["title"], shown["description"], shown["hidden"]) == (None, None, True)
    for path in (
        "/v1/opportunities?city=riverton",
        "/v1/sessions?city=riverton",
        "/v1/opportunities/riverton/rude",
        "/cities/riverton/volunteering",
        "/cities/riverton/volunteering/rude",
    ):
        assert "Rude" not in here.text(path), path


def test_a_read_waits_for_a_position_and_is_not_sent_twice(here: Reading) -> None:
    after = here.models.play(volunteering.signed_up("off", signup="new", by=PEOPLE[9]))
    answer = here.http.get("/v1/sessions/riverton/off", params={"after": after})
    assert answer.json()["signed_up"] == 1
    known = {"If-None-Match": answer.headers["etag"]}
    assert here.http.get("/v1/sessions/riverton/off", headers=known).status_code == 304


def _counts(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-count="([^"]+)" data-value="([^"]*)"', page))


def test_the_page_of_a_city_shows_the_numbers_of_the_api(here: Reading) -> None:
    page = here.text("/cities/riverton/volunteering")
    counts = _counts(page)
    for one in here.get("/v1/sessions", city="riverton")["sessions"]:
        assert counts[f"signed-up/{one['id']}"] == str(one["signed_up"])
        assert counts.get(f"left/{one['id']}") == (
            None if one["places_left"] is None else str(one["places_left"])
        )
    assert counts["hours/2025"] == "10"
    assert "hours/2024" not in counts
    assert XSS not in page
    assert "/cities/riverton/volunteering" in here.text("/cities/riverton")


def test_the_page_of_an_opportunity_shows_its_sessions(here: Reading) -> None:
    page = here.text("/cities/riverton/volunteering/opp-1")
    assert _counts(page)["waiting/full"] == "2"
    assert "Bring boots." in page
    assert XSS not in page
    assert "No paint" in here.text("/cities/riverton/volunteering/opp-3")
    assert here.http.get("/cities/riverton/volunteering/none").status_code == 404
    assert "No session is planned" in here.text("/cities/emptyville/volunteering")
