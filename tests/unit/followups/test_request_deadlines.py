"""A request is overdue when a time the city named passes while it is open: told once, whatever happens."""

from datetime import timedelta

from consumers.followups.registry import FOLLOW_UPS
from events.types.requests import ServiceRequestOverdue
from tests.support.build import acknowledged, closed, opened, overdue, reopened, stage_changed, when
from tests.support.follow_ups import Story

DEADLINES = next(one for one in FOLLOW_UPS if one.name == "request_deadlines")
DAWN, MORNING, NOON, EVENING = (f"2026-04-01T{hour}:00:00-04:00" for hour in ("06", "09", "12", "18"))


def story() -> Story:
    return Story(DEADLINES)


def late(expected: str, hours: int | None = None) -> ServiceRequestOverdue:
    return ServiceRequestOverdue(expected_datetime=when(expected), sla_hours=hours)


def promised(expected: str = NOON) -> Story:
    return story().told(opened(at=MORNING, expected_datetime=when(expected)))


def test_it_is_overdue_when_the_time_has_come_and_not_before() -> None:
    told = promised().until("2026-04-01T11:59:59-04:00")
    assert told.data == []
    assert told.until(NOON).data == [late(NOON, 3)]
    assert told.until(EVENING).data == [late(NOON, 3)]


def test_the_event_is_of_the_deadline_s_time_and_follows_from_what_named_it() -> None:
    cause = opened(at=MORNING, expected_datetime=when(NOON))
    (event,) = story().told(cause).until(EVENING).published
    assert (event.key, event.time.isoformat()) == (cause.key, NOON)
    assert (event.causationid, event.correlationid) == (cause.id, cause.id)
    assert event.source == "urn:townhall:riverton:follow-ups"


def test_the_state_shows_what_was_missed() -> None:
    assert promised().until(EVENING).state == {
        "city": "riverton",
        "request_id": "r1",
        "opened_at": when(MORNING),
        "open": True,
        "expected_at": when(NOON),
        "overdue_at": when(NOON),
        "waiting_for": None,
    }


def test_without_a_time_nothing_is_ever_late() -> None:
    assert story().told(opened(at=MORNING), acknowledged(at=MORNING)).until("2030-01-01T00:00:00Z").data == []


def test_closed_in_time_is_not_late() -> None:
    assert promised().told(closed(at=MORNING)).until(EVENING).data == []
    moved = stage_changed(to="closed", label="Done", at=MORNING)
    assert promised().told(moved).until(EVENING).data == []


def test_a_time_named_anew_takes_the_place_of_the_one_before() -> None:
    told = promised().told(acknowledged(at=MORNING, expected_datetime=when(EVENING)))
    assert told.due() == [when(EVENING).astimezone(told.now.tzinfo).isoformat()]
    assert told.until(NOON).data == []
    assert told.until(EVENING).data == [late(EVENING, 9)]


def test_an_extension_after_the_time_has_passed_is_a_deadline_of_its_own() -> None:
    told = promised().until(NOON).told(acknowledged(at=NOON, expected_datetime=when(EVENING)))
    assert told.until(EVENING).data == [late(NOON, 3), late(EVENING, 9)]
    assert len({event.id for event in told.published}) == 2


def test_a_time_named_when_it_has_passed_is_late_at_once() -> None:
    assert promised(DAWN).until(MORNING).data == [late(DAWN, 0)]


def test_reopened_before_the_time_it_can_still_be_late() -> None:
    told = promised().told(closed(at=MORNING), reopened(at="2026-04-01T10:00:00-04:00"))
    assert told.until(EVENING).data == [late(NOON, 3)]


def test_a_time_that_was_kept_stays_kept() -> None:
    told = promised().told(closed(at=MORNING)).until(NOON).told(reopened(at=EVENING))
    assert told.until("2026-05-01T00:00:00Z").data == []
    assert told.told(acknowledged(at=EVENING, expected_datetime=when("2026-05-02T00:00:00Z"))).due() == [
        "2026-05-02T00:00:00+00:00"
    ]


def test_told_once_though_it_is_closed_and_reopened_afterwards() -> None:
    told = promised().until(NOON).told(closed(at=EVENING), reopened(at=EVENING))
    told.told(stage_changed(to="in_progress", label="On it", at=EVENING))
    assert told.until("2026-05-01T00:00:00Z").data == [late(NOON, 3)]


def test_what_the_city_has_told_itself_is_not_told_again() -> None:
    told = promised().told(overdue(expected=NOON)).until(EVENING)
    assert told.data == []


def test_events_come_in_any_order() -> None:
    """Closed before it was opened, as imports have it: it stays closed."""
    assert (
        story().told(closed(at=MORNING)).told(opened(expected_datetime=when(NOON))).until(EVENING).data == []
    )
    told = story().told(acknowledged(at=MORNING, expected_datetime=when(NOON)), opened(at=MORNING))
    assert told.until(EVENING).data == [late(NOON)]


def test_the_same_history_makes_the_same_ids() -> None:
    """So that whoever repeats it repeats what is known."""
    first, second = (
        story().told(opened(at=MORNING, expected_datetime=when(NOON))).until(EVENING) for _ in range(2)
    )
    assert [event.id for event in first.published] == [event.id for event in second.published]
    assert first.published[0].time - when(MORNING) == timedelta(hours=3)
