"""A call closes when the deadline that holds has come: once for each, and never for one that was extended."""

from itertools import permutations

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.types.grants import GrantCallClosed
from tests.support.build import when
from tests.support.builders.grants import DEADLINE, EXTENDED, closed, extended, opened
from tests.support.follow_ups import Story

MANAGER = next(one for one in FOLLOW_UPS if one.name == "grant_call_deadlines")
BEFORE, AFTER, LONG_AFTER = "2026-04-30T12:00:00Z", "2026-05-02T12:00:00Z", "2026-06-01T00:00:00Z"
LONGER = "2026-05-15T17:00:00-04:00"


def story() -> Story:
    return Story(MANAGER)


def by_rule(deadline: str) -> GrantCallClosed:
    return GrantCallClosed(
        reason="deadline", deadline_at=when(deadline), rule="grant_call.closes_at_deadline"
    )


def test_it_closes_when_the_deadline_has_come_and_not_before() -> None:
    told = story().told(opened()).until(BEFORE)
    assert told.data == []
    assert told.until(AFTER).data == [by_rule(DEADLINE)]
    assert told.until(LONG_AFTER).data == [by_rule(DEADLINE)]


def test_the_event_is_of_the_deadline_s_time_by_the_city_s_clock() -> None:
    (event,) = story().told(opened()).until(LONG_AFTER).published
    assert (event.key, event.time.isoformat()) == ("riverton/call-1", DEADLINE)


def test_the_state_shows_for_what_it_waits() -> None:
    told = story().told(opened())
    assert told.state == {
        "city": "riverton",
        "call_id": "call-1",
        "deadline_at": when(DEADLINE),
        "closed_for": None,
        "cancelled": False,
        "waiting_for": when(DEADLINE),
    }
    assert told.until(LONG_AFTER).state["waiting_for"] is None


def test_a_deadline_that_was_extended_closes_nothing() -> None:
    for events in permutations([opened(), extended()]):
        told = story().told(*events)
        assert told.due() == ["2026-05-08T21:00:00+00:00"]
        assert told.until(LONG_AFTER).data == [by_rule(EXTENDED)]


def test_an_extension_after_the_closing_is_a_deadline_of_its_own() -> None:
    told = story().told(opened()).until(AFTER).told(extended(at=AFTER)).until(LONG_AFTER)
    assert told.data == [by_rule(DEADLINE), by_rule(EXTENDED)]
    assert len({event.id for event in told.published}) == 2


def test_of_several_extensions_in_any_order_the_latest_holds() -> None:
    twice = extended(previous_deadline_at=EXTENDED, deadline_at=LONGER)
    for events in permutations([opened(), extended(), twice]):
        assert story().told(*events).until(LONG_AFTER).data == [by_rule(LONGER)]


@pytest.mark.parametrize("reason", ["deadline", "cancelled"])
def test_what_the_city_has_closed_itself_is_not_closed_again(reason: str) -> None:
    for events in permutations([opened(), closed(reason=reason)]):
        told = story().told(*events)
        assert told.due() == []
        assert told.until(LONG_AFTER).data == []


def test_cancelled_it_stays_so_whatever_is_extended() -> None:
    for events in permutations([opened(), closed(reason="cancelled"), extended()]):
        assert story().told(*events).until(LONG_AFTER).data == []


def test_cancelled_after_it_closed_what_was_told_stays_told() -> None:
    told = story().told(opened()).until(AFTER).told(closed(reason="cancelled", at=AFTER))
    assert told.told(extended(at=AFTER)).until(LONG_AFTER).data == [by_rule(DEADLINE)]


def test_a_deadline_that_has_passed_when_it_is_told_closes_at_once() -> None:
    assert story().told(opened()).until(LONG_AFTER).data == [by_rule(DEADLINE)]
    late = story()
    late.until(LONG_AFTER)
    assert late.told(opened()).until(LONG_AFTER).data == [by_rule(DEADLINE)]


def test_events_that_come_again_change_nothing() -> None:
    events = [opened(), extended()]
    told = story().told(*events, *events).until(LONG_AFTER).told(*events).until("2027-01-01T00:00:00Z")
    assert told.data == [by_rule(EXTENDED)]


def test_in_one_big_step_or_in_many_small_ones_the_same_happens() -> None:
    big, small = story().told(opened(), extended()), story().told(opened(), extended())
    for day in range(1, 31):
        small.until(f"2026-05-{day:02}T12:00:00Z")
    assert big.until(LONG_AFTER).data == small.until(LONG_AFTER).data
