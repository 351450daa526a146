"""The demo city: the same events whenever it is asked, and never an empty day."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

from events.codec import decode, encode, identity
from events.types.ideas import IdeaAnswered, IdeaSubmitted, ProblemDefined
from producers.demo import DAYS, DEMO_CITY, demo_events

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
    events = [event for event in demo_events(NOON) if event.subject.startswith("idea-")]
    submitted = {event.subject for event in events if isinstance(event.data, IdeaSubmitted)}
    assert {event.subject for event in events} == submitted


def test_an_idea_gets_the_same_answer_on_whatever_day_it_is_submitted() -> None:
    """Seen over many weeks: what the city says is about the idea, not about the day."""
    answers: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for week in range(12):
        events = demo_events(NOON + timedelta(days=5 * week))
        titles = {one.subject: one.data.title for one in events if isinstance(one.data, IdeaSubmitted)}
        for event in events:
            if isinstance(event.data, IdeaAnswered):
                answers[titles[event.subject]].add((event.data.decision, event.data.explanation))
    assert len(answers) == DAYS
    assert {len(given) for given in answers.values()} == {1}
    assert len(set.union(*answers.values())) == len(answers), "no two ideas share their answer"


@pytest.mark.parametrize("days", range(DAYS))
@pytest.mark.parametrize("hour", [0, 23])
def test_the_city_always_has_a_problem_made_of_requests_it_knows(days: int, hour: int) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=DEMO_CITY.zone) + timedelta(days=days, minutes=6)
    told = [one.data for one in demo_events(midnight + timedelta(hours=hour))]
    problems = [data for data in told if isinstance(data, ProblemDefined)]
    sample = resources.files("producers.imports") / "sample" / "port_linden_open311.json"
    requests = {row["service_request_id"] for row in json.loads(sample.read_text())}
    assert problems
    assert {id_ for problem in problems for id_ in problem.request_ids} <= requests
