"""What was done, by whom nobody learns, and what volunteers' time is worth: on a real MongoDB."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from events.envelope import Event
from events.types.awards import AwardRef
from events.types.impact import Each
from infra.directory import City
from infra.embedded import Endpoints
from infra.mongo import connect
from projections.api.app import create_app
from projections.api.volunteer_value import FEW
from projections.metrics import measure, reading
from projections.metrics.core import Scope
from projections.metrics.families import impact, participants, volunteer_value
from tests.support import town
from tests.support.builders.city import moderated
from tests.support.builders.hours import logged, verified
from tests.support.builders.impact import ended, recorded, started, voided
from tests.support.builders.participants import acted, erased
from tests.support.metrics import through_the_engine
from tests.support.read_models import ReadModels
from tests.support.web import serve

pytestmark = pytest.mark.servers
METRICS = (*impact.METRICS, *participants.METRICS, *volunteer_value.METRICS)
JACKSONVILLE = City(
    id="jacksonville", name="Jacksonville", timezone="America/New_York", country="US", region="US-FL"
)
NOW = datetime.now(town.RIVERTON.zone)
YEAR = f"{NOW:%Y}"
TODAY = NOW.isoformat(timespec="seconds")
WRONG = "<b>wrong</b>"
AWARD = AwardRef(city="coalition", award_id="a7")


def hours_of_2018() -> list[Event]:
    """12,214 verified hours of 509 volunteers, and an hour of a year whose rate nobody knows."""
    told: list[Event] = []
    for one in range(1018):
        minutes = 60 * (12 if one < 1017 else 10)
        entry, who = f"entry-{one}", f"volunteer-pseudonym-{one // 2:04}"
        told += [
            logged(entry, minutes=minutes, by=who, worked_on="2018-04-07", city="jacksonville"),
            verified(entry, minutes=minutes, by=who, city="jacksonville"),
        ]
    return told


def history() -> list[Event]:
    few = [acted(f"few-pseudonym-000{one}", at=TODAY, neighbourhood_id="south") for one in range(3)]
    many = [acted(f"many-pseudonym-{one:03}", at=TODAY, neighbourhood_id="north") for one in range(40)]
    bags: dict[str, Any] = {"unit": "bags", "method": "estimated", "each": Each(quantity="20", unit="lb")}
    return [
        started(
            "block-1",
            title=f"Mend {WRONG}",
            idea_ids=("i1",),
            award=AwardRef(city="coalition", award_id="a7"),
        ),
        started("block-2"),
        ended("block-2", at=TODAY, outcome="abandoned", note="No money"),
        recorded("1", quantity="448.5", project_id="block-1"),
        recorded("2", quantity="100", unit="kg", neighbourhood_id="north", done_on="2026-05-02"),
        recorded("3", quantity="9999", project_id="block-1"),
        voided("3", replaced_by="1"),
        recorded("bags", quantity="22427", city="jacksonville", **bags),
        *hours_of_2018(),
        *few,
        *many,
        erased("many-pseudonym-000", at=TODAY),
    ]


class Here:
    """A running read API and the database behind it."""

    def __init__(self, models: ReadModels, http: httpx2.Client, told: list[Event]) -> None:
        self.models = models
        self.http = http
        self.told = told

    def play(self, *events: Event) -> str:
        self.told += events
        return self.models.play(*events)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Here]:
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.LAKESIDE, JACKSONVILLE, town.EMPTY)
    told = history()
    models.play(*told)
    with serve(create_app(models.settings)) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield Here(models, http, told)
    models.close()


def test_totals_say_what_they_are_made_of(here: Here) -> None:
    (total,) = here.get("/v1/impact/jacksonville")["totals"]
    assert (total["metric_code"], total["quantity"], total["unit"]) == ("litter_removed", "448540", "lb")
    assert total["parts"] == [
        {
            "unit": "bags",
            "each": "20 lb",
            "method": "estimated",
            "records": 1,
            "quantity": "22427",
            "in_total": "448540",
        }
    ]


def test_pounds_and_kilograms_are_told_in_the_unit_that_is_asked_for(here: Here) -> None:
    (total,) = here.get("/v1/impact/riverton")["totals"]
    assert (total["unit"], total["quantity"]) == ("kg", "303.436")
    (total,) = here.get("/v1/impact/riverton", unit="lb")["totals"]
    assert (total["unit"], total["quantity"]) == ("lb", "668.962")
    assert (total["records"], total["voided"]) == (2, 1)


def test_months_and_a_neighbourhood_can_be_chosen(here: Here) -> None:
    (total,) = here.get("/v1/impact/riverton", **{"from": "2026-05", "to": "2026-05"})["totals"]
    assert (total["quantity"], total["unit"]) == ("100", "kg")
    assert here.get("/v1/impact/riverton", neighbourhood="south")["totals"] == []
    assert here.get("/v1/impact/riverton", neighbourhood="north")["totals"][0]["records"] == 1
    bad = here.http.get("/v1/impact/riverton", params={"from": "2026-05", "to": "2026-04"})
    assert bad.status_code == 400
    assert here.http.get("/v1/impact/riverton", params={"from": "2026-13"}).status_code == 422


def test_every_record_can_be_read_page_by_page(here: Here) -> None:
    found, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = here.get("/v1/impact/riverton/records", **asked)
        found += page["records"]
        if (cursor := page["next"]) is None:
            break
    assert [(one["id"], one["voided"]) for one in found] == [("2", False), ("1", False), ("3", True)]
    assert found[2]["replaced_by"] == "1"
    assert here.get("/v1/impact/riverton/records", metric="trees_planted")["records"] == []


def test_a_project_shows_what_came_of_it(here: Here) -> None:
    shown = here.get("/v1/projects/riverton/block-1")
    assert (shown["status"], shown["idea_ids"]) == ("running", ["i1"])
    assert shown["award"] == {"city": "coalition", "award_id": "a7"}
    (total,) = shown["totals"]
    assert (total["quantity"], total["unit"], total["voided"]) == ("448.5", "lb", 1)
    assert here.get("/v1/projects", city="riverton", status="abandoned")["projects"][0]["note"] == "No money"
    assert len(here.get("/v1/projects", city="riverton")["projects"]) >= 2
    assert here.http.get("/v1/projects/riverton/none").status_code == 404


def test_of_a_project_that_the_city_hid_no_words_are_shown(here: Here) -> None:
    told = [started("block-3", title=f"Mind {WRONG}"), moderated("project", "block-3")]
    shown = here.get("/v1/projects/riverton/block-3", after=here.play(*told))
    assert (shown["title"], shown["category"]) == (None, "blight")
    for path in (
        "/v1/projects?city=riverton",
        "/cities/riverton/impact",
        "/cities/riverton/projects/block-3",
    ):
        answer = here.http.get(path)
        assert (answer.status_code, "Mind" in answer.text) == (200, False)


def test_hours_are_worth_what_they_are(here: Here) -> None:
    shown = here.get("/v1/volunteer-value/jacksonville")
    assert (shown["hours"], shown["value"], shown["currency"]) == ("12214", "310602.02", "USD")
    (year,) = shown["years"]
    assert (year["year"], year["rate"], year["rate_place"]) == (2018, "25.43", "US")
    assert "Independent Sector" in year["source"]
    assert shown["why"] is None
    metric = {"city": "jacksonville", "from": "2018-01-01", "to": "2018-12-31"}
    assert here.get("/v1/metrics/volunteer_value.usd", **metric)["value"] == "310602.02"
    assert here.get("/v1/volunteer-value/jacksonville", year=2019)["years"] == []


def test_an_hour_of_a_year_without_a_rate_is_told_without_money(here: Here) -> None:
    told = [
        event
        for one in range(5)
        for event in (
            logged(f"new-{one}", minutes=90, by=f"volunteer-pseudonym-{one:04}", worked_on="2031-01-01"),
            verified(f"new-{one}", minutes=90, by=f"volunteer-pseudonym-{one:04}"),
        )
    ]
    token = here.play(*told)
    shown = here.get("/v1/volunteer-value/riverton", after=token)
    assert (shown["hours"], shown["hours_valued"], shown["value"]) == ("7.5", "0", None)
    assert shown["why"] == shown["years"][0]["why"] == "no rate is known for US in 2031"


def test_the_time_of_few_volunteers_is_not_shown(here: Here) -> None:
    told = [logged("one", minutes=60, city="emptyville"), verified("one", minutes=60, city="emptyville")]
    shown = here.get("/v1/volunteer-value/emptyville", after=here.play(*told))
    assert (shown["hours"], shown["value"], shown["years"][0]["hours"]) == (None, None, None)
    assert shown["why"] == FEW


def test_a_year_of_few_volunteers_is_hidden_with_another_while_their_total_is_shown(here: Here) -> None:
    told = []
    for one, year in enumerate([2022] * 6 + [2023] * 3):
        entry, who = f"lake-{one}", f"volunteer-pseudonym-{one:04}"
        told += [
            logged(entry, minutes=60, by=who, worked_on=f"{year}-05-06", city="lakeside"),
            verified(entry, minutes=60, by=who, city="lakeside"),
        ]
    shown = here.get("/v1/volunteer-value/lakeside", after=here.play(*told))
    assert (shown["hours"], [one["hours"] for one in shown["years"]]) == ("9", [None, None])
    assert {one["why"] for one in shown["years"]} == {FEW}


def test_participants_are_numbers_and_small_ones_are_hidden(here: Here) -> None:
    shown = here.get(f"/v1/participants/riverton/{YEAR}")
    assert shown["participants"] == 42  # one was erased
    assert [one["participants"] for one in shown["months"]] == [42]
    assert {one["name"]: one["participants"] for one in shown["neighbourhoods"]} == {
        "north": None,
        "south": None,
    }
    assert [one["name"] for one in shown["rungs"]] == ["support"]
    assert "pseudonym" not in here.http.get(f"/v1/participants/riverton/{YEAR}").text
    assert here.get("/v1/participants/riverton/2001")["participants"] == 0


@pytest.mark.parametrize("city", ["riverton", "jacksonville", "emptyville"])
def test_the_page_shows_the_numbers_of_the_api(here: Here, city: str) -> None:
    page = here.http.get(f"/cities/{city}/impact")
    assert page.status_code == 200
    assert "Content-Security-Policy" in page.headers
    shown = dict(re.findall(r'data-count="([^"]+)" data-value="([^"]+)"', page.text))
    for total in here.get(f"/v1/impact/{city}")["totals"]:
        assert shown[f"impact/{total['metric_code']}/{total['unit']}"] == total["quantity"]
    worth = here.get(f"/v1/volunteer-value/{city}")
    assert shown.get("volunteer-hours") == (worth["hours"] if worth["years"] else None)
    assert shown.get("volunteer-value") == worth["value"]
    assert WRONG not in page.text


def test_a_project_has_a_page_and_what_people_wrote_is_escaped(here: Here) -> None:
    page = here.http.get("/cities/riverton/projects/block-1")
    assert page.status_code == 200
    assert WRONG not in page.text
    assert "448.5" in page.text
    assert "Paid by award" in page.text
    missing = here.http.get("/cities/riverton/projects/none")
    assert (missing.status_code, "No such project" in missing.text) == (404, True)


async def test_every_number_is_what_the_log_gives_when_it_is_folded_in_memory(here: Here) -> None:
    """Two readers, two stores, one definition: not a digit, input or note differs."""
    folded = await through_the_engine(*here.told)
    year = (date(NOW.year, 1, 1), date(NOW.year, 12, 31))
    about = [
        Scope(town.RIVERTON, *year, datetime.now(UTC)),
        Scope(JACKSONVILLE, date(2018, 1, 1), date(2018, 12, 31), datetime.now(UTC)),
    ]
    async with connect(here.models.settings) as db, reading.opened(db) as stored:
        for metric, one in product(METRICS, about):
            expected = await measure.measure(folded, metric, one)
            assert await measure.measure(stored, metric, one) == expected
    assert len(here.get("/v1/cities/riverton/metrics")["metrics"]) >= len(METRICS)


def test_the_city_links_to_what_was_done(here: Here) -> None:
    assert 'href="/cities/riverton/impact"' in here.http.get("/cities/riverton").text
