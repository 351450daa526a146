"""Published numbers on a real MongoDB: to the digit what the log gives when it is folded in memory."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from events.envelope import Event
from events.positions import Position, to_token
from infra.embedded import Endpoints
from infra.mongo import connect
from producers import snapshots
from projections.api.app import create_app
from projections.metrics import measure, reading
from projections.metrics.core import Scope
from projections.metrics.periods import month_of
from projections.metrics.registry import BY_CODE, METRICS
from tests.support import build, town
from tests.support.builders import hours, impact, participants
from tests.support.metrics import through_the_engine
from tests.support.read_models import ReadModels
from tests.support.web import serve

pytestmark = pytest.mark.servers
TOLD = {"sla.on_time", "ideas.answered", "participants", "impact.litter_removed", "ballots.last_round"}
"""Some numbers of each section that the history gives a value."""
SAME = ("first_day", "last_day", "value", "numerator", "denominator", "suppressed", "completeness")
PLACES = ("north", "south", "=1+1", None)
TODAY = datetime.now(town.RIVERTON.zone).date()
PERIOD = {"from": (TODAY - timedelta(days=20)).isoformat(), "to": TODAY.isoformat()}


class Here:
    """A running read API, the database behind it, and the log that it shows."""

    def __init__(self, models: ReadModels, http: httpx2.Client, history: list[Event]) -> None:
        self.models = models
        self.http = http
        self.history = history

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def problem(self, path: str, **params: Any) -> tuple[int, str]:
        answer = self.http.get(path, params=params)
        return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Here]:
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.EMPTY)
    history = [*town.events(), *_placed(), *_ideas(), *_work()]
    models.play(*history)
    with serve(create_app(models.settings)) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield Here(models, http, history)
    models.close()


def _ideas() -> list[Event]:
    """Ideas in neighbourhoods, now and ninety days ago, answered early, late, in secret and not at all."""
    told: list[Event] = []
    for number in range(80):
        at = datetime.now(town.RIVERTON.zone).replace(microsecond=0) - timedelta(days=10 + 90 * (number % 2))
        name, later = f"placed-{number}", at + timedelta(days=number)
        told.append(build.submitted(name, at=at.isoformat(), neighbourhood_id=PLACES[number // 2 % 4]))
        if number % 3:
            public = None if number % 5 else later + timedelta(days=30)
            told.append(build.answered(name, at=later.isoformat(), public_from=public))
    return told


def _work() -> list[Event]:
    """Litter weighed in neighbourhoods, hours verified, and people who came once or again."""
    told: list[Event] = []
    for number in range(24):
        at = (
            datetime.now(town.RIVERTON.zone).replace(microsecond=0) - timedelta(days=number // 2)
        ).isoformat()
        name, who = f"work-{number}", f"participant-at-work-{number % 15:04}"
        told.append(
            impact.recorded(name, quantity=f"{number}.125", at=at, neighbourhood_id=PLACES[number % 4])
        )
        told += [
            hours.logged(name, by=who, at=at, minutes=45),
            hours.verified(name, by=who, at=at, minutes=45),
        ]
        told.append(participants.acted(who, at=at))
    return told


def _placed() -> list[Event]:
    """Requests in neighbourhoods, with dates promised, kept and missed, some reopened."""
    told: list[Event] = []
    for number in range(60):
        at = datetime.now(town.RIVERTON.zone).replace(microsecond=0) - timedelta(days=12, minutes=number)
        due, name = at + timedelta(days=3), f"placed-{number}"
        told.append(
            build.opened(name, at=at.isoformat(), neighbourhood_id=PLACES[number % 4], expected_datetime=due)
        )
        if number % 3:
            told.append(build.acknowledged(name, at=(at + timedelta(minutes=7 * number + 90)).isoformat()))
        if number % 5:
            told.append(build.closed(name, at=(at + timedelta(hours=2 * number)).isoformat()))
        if number % 7 == 1:
            told.append(build.reopened(name, at=(at + timedelta(days=9)).isoformat()))
    return told


async def test_every_number_is_what_the_log_gives_when_it_is_folded_in_memory(here: Here) -> None:
    """Two readers, two stores, one definition: not a digit, input or note differs."""
    about = Scope(town.RIVERTON, TODAY - timedelta(days=20), TODAY, datetime.now(UTC))
    folded = await through_the_engine(*here.history)
    split: dict[str, int] = {}
    async with connect(here.models.settings) as db, reading.opened(db) as stored:
        for metric in METRICS:
            assert await measure.measure(stored, metric, about) == await measure.measure(
                folded, metric, about
            )
            if metric.neighbourhoods:
                parts = await measure.by_neighbourhood(stored, metric, about)
                assert parts == await measure.by_neighbourhood(folded, metric, about)
                split[metric.code] = len(parts)
        told = {metric.code for metric in METRICS if (await measure.measure(stored, metric, about)).value}
    assert told >= TOLD
    assert {split[code] for code in ("sla.on_time", "ideas.answered", "impact.litter_removed")} == {
        len(PLACES)
    }


async def test_a_snapshot_is_to_the_digit_what_the_api_answers_and_what_the_coalition_shows(
    here: Here,
) -> None:
    month, now = month_of(TODAY - timedelta(days=10)), datetime.now(UTC)
    async with connect(here.models.settings) as db:
        events = await snapshots.of_month(db, town.RIVERTON, month, now)
        events += await snapshots.of_today(db, town.RIVERTON, now)
    parts = {event.data.model_dump()["neighbourhood_id"] for event in events}
    assert parts == {"north", "south", "=1+1", None}
    for event in events:
        told = event.data.model_dump(mode="json")
        asked = {"city": "riverton", "neighbourhood": told["neighbourhood_id"]}
        if BY_CODE[event.subject].window != "stock":
            asked |= {"from": told["first_day"], "to": told["last_day"]}
        shown = here.get(f"/v1/metrics/{event.subject}", **{key: one for key, one in asked.items() if one})
        assert {name: shown[name] for name in SAME} == {name: told[name] for name in SAME}
        assert shown["metric"]["version"] == told["definition_version"]
        places = [Position(one["topic"], one["partition"], one["next"] - 1) for one in told["as_of"]]
        assert shown["as_of"] == (to_token(one for one in places if one.offset >= 0) or None)
    here.models.play(*events)
    here.history.extend(events)
    for event in events:
        told = event.data.model_dump()
        if told["neighbourhood_id"] is None:
            compared = here.get(f"/v1/coalition/metrics/{event.subject}", month=told["first_day"][:7])
            (standing,) = compared["unsized"]
            assert (standing["value"], standing["city"]) == (told["value"], "riverton")
    assert here.get("/v1/coalition/metrics/ideas.supporters")["month"] == f"{TODAY:%Y-%m}"


def test_before_anybody_published_a_number_the_coalition_has_no_month(here: Here) -> None:
    shown = here.get("/v1/coalition/metrics/response_equity", month="1999-12")
    assert (shown["bands"], shown["unsized"]) == ([], [])
    assert here.http.get("/v1/coalition/metrics/reopen_rate?month=1999-13").status_code == 422
    assert here.problem("/v1/coalition/metrics/mean_time") == (404, "unknown_metric")


def test_a_number_explains_itself(here: Here) -> None:
    shown = here.get("/v1/metrics/sla.on_time", city="riverton", **PERIOD)
    assert (shown["first_day"], shown["last_day"]) == (PERIOD["from"], PERIOD["to"])
    kept, due = int(shown["numerator"]), int(shown["denominator"])
    assert shown["value"] == f"{100 * kept / due:.1f}"
    inputs = {name: int(number) for name, number in shown["inputs"].items()}
    assert due == inputs["closed_on_time"] + inputs["closed_late"] + inputs["open_and_past_due"]
    assert shown["completeness"] == 100 * inputs["with_a_date_named"] // inputs["requests_reported"]
    assert shown["metric"]["version"] == 1
    assert shown["as_of"].startswith("requests.")
    listed = here.get("/v1/metrics")["metrics"]
    assert shown["metric"] in listed
    assert [one["code"] for one in listed] == [metric.code for metric in METRICS]


def test_a_number_is_read_once_what_was_published_counts(here: Here) -> None:
    asked = {"city": "riverton", **PERIOD}
    before = here.get("/v1/metrics/time_to_close.p50", **asked)
    event = build.opened("late-arrival", at=datetime.now(town.RIVERTON.zone).isoformat(timespec="seconds"))
    token = here.models.play(event)
    here.history.append(event)
    shown = here.get("/v1/metrics/time_to_close.p50", after=token, **asked)
    assert int(shown["inputs"]["requests_reported"]) == int(before["inputs"]["requests_reported"]) + 1


def test_neighbourhoods_stand_beside_their_city(here: Here) -> None:
    asked = {"city": "riverton", **PERIOD}
    shown = here.get("/v1/metrics/reopen_rate/neighbourhoods", **asked)
    assert [one["neighbourhood_id"] for one in shown["neighbourhoods"]] == ["", "=1+1", "north", "south"]
    assert shown["city"] == here.get("/v1/metrics/reopen_rate", **asked)
    parts = sum(int(one["denominator"]) for one in shown["neighbourhoods"])
    assert parts == int(shown["city"]["denominator"])
    north = here.get("/v1/metrics/reopen_rate", neighbourhood="north", **asked)
    assert north == shown["neighbourhoods"][2]


def test_tables_for_spreadsheets_compute_nothing(here: Here) -> None:
    answer = here.http.get(
        "/v1/metrics/reopen_rate/neighbourhoods.csv", params={"city": "riverton", **PERIOD}
    )
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["neighbourhood_id"] for row in rows] == ["", "", "'=1+1", "north", "south"]
    exported = here.http.get("/v1/cities/riverton/metrics.csv").text
    shown = here.get("/v1/cities/riverton/metrics")["metrics"]
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [(row["metric"], row["value"] or None) for row in rows] == [
        (one["metric"]["code"], one["value"]) for one in shown
    ]


def test_a_city_without_events_has_definitions_and_no_values(here: Here) -> None:
    shown = here.get("/v1/cities/emptyville/metrics")["metrics"]
    assert len(shown) == len(METRICS)
    assert {(one["value"], one["suppressed"]) for one in shown if one["metric"]["window"] == "days"} == {
        (None, False)
    }


@pytest.mark.parametrize(
    ("path", "params", "problem"),
    [
        ("/v1/metrics/mean_time", {"city": "riverton"}, (404, "unknown_metric")),
        ("/v1/metrics/sla.on_time", {"city": "nowhere"}, (404, "unknown_city")),
        ("/v1/metrics/sla.on_time", {"city": "riverton", "from": "2026-01-01"}, (400, "bad_period")),
        (
            "/v1/metrics/sla.on_time",
            {"city": "riverton", "neighbourhood": "atlantis"},
            (404, "unknown_neighbourhood"),
        ),
        (
            "/v1/metrics/response_equity/neighbourhoods",
            {"city": "riverton"},
            (404, "not_by_neighbourhood"),
        ),
    ],
)
def test_what_cannot_be_answered_says_why(
    here: Here, path: str, params: dict[str, str], problem: tuple[int, str]
) -> None:
    assert here.problem(path, **params) == problem


def test_unasked_it_is_the_last_thirty_days_and_a_month_can_be_asked_for(here: Here) -> None:
    shown = here.get("/v1/metrics/sla.on_time", city="riverton")
    assert date.fromisoformat(shown["last_day"]) - date.fromisoformat(shown["first_day"]) == timedelta(29)
    month = month_of(TODAY)
    listed = here.get("/v1/cities/riverton/metrics", month=f"{TODAY:%Y-%m}")["metrics"]
    days = {(one["first_day"], one["last_day"]) for one in listed if one["metric"]["window"] != "stock"}
    assert days == {(month.first.isoformat(), month.last.isoformat())}


def test_pages_show_the_apis_numbers(here: Here) -> None:
    page = here.http.get("/cities/riverton/metrics").text
    for one in here.get("/v1/cities/riverton/metrics")["metrics"]:
        told = f'data-count="{one["metric"]["code"]}" data-value="{one["value"]}"'
        assert (told in page) == (one["value"] is not None), one["metric"]["code"]
    asked = f"{TODAY:%Y-%m}"
    month = here.get("/v1/cities/riverton/metrics", month=asked)["metrics"]
    page = here.http.get("/cities/riverton/metrics", params={"month": asked}).text
    assert any(f'data-value="{one["value"]}"' in page for one in month if one["value"])


def test_a_citys_number_has_a_page_with_its_inputs_months_and_neighbourhoods(here: Here) -> None:
    page = here.http.get("/cities/riverton/metrics/reopen_rate").text
    shown = here.get("/v1/metrics/reopen_rate/neighbourhoods", city="riverton")
    for name, number in shown["city"]["inputs"].items():
        assert f'data-count="{name}" data-value="{number}"' in page
    for one in shown["neighbourhoods"]:
        assert f'data-value="{one["value"]}"' in page
    assert "=1+1" in page
    assert here.http.get("/cities/riverton/metrics/mean_time").status_code == 404


def test_a_number_has_a_page_that_compares_cities(here: Here) -> None:
    listed = here.http.get("/metrics").text
    for metric in METRICS:
        assert f'href="/metrics/{metric.code}"' in listed
        page = here.http.get(f"/metrics/{metric.code}")
        assert page.status_code == 200
        assert metric.title in unescape(page.text)
