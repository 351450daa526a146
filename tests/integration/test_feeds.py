"""`/v1/feeds`: a city's events in order, resumable, and no other city's; on a real Kafka."""

import asyncio
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.feeds import following, page, readers
from consumers.feeds.cursor import Cursor, Place, from_text, to_text
from events.codec import encode, to_structured
from events.envelope import Event
from events.topics import IDEAS
from events.types.ideas import IdeaSupported
from infra.embedded import Endpoints
from infra.kafka import producer, transactional
from tests.support import build
from tests.support.feeds import Site, site, told

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Site]:
    with site(servers) as one:
        yield one


def supports(city: str, count: int, *, ideas: int = 7, start: int = 0) -> list[Event]:
    """Support for a few ideas, numbered within each."""
    return [
        build.event(
            f"idea-{number % ideas}",
            IdeaSupported(),
            city=city,
            participant=f"somebody-pseudonym-{number:06}",
            id=f"{city}-{number:06}",
        )
        for number in range(start, start + count)
    ]


def by_key(events: list[Any]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for event in events:
        subject, name = (
            (event.subject, event.id) if isinstance(event, Event) else (event["subject"], event["id"])
        )
        found[subject].append(name)
    return dict(found)


def test_two_cities_interleaved_each_see_their_own_in_order(here: Site) -> None:
    (ann, ann_key, _), (ben, ben_key, _) = here.city(), here.city()
    anns, bens = supports(ann, 300), supports(ben, 200)
    mixed = [event for pair in zip(anns[:200], bens, strict=True) for event in pair] + anns[200:]
    here.publish(mixed)
    for key, own in ((ann_key, anns), (ben_key, bens)):
        reader = here.reader(key, limit=17)
        reader.catch_up()
        assert by_key(reader.read) == by_key(own)
        assert len(reader.read) == len(own)


def test_an_event_comes_as_it_stands_on_the_log(here: Site) -> None:
    city, key, _ = here.city()
    [event] = supports(city, 1)
    here.publish([event])
    reader = here.reader(key)
    reader.catch_up()
    [found] = reader.read
    assert found == orjson.loads(to_structured(event))


def test_a_reader_that_resumes_anywhere_misses_and_repeats_nothing(here: Site) -> None:
    city, key, _ = here.city()
    rng = random.Random(3)
    reader, own, number = here.reader(key), list[Event](), 0
    for _ in range(25):
        more = supports(city, rng.randrange(30), start=number)
        number += len(more)
        own += more
        here.publish(more)
        for _ in range(rng.randrange(4)):
            lost = here.reader(key)
            lost.cursor = reader.cursor
            lost.page(limit=rng.randrange(1, 9))  # read and forgotten: it crashed before it stored anything
            reader.page(limit=rng.randrange(1, 9))
    reader.catch_up()
    assert by_key(reader.read) == by_key(own)
    assert reader.page()["items"] == []


def test_an_empty_page_has_a_cursor_that_later_events_follow(here: Site) -> None:
    city, key, _ = here.city()
    reader = here.reader(key, since="now")
    assert reader.page() == {"items": [], "next": reader.cursor, "more": False}
    here.publish(supports(city, 3))
    assert len(reader.catch_up()) == 3


def test_what_is_given_up_or_no_event_is_not_seen(here: Site) -> None:
    city, key, _ = here.city()
    good, aborted, last = supports(city, 3, ideas=1)
    asyncio.run(_aborted_between(here, good, aborted, last))
    assert here.reader(key).catch_up() == [good.id, last.id]


async def _aborted_between(here: Site, good: Event, aborted: Event, last: Event) -> None:
    await here._publish([good])
    record = encode(aborted)
    async with transactional(here.settings, f"t-{good.id}") as sending:
        await sending.begin_transaction()
        await sending.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)
        await sending.abort_transaction()
    async with producer(here.settings) as sending:
        await sending.send_and_wait(record.topic, b"{", key=record.key, headers=record.headers)
        await sending.send_and_wait(record.topic, b"of nobody")
    await here._publish([last])


async def test_what_is_not_committed_yet_holds_the_feed_back(here: Site) -> None:
    """An event behind it would otherwise come before it."""
    city, key, _ = await here._city(("read",))
    first, second = supports(city, 2, ideas=1)
    reader, record = here.reader(key), encode(first)
    async with transactional(here.settings, f"t-{first.id}") as sending:
        await sending.begin_transaction()
        await sending.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)
        await here._publish([second])
        assert reader.catch_up() == []
        await sending.commit_transaction()
    reader.page(wait=5)
    assert reader.catch_up() == [first.id, second.id]


