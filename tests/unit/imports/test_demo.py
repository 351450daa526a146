"""The demo city: the same events whenever it is asked, and never an empty day."""

from datetime import UTC, datetime, timedelta

import pytest

from events.codec import decode, encode, identity
from producers.demo import DEMO_CITY, demo_events

NOON = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)  # the day the clock is put forward


@pytest.mark.parametrize(
    "after_midnight", [timedelta(minutes=6), timedelta(hours=9), timedelta(hours=23, minutes=59)]
)
def test_today_is_never_empty_and_nothing_lies_ahead(after_midnight: timedelta) -> None:
    now = datetime(2026, 11, 24, tzinfo=DEMO_CITY.zone) + after_midnight
    events = demo_events(now)
    assert len([event for event in events if event.day == "2026-11-24"]) >= 6
    assert all(event.time <= now for event in events)


def test_asked_again_the_same_events_come_and_later_ones_are_added() -> None:
    earlier, later = demo_events(NOON), demo_events(NOON + timedelta(days=1))
    known = {identity(event.city, event.source, event.id): event for event in later}
    assert demo_events(NOON) == earlier
    assert len(known) == len(later)
    again = [known.get(identity(event.city, event.source, event.id)) for event in earlier]
    assert [event for event in again if event is not None] == [event for event in earlier if event in later]
    assert len([event for event in again if event is not None]) > len(earlier) / 2


def test_every_event_of_the_demo_survives_the_wire() -> None:
    for event in demo_events(NOON):
        record = encode(event)
        assert decode(record.key, record.value, record.headers).event == event


def test_every_idea_that_is_answered_or_supported_was_submitted() -> None:
    told = {event.subject for event in demo_events(NOON) if event.type.endswith("submitted.v1")}
    assert {event.subject for event in demo_events(NOON)} <= told
