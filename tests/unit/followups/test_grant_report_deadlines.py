"""A report is told due ahead, and overdue when it had not come: once for each due date that holds."""

from itertools import permutations

from hypothesis import given as for_any
from hypothesis import strategies as st

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.awards import GrantReportDue, GrantReportOverdue
from tests.support.build import when
from tests.support.builders.awards import (
    DUE,
    LATER,
    granted,
    report,
    report_due,
    report_extended,
    report_overdue,
    reported,
)
from tests.support.follow_ups import Story

MANAGER = next(one for one in FOLLOW_UPS if one.name == "grant_report_deadlines")
NOTICE, LATER_NOTICE = "2026-07-01T17:00:00-04:00", "2026-07-17T17:00:00-04:00"
EARLY, BETWEEN, TOO_LATE, END = (f"2026-{day}T12:00:00-04:00" for day in ("06-01", "07-20", "08-20", "12-31"))
MUCH_LATER = "2026-09-30T17:00:00-04:00"


def story() -> Story:
    return Story(MANAGER)


def due(at: str, name: str = "interim") -> GrantReportDue:
    return GrantReportDue(rule="grant_report.due", report_id=name, due_at=when(at))


def overdue(at: str, name: str = "interim") -> GrantReportOverdue:
    return GrantReportOverdue(rule="grant_report.overdue", report_id=name, due_at=when(at))


def test_it_is_told_due_fourteen_days_ahead_and_overdue_when_it_has_not_come() -> None:
    told = story().told(granted())
    assert told.until("2026-07-01T16:59:59-04:00").data == []
    assert told.until(NOTICE).data == [due(DUE)]
    assert told.until("2026-07-15T16:59:59-04:00").data == [due(DUE)]
    assert told.until(DUE).data == [due(DUE), overdue(DUE)]
    assert told.until(END).data == [due(DUE), overdue(DUE)]
    assert [event.time.isoformat() for event in told.published] == [NOTICE, DUE]


def test_the_state_shows_what_was_told() -> None:
    told = story().told(granted()).until(END).told(reported(at=TOO_LATE))
    assert told.state == {
        "city": "riverton",
        "award_id": "award-1",
        "reports": [
            {
                "report_id": "interim",
                "due_at": when(DUE),
                "notice_at": when(NOTICE),
                "submitted_at": when(TOO_LATE),
                "due_told": when(DUE),
                "overdue_told": when(DUE),
            }
        ],
    }


def test_a_report_that_came_before_prevents_both() -> None:
    for events in permutations([granted(), reported(at=EARLY)]):
        told = story().told(*events)
        assert told.due() == []
        assert told.until(END).data == []


def test_a_report_that_came_after_the_notice_prevents_what_follows() -> None:
    told = story().told(granted()).until(NOTICE).told(reported(at=DUE)).until(END)
    assert told.data == [due(DUE)]


def test_what_came_late_by_its_own_time_was_overdue_though_it_is_told_before_that_is() -> None:
    """The sweeper may stand still while the report comes in."""
    for events in permutations([granted(), reported(at=TOO_LATE)]):
        assert story().told(*events).until(END).data == [overdue(DUE)]


def test_what_was_told_overdue_stays_told_though_the_report_turns_out_to_be_in_time() -> None:
    told = story().told(granted()).until(BETWEEN).told(reported(at=EARLY)).until(END)
    assert told.data == [due(DUE), overdue(DUE)]


def test_an_extension_never_lets_the_old_date_fire() -> None:
    """A date that moves whenever it is overdue would never be: here it is told, and told once."""
    for events in permutations([granted(at=EARLY), report_extended(at=EARLY)]):
        told = story().told(*events)
        assert told.until(BETWEEN).data == [due(LATER)]
        assert told.until(END).data == [due(LATER), overdue(LATER)]
        assert [event.time.isoformat() for event in told.published] == [LATER_NOTICE, LATER]


def test_overdue_it_is_extended_and_overdue_again_each_told_once() -> None:
    told = story().told(granted()).until(BETWEEN).told(report_extended(at=BETWEEN)).until(END)
    assert told.data == [due(DUE), overdue(DUE), due(LATER), overdue(LATER)]
    assert len({event.id for event in told.published}) == 4
    assert told.published[2].time.isoformat() == BETWEEN  # less than 14 days are left: told at once


def test_extended_after_it_came_late_nothing_more_is_told() -> None:
    told = story().told(granted()).until(BETWEEN).told(reported(at=BETWEEN), report_extended(at=TOO_LATE))
    assert told.until(END).data == [due(DUE), overdue(DUE)]


def test_of_several_extensions_in_any_order_the_latest_holds() -> None:
    twice = report_extended(previous_due_at=LATER, due_at=MUCH_LATER, at=EARLY)
    for events in permutations([granted(at=EARLY), report_extended(at=EARLY), twice]):
        assert story().told(*events).until(END).data == [due(MUCH_LATER), overdue(MUCH_LATER)]


def test_told_of_when_it_is_past_there_is_no_notice_left_to_give() -> None:
    assert story().told(granted(at=TOO_LATE)).until(END).data == [overdue(DUE)]


def test_each_report_of_an_award_has_dates_of_its_own() -> None:
    award = granted(reports=(report("first.1"), report("final", LATER)))
    told = story().told(award, reported(report_id="final", at=EARLY)).until(END)
    assert told.data == [due(DUE, "first.1"), overdue(DUE, "first.1")]


def test_a_report_that_no_award_names_is_never_due_until_it_is_extended() -> None:
    assert story().told(reported(report_id="extra", at=EARLY)).until(END).data == []
    assert story().told(report_extended(at=EARLY)).until(END).data == [due(LATER), overdue(LATER)]


def test_what_has_been_told_already_is_not_told_again() -> None:
    assert story().told(granted(), report_due(), report_overdue()).until(END).data == []


def test_an_award_told_again_starts_nothing_again() -> None:
    told = story().told(granted()).until(BETWEEN).told(granted(at=BETWEEN)).until(END)
    assert told.data == [due(DUE), overdue(DUE)]


EVENTS = st.permutations(
    [granted(at=EARLY), report_extended(at=BETWEEN), reported(at=TOO_LATE), reported(at=LATER)]
).map(lambda told: told[:3])


@for_any(events=EVENTS, repeated=st.booleans(), steps=st.lists(st.integers(1, 200), max_size=6))
def test_steps_of_the_clock_and_repeats_change_nothing(
    events: list[Event], steps: list[int], *, repeated: bool
) -> None:
    big = story().told(*events).until(END)
    small = story().told(*events, *(events if repeated else ()))
    for day in sorted(steps):
        small.until(f"2026-{6 + day // 32:02}-{1 + day % 28:02}T12:00:00-04:00")
    assert small.told(*events).until(END).published == big.published


@for_any(events=EVENTS, cut=st.integers(0, 3))
def test_no_due_date_is_told_twice(events: list[Event], cut: int) -> None:
    told = story().told(*events[:cut]).until(BETWEEN).told(*events[cut:]).until(END)
    assert len(set(map(repr, told.data))) == len(told.data)
    assert len({event.id for event in told.published}) == len(told.published)