def test_a_city_with_few_events_moves_on_in_a_busy_topic(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (busy, _, _), (quiet, key, _) = here.city(), here.city()
    reader = here.reader(key, since="now")
    reader.page()
    own = supports(quiet, 2, ideas=1)
    here.publish([*supports(busy, 1_500), own[0], *supports(busy, 1_500, start=1_500), own[1]])
    monkeypatch.setattr(page, "SCAN_SECONDS", 0.0)
    monkeypatch.setattr(page, "_GET_RECORDS", 200)
    empty = [True]
    while True:
        before, found = reader.cursor, reader.page()
        empty.append(not found["items"])
        if not found["more"]:
            break
        assert reader.cursor != before or found["items"] == []
    assert [event["id"] for event in reader.read] == [event.id for event in own]
    assert sum(empty) > 5


def test_a_page_is_bounded_in_events_and_bytes(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    city, key, _ = here.city()
    here.publish(supports(city, 30))
    reader = here.reader(key)
    assert len(reader.page(limit=10)["items"]) <= 10
    monkeypatch.setattr(page, "MAX_BYTES", 1_000)
    while reader.page()["more"]:
        assert len(reader.read[-1]) < 20
    assert len(reader.read) == 30
    for limit in (0, 501, -1, "x"):
        assert reader.ask(limit=limit).status_code == 422


def test_since_a_time_begins_there(here: Site) -> None:
    city, key, _ = here.city()
    here.publish(supports(city, 20))
    time.sleep(0.05)
    between = datetime.now(UTC)
    time.sleep(0.05)
    here.publish(supports(city, 20, start=20))
    later = here.reader(key, since=between.isoformat()).catch_up()
    assert sorted(later) == [f"{city}-{number:06}" for number in range(20, 40)]
    assert here.reader(key, since=(between + timedelta(days=1)).isoformat()).catch_up() == []
    assert len(here.reader(key, since="0001-01-01T00:00:00Z").catch_up()) == 40
    for since in ("yesterday", "2026-04-01T00:00:00"):
        assert here.reader(key).ask(since=since).status_code == 422


def test_what_stands_twice_comes_twice(here: Site) -> None:
    city, key, _ = here.city()
    [event] = supports(city, 1)
    here.publish([event])
    here.publish([event])
    assert here.reader(key).catch_up() == [event.id, event.id]


def test_a_long_poll_answers_when_something_comes(here: Site) -> None:
    city, key, _ = here.city()
    reader = here.reader(key, since="now")
    reader.page()
    waits = []
    for number in range(5):
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(reader.page, wait=20)
            time.sleep(0.7)
            here.publish(supports(city, 1, start=number))
            published = time.monotonic()
            assert len(answer.result()["items"]) == 1
            waits.append(time.monotonic() - published)
    print("long poll, seconds after the acknowledgement:", [round(one, 3) for one in waits])
    assert min(waits) < 1.0
    started = time.monotonic()
    assert reader.page(wait=2)["items"] == []
    assert 1.5 < time.monotonic() - started < 6
    assert reader.ask(wait=31).status_code == 422


def test_headers_say_what_comes_next_and_that_nothing_is_kept(here: Site) -> None:
    city, key, _ = here.city()
    here.publish(supports(city, 4))
    reader = here.reader(key)
    answer = reader.ask(limit=1)
    assert answer.headers["cache-control"] == "no-store"
    link = answer.headers["link"]
    assert link.endswith('; rel="next"')
    assert f"cursor={answer.json()['next']}&limit=1" in link
    assert "etag" not in answer.headers


def test_a_stream_gives_events_and_goes_on_behind_the_last_id(here: Site) -> None:
    city, key, _ = here.city()
    own = supports(city, 40)
    here.publish(own)
    reader, got, last = here.reader(key), list[Any](), None
    while len(got) < 40:
        with reader.stream(last=last, limit=7) as messages:
            assert next(messages)["retry"] == "3000"
            for _ in range(min(9, 40 - len(got))):
                message = next(messages)
                got.append(told(message))
                last = message["id"]
    assert by_key(got) == by_key(own)
    with reader.stream(last=last) as messages:
        next(messages)
        later = supports(city, 1, start=40)
        here.publish(later)
        assert told(next(messages))["id"] == later[0].id


def test_a_silent_stream_beats_and_keeps_its_place(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (_, key, _), (other, _, _) = here.city(), here.city()
    monkeypatch.setattr(following, "HEARTBEAT_SECONDS", 0.5)
    with here.reader(key, since="now").stream() as messages:
        next(messages)
        assert "comment" in next(messages)
        here.publish(supports(other, 5))
        message = next(messages)
        while "event" not in message:
            message = next(messages)
        assert message["event"] == "cursor"
    reader = here.reader(key)
    reader.cursor = message["id"]
    assert reader.page()["items"] == []


def test_a_revoked_key_ends_its_streams_and_waits(here: Site) -> None:
    _, key, known = here.city()
    reader = here.reader(key, since="now")
    reader.page()
    with ThreadPoolExecutor(1) as pool, reader.stream() as messages:
        next(messages)
        waiting = pool.submit(reader.ask, wait=30)
        time.sleep(0.5)
        here.revoke(known)
        revoked = time.monotonic()
        rest = list(messages)
        assert time.monotonic() - revoked < 5
        assert rest[-1]["event"] == "problem"
        assert told(rest[-1])["status"] == 401
        assert waiting.result().status_code == 401
        assert time.monotonic() - revoked < 6


def test_who_may_read(here: Site) -> None:
    _, writer, _ = here.city(scopes=("events:write", "operate"))
    assert here.reader(writer).ask().status_code == 403
    assert here.reader("th_aaaaaaaaaaaa_" + 43 * "x").ask().status_code == 401
    _, key, _ = here.city()
    assert here.reader(key, feed="townhall.ideas").ask().status_code == 404
    assert "ideas" in here.reader(key, feed="nothing").ask().json()["detail"]


def test_few_readers_at_once_for_a_key(here: Site) -> None:
    _, key, _ = here.city()
    reader = here.reader(key, since="now")
    with ExitStack() as stack:
        streams = [stack.enter_context(reader.stream()) for _ in range(readers.MAX_PER_KEY)]
        assert [next(one)["comment"] for one in streams] == ["reading"] * readers.MAX_PER_KEY
        refused = reader.ask()
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "5"
        _, other, _ = here.city()
        assert here.reader(other).ask().status_code == 200
    deadline = time.monotonic() + 10
    while reader.ask().status_code == 429:
        assert time.monotonic() < deadline, "a reader that left keeps its place"
        time.sleep(0.1)


def test_a_reader_that_takes_nothing_is_cut_off(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SEND_SECONDS", 3.0)
    city, key, _ = here.city()
    words = build.event("i", build.submitted("i", summary="x" * 4_000).data, city=city)
    many = [words.model_copy(update={"id": f"w{n}", "subject": f"i{n}"}) for n in range(1_500)]
    here.publish(many)
    reader = here.reader(key)
    with ExitStack() as stack:
        streams = [stack.enter_context(reader.stream(limit=500)) for _ in range(readers.MAX_PER_KEY)]
        assert reader.ask().status_code == 429
        deadline = time.monotonic() + 20
        while reader.ask(limit=1).status_code == 429:
            assert time.monotonic() < deadline, "it keeps its place though it takes nothing"
            time.sleep(0.1)
        del streams


def test_streams_and_waits_end_when_the_server_stops(servers: Endpoints) -> None:
    with site(servers) as one:
        _, key, _ = one.city()
        reader = one.reader(key, since="now")
        reader.page()
        ended: list[Any] = []

        def listen() -> None:
            with reader.stream() as messages:
                ended.extend(messages)

        listener = threading.Thread(target=listen)
        listener.start()
        pool = ThreadPoolExecutor(1)
        waiting = pool.submit(reader.ask, wait=30)
        time.sleep(1)
    listener.join(5)
    assert not listener.is_alive()
    assert ended  # and no broken connection: the answer had its end
    assert waiting.result(5).json()["next"] == reader.cursor
    pool.shutdown()


def test_without_kafka_all_else_works(servers: Endpoints) -> None:
    with site(servers, kafka=False) as one:
        _, key, _ = one.city()
        answer = one.reader(key).ask()
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:townhall:problem:no_log"
        assert httpx2.get(f"{one.url}/v1/cities").status_code == 200


NUMBERS = st.integers(0, 50) | st.integers(0, 2**63 - 1)
PLACES = st.builds(Place, NUMBERS, st.just(-1) | NUMBERS, st.just(-1) | NUMBERS)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(text=st.text(max_size=60), places=st.lists(PLACES, min_size=6, max_size=6), of_topic=st.booleans())
def test_no_cursor_is_more_than_refused(
    here: Site, asking: str, text: str, places: list[Place], *, of_topic: bool
) -> None:
    reader = here.reader(asking)
    topic_id = from_text(reader.page()["next"], IDEAS).topic_id if of_topic else 32 * "0"
    for reader.cursor in (text, to_text(Cursor(IDEAS, topic_id, tuple(places)))):
        answer = reader.ask(limit=1)
        assert answer.status_code in (200, 400, 410), answer.text
        assert reader.ask(limit=1, cursor="", since="now").status_code == 200


@pytest.fixture(scope="module")
def asking(here: Site) -> str:
    return here.city()[1]
