"""A session that is over, on the whole system: who came, who did not, and what of their time counts."""

import calendar
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from events.codec import to_structured
from events.envelope import Event
from tests.support import town as places
from tests.support.all_in_one import Town
from tests.support.builders import volunteering

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

BATCH = "application/cloudevents-batch+json"
SECONDS = 60.0
ENDED = datetime.now(places.RIVERTON.zone).replace(microsecond=0) - timedelta(hours=2)
STARTED = ENDED - timedelta(hours=3)
BEFORE = (STARTED - timedelta(days=3)).isoformat()
PEOPLE = [f"volunteer-{n:012}" for n in range(13)]
TAKEN = ("specversion", "id", "type", "subject", "time", "participant", "data")


def _history() -> list[Event]:
    """Six came and went, seen by a leader; one came and forgot to check out; six did not come."""
    at, terms = STARTED.isoformat(), {"starts_at": STARTED.isoformat(), "ends_at": ENDED.isoformat()}
    told = [volunteering.published(at=BEFORE), volunteering.scheduled("over", at=BEFORE, **terms)]
    for n, who in enumerate(PEOPLE):
        told.append(volunteering.signed_up("over", signup=f"su{n}", by=who, at=BEFORE))
    for n, who in enumerate(PEOPLE[:7]):
        came = {"attendance": f"att{n}", "by": who, "method": "leader"}
        told.append(volunteering.checked_in("over", at=at, signup_id=f"su{n}", checked_in_at=at, **came))
        if n < 6:
            left = (ENDED - timedelta(minutes=60)).isoformat()
            told.append(volunteering.checked_out("over", at=left, checked_out_at=left, **came))
    return told


def _publish(url: str, key: str, events: list[Event]) -> str:
    told = [json.loads(to_structured(event)) for event in events]
    body = json.dumps([{name: one[name] for name in TAKEN if name in one} for one in told])
    headers = {"Authorization": f"Bearer {key}", "Content-Type": BATCH}
    answer = httpx2.post(f"{url}/v1/events", content=body, headers=headers, timeout=60)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["position"])


def _until(read: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while (found := read()) != wanted:
        assert time.monotonic() < deadline, f"{found}\nand not\n{wanted}"
        time.sleep(0.3)


def test_no_shows_check_outs_and_hours_follow_by_themselves(town: Town) -> None:
    city = places.RIVERTON
    town.run("cities", "add", city.id, "--name", city.name, "--timezone", city.timezone)
    key = town.run("keys", "create", "--city", city.id, "--app", "volunteers").strip()
    after = _publish(town.url, key, _history())
    assert town.get("/v1/sessions/riverton/over", after=after)["signed_up"] == 13
    names = ("came", "no_shows")
    _until(lambda: [town.get("/v1/sessions/riverton/over")[name] for name in names], [7, 6])
    year = str(STARTED.year)
    numbers = {"year": year, "volunteers": 6, "verified_minutes": 720, "logged_minutes": None}
    _until(lambda: town.get("/v1/hours/riverton", **{"from": year, "to": year})["years"], [numbers])
    shown = town.get("/v1/metrics/attendance.auto_checked_out", city="riverton", **_month())
    assert (shown["numerator"], shown["denominator"]) == ("1", "7")
    listed = town.get("/v1/opportunities", city="riverton")["opportunities"]
    assert [datetime.fromisoformat(one["last_starts_at"]) for one in listed] == [STARTED]


def _month() -> dict[str, str]:
    days = calendar.monthrange(STARTED.year, STARTED.month)[1]
    return {"from": f"{STARTED:%Y-%m}-01", "to": f"{STARTED:%Y-%m}-{days}"}
