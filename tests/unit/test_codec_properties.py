"""Whatever event is built comes back as it was; whatever bytes come, only Undecodable is raised."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from events.codec import (
    Decoded,
    Record,
    Undecodable,
    build,
    decode,
    encode,
    fingerprint,
    from_structured,
    identity,
    to_structured,
)
from events.envelope import Event, Payload
from events.registry import BY_PAYLOAD, EVENT_TYPES
from events.scalars import QUANTITY_PATTERN
from events.types.applications import Target
from events.types.awards import AwardGranted, AwardRef, Instalment
from events.types.hours import HoursLogged
from events.types.ideas import IdeaAnswered, IdeaSubmitted, IdeaSupported
from events.types.impact import ImpactRecorded
from events.types.moderation import ContentModerated
from events.types.participants import ParticipantErased
from events.types.prioritisation import (
    BallotRoundOpened,
    Choice,
    PrioritisationConcluded,
    PriorityBallotCast,
    Project,
)
from events.types.requests import ProgramFeedbackSubmitted, ServiceRequestClosed, ServiceRequestOpened
from tests.support.contract import ALL_EXAMPLES, STRUCTURED, as_bytes, key_of

CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS, min_size=1, max_size=40)
REFS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._~:-]{0,20}\Z")
TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
PSEUDONYMS = st.from_regex(r"\A[A-Za-z0-9_-]{16,24}\Z")
CITIES = st.from_regex(r"\A[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}\Z")
MONEY = st.from_regex(r"\A(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?\Z")
NAMES = st.from_regex(r"\A[a-z][a-z0-9_]{0,9}(\.[a-z0-9_]{1,9}){0,2}\Z")
QUANTITIES = st.from_regex(QUANTITY_PATTERN.replace("$", r"\Z"))
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat)
METHODS = st.sampled_from(["counted", "weighed", "estimated"])
TARGETS = st.builds(Target, metric_code=NAMES, unit=NAMES, target=QUANTITIES)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 30), timezones=OFFSETS)  # noqa: DTZ001 - bounds only
COORDINATES = st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def tuples(strategy: st.SearchStrategy[Any], **bounds: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=5, **bounds).map(tuple)


@st.composite
def opened(draw: st.DrawFn) -> ServiceRequestOpened:
    lat, long = draw(COORDINATES) or (None, None)
    return ServiceRequestOpened(
        service_code=draw(TEXT),
        service_name=draw(TEXT),
        description=draw(maybe(TEXT)),
        lat=lat,
        long=long,
        address=draw(maybe(TEXT)),
        media_url=draw(tuples(st.just("https://kiel.example/ü"))),
        channel=draw(st.sampled_from(["web", "phone", "unknown"])),
        requested_datetime=draw(TIMES),
        expected_datetime=draw(maybe(TIMES)),
        anonymous=draw(st.booleans()),
    )


@st.composite
def rounds(draw: st.DrawFn) -> BallotRoundOpened:
    ids = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    projects = tuple(
        Project(project_id=one, name=draw(TEXT), cost=draw(MONEY), lat=draw(maybe(st.floats(-90, 90))))
        for one in ids
    )
    points = draw(maybe(st.integers(-1_000_000, 1_000_000)))
    return BallotRoundOpened(
        title=draw(TEXT),
        vote_type=draw(st.sampled_from(["approval", "cumulative"])),
        rule=draw(TEXT),
        budget=draw(maybe(MONEY)),
        score_threshold=points,
        projects=projects,
    )


@st.composite
def awards(draw: st.DrawFn) -> AwardGranted:
    """Each instalment is as much as the award has of them, so that they add up."""
    each = draw(st.lists(REFS, min_size=1, max_size=4, unique=True))
    parts = (Instalment(instalment_id=one, amount="0.125", due_at=draw(TIMES)) for one in each)
    return AwardGranted(
        call_id=draw(REFS),
        application_id=draw(REFS),
        grantee_city=draw(CITIES),
        parent_award=draw(maybe(st.builds(AwardRef, city=CITIES, award_id=REFS))),
        amount=str(len(each) * Decimal("0.125")),
        currency="USD",
        instalments=tuple(parts),
        targets=draw(tuples(TARGETS, unique_by=lambda target: (target.metric_code, target.unit))),
    )


CHOICES = st.builds(Choice, project_id=TEXT, points=maybe(st.integers(-1_000_000, 1_000_000)))
PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    opened(),
    rounds(),
    st.builds(
        ServiceRequestClosed, resolution_code=st.sampled_from(["fixed", "withdrawn"]), closed_datetime=TIMES
    ),
    st.builds(ProgramFeedbackSubmitted, program_id=TEXT, rating=st.integers(1, 5), themes=tuples(TEXT)),
    st.builds(IdeaSubmitted, title=TEXT, summary=TEXT, category=TEXT, co_author_refs=tuples(PSEUDONYMS)),
    st.builds(IdeaSupported, channel=st.sampled_from(["online", "paper", "in_person"])),
    st.builds(IdeaAnswered, decision=st.just("rejected"), explanation=TEXT, answered_at=TIMES),
    st.builds(PrioritisationConcluded, rule=TEXT, selected=tuples(TEXT), ranking=tuples(TEXT)),
    awards(),
    st.builds(HoursLogged, minutes=st.integers(1, 1440), worked_on=DAYS, source=st.just("import")),
    st.builds(
        ImpactRecorded, metric_code=NAMES, unit=NAMES, method=METHODS, quantity=QUANTITIES, done_on=DAYS
    ),
    st.builds(ContentModerated, content_kind=NAMES, content_id=REFS, action=st.just("redact"), reason=NAMES),
    st.builds(ParticipantErased),
    st.builds(
        PriorityBallotCast,
        ballot_round_id=CITIES,
        vote_type=st.just("ordinal"),
        choices=tuples(CHOICES, unique_by=lambda choice: choice.project_id),
    ),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    data = draw(PAYLOADS)
    participant = draw(PSEUDONYMS if data.needs_participant else maybe(PSEUDONYMS))
    return Event(
        id=draw(TOKENS),
        source=draw(TOKENS),
        type=BY_PAYLOAD[type(data)].type,
        subject=data.expected_subject(participant) or draw(REFS),
        time=draw(TIMES),
        city=draw(CITIES),
        data=data,
        correlationid=draw(maybe(TOKENS)),
        recordedtime=draw(maybe(TIMES)),
        lang=draw(st.sampled_from([None, "de", "zh-Hant-TW"])),
        participant=participant,
        origin=draw(st.sampled_from(["live", "import", "backfill", "correction"])),
        traceparent=draw(maybe(TOKENS)),
    )


@given(events())
def test_an_event_survives_both_modes(event: Event) -> None:
    record = encode(event)
    binary = decode(record.key, record.value, record.headers)
    structured = decode(record.key, to_structured(event), STRUCTURED)
    assert binary.event == event
    assert structured.event == event
    assert binary.event.time.utcoffset() == event.time.utcoffset()
    assert binary.event.day == event.day
    assert (structured.identity, structured.fingerprint) == (binary.identity, binary.fingerprint)


@given(events())
def test_the_edge_accepts_every_event_that_can_be_built(event: Event) -> None:
    assert build(*from_structured(to_structured(event)), edge=True).event == event


@given(events())
def test_what_is_kept_of_a_time_is_whole_milliseconds(event: Event) -> None:
    assert event.time.microsecond % 1000 == 0
    assert event.at == event.time
    assert event.at.tzinfo is UTC


@given(events(), st.text(), st.integers())
def test_readers_ignore_what_they_do_not_know(event: Event, text: str, number: int) -> None:
    record = encode(event)
    more = {**orjson.loads(record.value), "unknown": {"x": number % 2**63, "y": [text.replace("\0", "")]}}
    headers = [*record.headers, ("ce_unknown", b"x"), ("unknown", b"\xff")]
    try:
        value = orjson.dumps(more)
    except orjson.JSONEncodeError:  # a lone surrogate: not JSON at all
        return
    assert decode(record.key, value, headers).event == event


def test_a_fingerprint_tells_content_apart_and_not_how_it_came() -> None:
    golden = ALL_EXAMPLES["service_request.opened.v1-0"]
    first = decode(key_of(golden), as_bytes(golden), STRUCTURED)

    def variant(**changes: Any) -> Decoded:
        changed = {**golden, **changes}
        return decode(key_of(changed), as_bytes(changed), STRUCTURED)

    same = [
        variant(recordedtime="2027-01-01T00:00:00Z"),
        variant(traceparent="x"),
        variant(time="2026-03-30T06:12:45Z"),
    ]
    assert {again.fingerprint for again in same} == {first.fingerprint}
    others = [
        variant(data={**golden["data"], "channel": "web"}),
        variant(time="2026-03-30T08:12:46+02:00"),
        variant(subject="r-2", partitionkey="kiel/r-2"),
        variant(participant="pseudonym-of-another"),
    ]
    assert len({other.fingerprint for other in others} | {first.fingerprint}) == 5
    assert {again.identity for again in (*same, *others)} == {first.identity}


def test_an_identity_belongs_to_its_city_and_source() -> None:
    triples = [
        ("kiel", "a", "b"),
        ("ulm", "a", "b"),
        ("kiel", "ab", ""),
        ("kiel", "", "ab"),
        ("kiel", "b", "a"),
    ]
    found = {identity(*triple) for triple in triples}
    assert len(found) == len(triples)
    assert {len(one) for one in found} == {16}
    example = ALL_EXAMPLES["idea.supported.v1-0"]
    event = decode(key_of(example), as_bytes(example), STRUCTURED).event
    assert len(fingerprint(event, b"{}")) == 8


_NAMES = ["specversion", "id", "source", "type", "subject", "time", "city", "lang", "partitionkey", "", "x"]
HEADER_NAMES = st.sampled_from([*(f"ce_{name}" for name in _NAMES), "content-type", "Content-Type", "x"])
_VALUES = [b"1.0", b"application/json", b"application/cloudevents+json", b"kiel", b"kiel/1", b"1"]
_TYPES = [entry.type.encode() for entry in EVENT_TYPES]
HEADER_VALUES: st.SearchStrategy[Any] = (
    st.none() | st.binary(max_size=20) | st.sampled_from([*_VALUES, *_TYPES, b"2026-04-01T09:30:00Z"])
)
HEADERS = st.lists(st.tuples(HEADER_NAMES | st.text(max_size=10), HEADER_VALUES), max_size=12)
VALUES = st.binary(max_size=60) | st.sampled_from([as_bytes(event) for event in ALL_EXAMPLES.values()])


def only_undecodable(key: bytes | None, value: bytes | None, headers: Any) -> None:
    try:
        decoded = decode(key, value, headers)
    except Undecodable:
        return
    record = encode(decoded.event)
    assert decode(record.key, record.value, record.headers).event == decoded.event


@given(st.none() | st.binary(max_size=20), st.none() | VALUES, HEADERS)
@settings(max_examples=300)
def test_arbitrary_records_raise_nothing_but_undecodable(key: Any, value: Any, headers: Any) -> None:
    only_undecodable(key, value, headers)


RECORDS = st.sampled_from(list(ALL_EXAMPLES.values())).map(
    lambda golden: encode(decode(key_of(golden), as_bytes(golden), STRUCTURED).event)
)


@given(RECORDS, st.data())
@settings(max_examples=300)
def test_damaged_records_raise_nothing_but_undecodable(record: Record, data: st.DataObject) -> None:
    """Bytes flipped, cut out or put in; headers changed, dropped or doubled."""
    at = data.draw(st.integers(0, len(record.value)))
    cut = data.draw(st.integers(0, 3))
    value = record.value[:at] + data.draw(st.binary(max_size=3)) + record.value[at + cut :]
    headers = list(record.headers)
    place = data.draw(st.integers(0, len(headers) - 1))
    headers[place : place + data.draw(st.integers(0, 1))] = data.draw(HEADERS.map(lambda some: some[:2]))
    only_undecodable(record.key, value, headers)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(list(ALL_EXAMPLES.values())), st.data())
@settings(max_examples=300)
def test_any_json_in_any_field_raises_nothing_but_undecodable(golden: Any, data: st.DataObject) -> None:
    damaged = {**golden, "data": dict(golden["data"])}
    inside = data.draw(st.sampled_from([damaged, damaged["data"]]))
    inside[data.draw(st.sampled_from([*inside, "unknown"]))] = data.draw(JSON)
    only_undecodable(key_of(golden), orjson.dumps(damaged), STRUCTURED)
