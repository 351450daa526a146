"""What becomes of an event at the edge: city, source, clock, canonical form, and no surprise for readers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from events.codec import MAX_EVENT_BYTES, decode, encode
from events.envelope import PREFIX, Event
from infra.keys import ApiKey
from infra.problems import ProblemError
from producers.http.admission import Sender, judge
from producers.http.answers import results_of
from producers.http.bodies import Item
from tests.support.requests import PARTICIPANT, SUPPORT, event, idea, items_in, request

NOW = datetime(2026, 12, 2, 12, 0, 0, 123456, tzinfo=UTC)
SOURCE = "urn:townhall:boston:lights"
KEY = ApiKey(
    id="0123456789ab",
    city="boston",
    source=SOURCE,
    scopes=("events:write",),
    label="",
    created_at=NOW,
)


def verdicts(*sent: Any, zone: str = "America/New_York") -> list[Event | ProblemError]:
    items = items_in("batch", request({}), orjson.dumps(sent))
    return list(judge(items, Sender(KEY, ZoneInfo(zone)), NOW))


def accepted(sent: Any, zone: str = "America/New_York") -> Event:
    [verdict] = verdicts(sent, zone=zone)
    assert isinstance(verdict, Event), verdict.as_dict()
    return verdict


def refused(sent: Any) -> ProblemError:
    [verdict] = verdicts(sent)
    assert isinstance(verdict, ProblemError)
    return verdict


def test_city_source_and_recording_time_come_from_us() -> None:
    event_ = accepted(event())
    assert (event_.city, event_.source) == ("boston", SOURCE)
    assert event_.recordedtime == NOW.replace(microsecond=123000)


def test_a_recording_time_that_a_client_claims_is_overwritten() -> None:
    assert accepted(event(recordedtime="1999-01-01T00:00:00Z")).recordedtime == NOW.replace(
        microsecond=123000
    )


@pytest.mark.parametrize(
    ("zone", "sent", "kept"),
    [
        ("America/New_York", "2026-04-01T02:30:00Z", "2026-03-31T22:30:00-04:00"),
        ("Europe/Warsaw", "2026-04-01T23:30:00-04:00", "2026-04-02T05:30:00+02:00"),
        ("Asia/Kathmandu", "2026-01-01T00:00:00.1239Z", "2026-01-01T05:45:00.123000+05:45"),
        ("America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T01:30:00-04:00"),
        ("America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T01:30:00-05:00"),
        ("Europe/Amsterdam", "1920-01-01T00:00:00Z", None),
    ],
)
def test_time_is_put_on_the_citys_own_clock_and_readers_can_read_it(
    zone: str, sent: str, kept: str | None
) -> None:
    event_ = accepted(event(time=sent), zone)
    if kept is not None:
        assert event_.time.isoformat() == kept
    record = encode(event_)
    read = decode(record.key, record.value, record.headers).event
    assert (read.time, read.day) == (event_.time, event_.day)
    assert abs((read.time - datetime.fromisoformat(sent)).total_seconds()) < 0.001


def test_a_time_that_leaves_the_range_on_the_citys_clock_is_refused() -> None:
    assert refused(event(time="1900-01-01T01:00:00Z")).errors[0].pointer == "/time"


@pytest.mark.parametrize("city", ["cambridge", "Boston", "", "boston/x"])
def test_another_city_than_the_keys_is_403(city: str) -> None:
    problem = refused(event(city=city))
    assert (problem.status, problem.errors[0].pointer) == (403, "/city")


@pytest.mark.parametrize("source", [SOURCE, f"{SOURCE}:ios", f"{SOURCE}/kiosk/4"])
def test_the_keys_source_may_be_refined(source: str) -> None:
    assert accepted(event(source=source)).source == source


@pytest.mark.parametrize("source", [f"{SOURCE}2", "urn:townhall:boston:other", "urn:x", "", SOURCE.upper()])
def test_another_apps_source_is_403(source: str) -> None:
    problem = refused(event(source=source))
    assert (problem.status, problem.errors[0].pointer) == (403, "/source")


@pytest.mark.parametrize("name", ["id", "type", "subject", "time", "specversion", "data"])
def test_what_a_client_must_say_is_named_when_missing(name: str) -> None:
    problem = refused({attribute: value for attribute, value in event().items() if attribute != name})
    assert (problem.status, problem.errors[0].pointer) == (422, f"/{name}")


@pytest.mark.parametrize("value", [1743500000, 1.5, True, ["x"], {"a": 1}])
@pytest.mark.parametrize("name", ["time", "id", "subject", "lang", "city", "source", "specversion"])
def test_an_attribute_that_is_no_text_is_refused(name: str, value: object) -> None:
    problem = refused({**event(), name: value})
    assert (problem.status, problem.errors[0].pointer) == (422, f"/{name}")


def test_null_is_the_same_as_absent() -> None:
    sent = {**event(), "lang": None, "city": None, "source": None}
    assert accepted(sent) == accepted(event())


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (event(data={"channel": "fax"}), "/data/channel"),
        (event(data={"channel": "online", "admin": True}), "/data/admin"),
        (event(data={"weight": 2}), "/data/weight"),
        (event(data={"weight": "1"}), "/data/weight"),
        (event(data={"$where": "sleep(1)"}), "/data/$where"),
        (event(data=[]), "/data"),
        (event(data="x"), "/data"),
        (event(type="org.citiesofservice.idea.supported.v2"), "/type"),
        (event(type="org.example.x"), "/type"),
        (event(subject="$ne"), "/subject"),
        (event(subject="a/b"), "/subject"),
        (event(participant="alice@example.org"), "/participant"),
        (event(nickname="x"), "/nickname"),
        (event(partitionkey="boston/idea-2"), "/partitionkey"),
        (event(time="2026-04-01"), "/time"),
        (event(time="2026-02-30T00:00:00Z"), "/time"),
        (event(data_base64="e30=", data=None), "/data"),
        (idea(title="x" * 4001), "/data/title"),
        (idea(est_cost=12), "/data/est_cost"),
        (idea(est_cost="NaN"), "/data/est_cost"),
    ],
)
def test_a_refusal_points_to_what_is_wrong(sent: dict[str, Any], pointer: str) -> None:
    problem = refused(sent)
    assert 400 <= problem.status < 500
    assert problem.errors[0].pointer == pointer


def test_a_refusal_does_not_repeat_personal_words() -> None:
    problem = refused(idea(summary="my neighbour Alice " * 400, title=7, lang="en"))
    assert b"Alice" not in orjson.dumps(problem.as_dict())


def test_other_white_space_and_order_of_keys_is_the_same_content() -> None:
    one = Item(
        {k: v for k, v in event(type=SUPPORT).items() if k != "data"}, b'{"channel":"online","weight":1}'
    )
    two = Item(one.attributes, b'{ "weight" : 1,\n "channel":"\\u006fnline" }')
    first, again = judge([one, two], Sender(KEY, ZoneInfo("America/New_York")), NOW)
    assert isinstance(first, Event)
    assert isinstance(again, Event)
    assert encode(first).value == encode(again).value


def test_the_same_id_with_other_content_in_one_batch_is_a_conflict_after_the_first() -> None:
    first, same, other = verdicts(event("a"), event("a"), event("a", subject="idea-2"))
    assert isinstance(first, Event)
    assert same == first
    assert isinstance(other, ProblemError)
    assert (other.status, other.errors[0].pointer) == (409, "/id")


def test_an_item_that_was_refused_does_not_use_up_its_id() -> None:
    bad, good = verdicts(event("a", data={"channel": "fax"}), event("a"))
    assert isinstance(bad, ProblemError)
    assert isinstance(good, Event)


def test_data_that_would_be_stored_too_large_are_refused_here_not_by_readers() -> None:
    projects = [
        {"project_id": f"p{n}", "name": "n" * 68, "cost": "1", "lat": 1, "long": 1} for n in range(2000)
    ]
    data = {"title": "t", "vote_type": "approval", "rule": "greedy", "projects": projects}
    opened = event(type="org.citiesofservice.ballot_round.opened.v1", participant=None, data=data)
    short = MAX_EVENT_BYTES - len(orjson.dumps(data))
    assert 0 < short < 8000, "the data must be near the limit as sent, and over it as stored"
    assert refused(opened).status == 413


def test_results_stand_in_order_and_name_ids() -> None:
    items = items_in("batch", request({}), orjson.dumps([event("a"), 7, event("c", city="x")]))
    found = list(judge(items, Sender(KEY, ZoneInfo("UTC")), NOW))
    results = results_of(items, found)
    assert [(r["index"], r.get("id"), r["status"]) for r in results] == [
        (0, "a", "accepted"),
        (1, None, "rejected"),
        (2, "c", "rejected"),
    ]
    assert results[2]["problem"]["status"] == 403


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["online", PARTICIPANT, SUPPORT, "2026-04-01T00:00:00Z", "2200-12-31T23:59:59-12:00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["id", "type", "subject", "time", "city", "source", "participant", "data", "lang", "origin"]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), JSON, max_size=3))
@example({"time": "2200-12-31T23:59:59-12:00"})
def test_whatever_is_sent_is_refused_with_a_4xx_or_readable_by_every_reader(changes: dict[str, Any]) -> None:
    [verdict] = verdicts({**event(), **changes}, zone="Pacific/Kiritimati")
    if isinstance(verdict, ProblemError):
        assert 400 <= verdict.status < 500
        assert orjson.loads(verdict.response().body)["errors"]
    else:
        record = encode(verdict)
        assert decode(record.key, record.value, record.headers).event == verdict


def test_what_has_not_happened_is_no_event() -> None:
    """A clock may be some hours ahead, not days."""
    ahead = (NOW + timedelta(hours=20)).isoformat()
    assert accepted(event(time=ahead)).at > NOW
    problem = refused(event(time="2036-04-02T18:20:00-04:00")).as_dict()
    assert problem["errors"] == [{"pointer": "/time", "detail": "lies more than a day in the future"}]


def test_what_follows_from_other_events_by_a_rule_is_told_by_nobody_else() -> None:
    data = {"rule": "participant.took_part", "action": "idea.submitted"}
    derived = event(type=f"{PREFIX}participant.acted.v1", subject=PARTICIPANT, data=data)
    problem = refused({**derived, "participant": PARTICIPANT})
    assert (problem.status, problem.name) == (403, "wrong_type")
