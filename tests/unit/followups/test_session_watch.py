"""Who waits, who is at risk, who did not come and who forgot to check out: told once, whatever happens."""

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

from consumers.followups import followed
from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event, Payload
from events.types.volunteering import (
    AttendanceCheckedOut,
    AttendanceNoShow,
    SessionAtRisk,
    SessionComingUp,
    SignupPromoted,
)
from tests.support.build import ANN, BEN, when
from tests.support.builders.volunteering import (
    ENDS,
    STARTS,
    at_risk,
    changed,
    checked_in,
    checked_out,
    coming_up,
    no_show,
    promoted,
    scheduled,
    session_cancelled,
    signed_up,
    signup_cancelled,
)
from tests.support.follow_ups import Story

WATCH = next(one for one in FOLLOW_UPS if one.name == "session_watch")
TWO_DAYS_BEFORE, DAY_BEFORE = "2026-04-09T09:00:00-04:00", "2026-04-10T09:00:00-04:00"
SOON_AFTER, EVENING = "2026-04-11T12:15:00-04:00", "2026-04-11T20:00:00-04:00"
SUNDAY: dict[str, Any] = {"starts_at": "2026-04-12T09:00:00-04:00", "ends_at": "2026-04-12T12:00:00-04:00"}
SUNDAY_AFTER = "2026-04-12T12:15:00-04:00"
NEVER = "2030-01-01T00:00:00Z"


def story(*events: Event) -> Story:
    return Story(WATCH).told(*events)


def of(kind: type[Payload], told: Story) -> list[Any]:
    return [data for data in told.data if isinstance(data, kind)]


def turns(told: Story) -> list[str]:
    """Who was given a place, in this order."""
    return [data.signup_id for data in of(SignupPromoted, told)]


def missed(told: Story) -> list[str]:
    return [data.signup_id for data in of(AttendanceNoShow, told)]


def queue(*signups: str, **terms: Any) -> list[Event]:
    """A session of one place, which `su1` has, and who waits."""
    full = [scheduled(**{"capacity": 1, **terms}), signed_up()]
    return [*full, *(signed_up(signup=one, by=f"{one}-pseudonym-00001", waitlisted=True) for one in signups)]


# --- places -----------------------------------------------------------------------------------------


def test_who_waits_longest_is_given_the_place_that_becomes_free() -> None:
    told = story(*queue("su2", "su3")).told(cause := signup_cancelled(at=DAY_BEFORE))
    assert of(SignupPromoted, told) == [SignupPromoted(signup_id="su2", rule="session.first_who_waits")]
    (event,) = told.published
    assert (event.key, event.participant) == (cause.key, "su2-pseudonym-00001")
    assert (event.time, event.causationid) == (cause.time, cause.id)


def test_nobody_is_given_a_place_while_none_is_free() -> None:
    assert turns(story(*queue("su2")).told(signup_cancelled(signup="su2"))) == []
    assert turns(story(*queue("su2"), changed(capacity=1))) == []


def test_as_many_places_as_are_added_are_given_in_the_log_s_order() -> None:
    told = story(*queue("su2", "su3", "su4"), changed(capacity=3))
    assert turns(told) == ["su2", "su3"]
    assert turns(told.told(changed())) == ["su2", "su3", "su4"]  # no limit any more


def test_nobody_is_given_a_place_twice() -> None:
    told = story(*queue("su2", "su3"), signup_cancelled(), changed(capacity=1))
    told.told(signup_cancelled(signup="su1"), promoted(signup="su2"))
    assert turns(told) == ["su2"]
    assert turns(told.told(signup_cancelled(signup="su2"))) == ["su2", "su3"]


def test_a_place_that_an_organiser_gave_is_taken() -> None:
    told = story(*queue("su2", "su3"), promoted(signup="su3"), signup_cancelled())
    assert turns(told) == []
    assert turns(told.told(signup_cancelled(signup="su3"))) == ["su2"]


def test_who_gave_up_waiting_is_passed_over() -> None:
    told = story(*queue("su2", "su3"), signup_cancelled(signup="su2"), signup_cancelled())
    assert turns(told) == ["su3"]


def test_nobody_is_given_a_place_from_the_start_on() -> None:
    assert turns(story(*queue("su2"), signup_cancelled(at=STARTS))) == []


def test_nor_where_it_was_recorded_after_the_start_though_it_happened_before() -> None:
    late = signup_cancelled(at=DAY_BEFORE).model_copy(update={"recordedtime": when(STARTS)})
    assert turns(story(*queue("su2"), late)) == []


def test_without_a_waiting_list_nobody_is_given_a_place() -> None:
    told = story(*queue("su2", waiting_list=False), signup_cancelled())
    assert turns(told) == []
    assert turns(told.told(changed(capacity=1, waiting_list=True))) == ["su2"]


def test_a_cancelled_session_gives_no_places() -> None:
    assert turns(story(*queue("su2"), session_cancelled(), signup_cancelled())) == []


def test_sign_ups_before_the_session_is_known_wait_for_its_terms() -> None:
    session, *people = queue("su2", "su3")
    assert turns(story(*people, session)) == []
    assert turns(story(*people, signup_cancelled(), session)) == ["su2"]


def test_a_sign_up_that_was_cancelled_before_it_was_made_has_no_turn() -> None:
    full, first, second = queue("su2")
    told = story(full, first, signup_cancelled(signup="su2"), second, signup_cancelled())
    assert turns(told) == []


def test_one_place_and_two_who_leave_in_any_order() -> None:
    """Whoever of the two is first, one place is free in the end for one who waits, and it is given once."""
    session, first, *waiting = queue("su2", "su3")
    for leaves in permutations([signup_cancelled(), signup_cancelled(signup="su2")]):
        assert turns(story(session, first, *waiting, *leaves))[-1] == "su3"


# --- risk -------------------------------------------------------------------------------------------


def lonely(**terms: Any) -> list[Event]:
    return [scheduled(min_attendance=2, **terms), signed_up(), signed_up(signup="su2", by=BEN)]


def risk(expected: str, signed_up: int, starts: str = STARTS) -> SessionAtRisk:
    return SessionAtRisk(
        rule="session.at_risk",
        starts_at=when(starts),
        expected=expected,
        signed_up=signed_up,
        min_attendance=2,
    )


def test_two_days_before_it_is_told_that_it_comes_up_and_whether_too_few_are_expected() -> None:
    told = story(*lonely()).until("2026-04-09T08:59:59-04:00")
    assert told.data == []
    told.until(TWO_DAYS_BEFORE)
    assert told.data == [
        SessionComingUp(rule="session.coming_up", starts_at=when(STARTS)),
        risk("1.6", 2),
    ]
    assert {event.time.isoformat() for event in told.published} == {TWO_DAYS_BEFORE}


def test_enough_are_no_risk_until_someone_gives_up() -> None:
    told = story(*lonely(), signed_up(signup="su3")).until(DAY_BEFORE)
    assert of(SessionAtRisk, told) == []
    told.told(signup_cancelled(signup="su3", at=DAY_BEFORE))
    assert of(SessionAtRisk, told) == [risk("1.6", 2)]
    told.told(signup_cancelled(signup="su2", at=DAY_BEFORE), signed_up(signup="su4", at=DAY_BEFORE))
    assert of(SessionAtRisk, told.until(NEVER)) == [risk("1.6", 2)]


def test_where_it_needs_nobody_there_is_no_risk() -> None:
    assert of(SessionAtRisk, story(scheduled()).until(NEVER)) == []
    assert of(SessionAtRisk, story(scheduled(min_attendance=0)).until(NEVER)) == []


def test_who_waits_is_not_expected() -> None:
    told = story(*queue("su2", "su3", min_attendance=2)).until(TWO_DAYS_BEFORE)
    assert of(SessionAtRisk, told) == [risk("0.8", 1)]


def test_another_start_is_another_risk() -> None:
    told = story(*lonely()).until(TWO_DAYS_BEFORE).told(changed(min_attendance=2, at=DAY_BEFORE, **SUNDAY))
    assert told.due()[0] == when("2026-04-10T13:00:00Z").isoformat()
    told.until(NEVER)
    assert of(SessionAtRisk, told) == [risk("1.6", 2), risk("1.6", 2, SUNDAY["starts_at"])]


def test_a_change_before_it_comes_up_moves_it() -> None:
    told = story(*lonely(), changed(min_attendance=2, **SUNDAY)).until(TWO_DAYS_BEFORE)
    assert told.data == []
    assert of(SessionComingUp, told.until(NEVER)) == [
        SessionComingUp(rule=rule, starts_at=when(SUNDAY["starts_at"]))
        for rule in ("session.coming_up", "session.starts_tomorrow")
    ]


def test_it_comes_up_two_days_and_one_day_before() -> None:
    told = story(scheduled()).until(TWO_DAYS_BEFORE)
    assert [data.rule for data in of(SessionComingUp, told)] == ["session.coming_up"]
    told.until(DAY_BEFORE)
    assert [data.rule for data in of(SessionComingUp, told)] == [
        "session.coming_up",
        "session.starts_tomorrow",
    ]
    assert [event.time.isoformat() for event in told.published] == [TWO_DAYS_BEFORE, DAY_BEFORE]


def test_what_the_city_told_itself_is_not_told_again() -> None:
    assert of(SessionAtRisk, story(*lonely(), at_risk()).until(NEVER)) == []


def test_a_start_that_was_left_and_taken_again_is_told_once() -> None:
    saturday: dict[str, Any] = {"at": DAY_BEFORE, "min_attendance": 2}
    told = story(*lonely(), changed(**saturday)).until(TWO_DAYS_BEFORE)
    told.told(changed(**saturday, **SUNDAY)).until("2026-04-10T14:00:00-04:00")
    told.told(changed(**saturday), coming_up(at=DAY_BEFORE), at_risk(at=DAY_BEFORE))
    told.told(changed(**saturday, **SUNDAY)).until(NEVER)
    assert of(SessionAtRisk, told) == [risk("1.6", 2), risk("1.6", 2, SUNDAY["starts_at"])]


def test_a_session_that_is_told_after_its_start_does_not_come_up() -> None:
    past = [scheduled(at=EVENING, min_attendance=2)]
    assert story(*past).until(NEVER).data == []


# --- who did not come -------------------------------------------------------------------------------


def test_who_has_a_place_and_did_not_come_is_a_no_show_a_quarter_of_an_hour_after_the_end() -> None:
    told = story(scheduled(), signed_up()).until("2026-04-11T12:14:59-04:00")
    assert missed(told) == []
    told.until(SOON_AFTER)
    (event,) = [one for one in told.published if isinstance(one.data, AttendanceNoShow)]
    assert event.data == no_show().data
    assert (event.time.isoformat(), event.participant, event.subject) == (SOON_AFTER, ANN, "s1")
    assert missed(told.until(NEVER)) == ["su1"]


@pytest.mark.parametrize(
    "settled",
    [
        [checked_in()],
        [checked_in(checked_in_at=SOON_AFTER)],
        [signup_cancelled(at=DAY_BEFORE)],
        [session_cancelled(at=DAY_BEFORE)],
        [no_show()],
    ],
    ids=["came", "came at the very end", "cancelled", "session cancelled", "told already"],
)
def test_whoever_came_cancelled_or_could_not_come_is_none(settled: list[Event]) -> None:
    for history in permutations([scheduled(), signed_up(), *settled]):
        assert missed(story(*history).until(NEVER)) == []


def test_who_waits_and_who_signed_up_afterwards_are_none() -> None:
    told = story(*queue("su2"), signed_up(signup="su3", at=EVENING), checked_in()).until(NEVER)
    assert missed(told) == []


def test_who_was_given_a_place_and_did_not_come_is_one() -> None:
    told = story(*queue("su2"), signup_cancelled()).until(NEVER)
    assert missed(told) == ["su2"]


def test_who_comes_or_cancels_when_it_is_over_is_one() -> None:
    """Whether that is told before the timer fires or after it: the time decides."""
    for late in (checked_in(at=EVENING, checked_in_at=EVENING), signup_cancelled(at=EVENING)):
        assert missed(story(scheduled(), signed_up(), late).until(NEVER)) == ["su1"]
        assert missed(story(scheduled(), signed_up()).until(SOON_AFTER).told(late).until(NEVER)) == ["su1"]


def test_who_came_in_time_and_again_when_it_was_over_did_come() -> None:
    again = checked_in(attendance="att2", at=EVENING, checked_in_at=EVENING)
    for history in permutations([scheduled(), signed_up(), checked_in(), again]):
        assert missed(story(*history).until(NEVER)) == []


def test_a_check_in_that_is_told_late_prevents_it_before_it_is_told_and_not_afterwards() -> None:
    late = checked_in(at=EVENING)
    assert missed(story(scheduled(), signed_up()).told(late).until(NEVER)) == []
    assert missed(story(scheduled(), signed_up()).until(SOON_AFTER).told(late).until(NEVER)) == ["su1"]


def test_a_session_that_ends_later_is_waited_for() -> None:
    told = story(scheduled(), signed_up(), changed(**SUNDAY)).until(EVENING)
    assert missed(told) == []
    assert missed(told.until(SUNDAY_AFTER)) == ["su1"]


def test_a_no_show_that_was_told_of_another_end_does_not_settle_this_one() -> None:
    """The timer fired while the session was moved: what it says is outdated."""
    told = story(scheduled(), signed_up(), changed(**SUNDAY), no_show()).until(NEVER)
    assert [data.session_ended_at for data in of(AttendanceNoShow, told)] == [when(SUNDAY["ends_at"])]


def test_a_session_cancelled_when_no_shows_were_told_leaves_them_told() -> None:
    told = story(scheduled(), signed_up()).until(SOON_AFTER).told(session_cancelled(at=EVENING))
    assert missed(told.until(NEVER)) == ["su1"]


# --- who forgot to check out ------------------------------------------------------------------------


def assumed(at: str = ENDS, attendance: str = "att1") -> AttendanceCheckedOut:
    return AttendanceCheckedOut(
        attendance_id=attendance,
        method="auto",
        rule="session.check_out_after_end",
        checked_out_at=when(at),
    )


def test_who_forgot_to_check_out_is_checked_out_as_of_the_end() -> None:
    told = story(scheduled(), checked_in())
    assert of(AttendanceCheckedOut, told.until("2026-04-11T12:14:59-04:00")) == []
    assert of(AttendanceCheckedOut, told.until(SOON_AFTER)) == [assumed()]
    (event,) = [one for one in told.published if isinstance(one.data, AttendanceCheckedOut)]
    assert (event.time.isoformat(), event.participant) == (SOON_AFTER, ANN)
    assert told.until(NEVER).timers == {}


def test_who_checked_out_is_not_in_whatever_order_it_is_told() -> None:
    for history in permutations([scheduled(), checked_in(), checked_out()]):
        assert of(AttendanceCheckedOut, story(*history).until(NEVER)) == []


def test_both_told_after_the_end_nothing_is_assumed() -> None:
    told = story(scheduled(), signed_up()).until(SOON_AFTER)
    told.told(checked_in(at=EVENING), checked_out(at=EVENING)).until(NEVER)
    assert of(AttendanceCheckedOut, told) == []


def test_a_check_in_alone_that_is_told_after_the_end_is_ended_too() -> None:
    told = story(scheduled()).until(EVENING).told(checked_in(at=EVENING)).until(EVENING)
    assert of(AttendanceCheckedOut, told) == [assumed()]


def test_who_came_after_the_end_leaves_when_they_came() -> None:
    told = story(scheduled(), checked_in(checked_in_at=EVENING)).until(NEVER)
    assert of(AttendanceCheckedOut, told) == [assumed(EVENING)]


def test_who_just_came_is_checked_out_as_well() -> None:
    told = story(scheduled(), checked_in(signup_id=None, walk_in=True, by=None)).until(NEVER)
    assert of(AttendanceCheckedOut, told) == [assumed()]


def test_a_session_that_is_moved_moves_what_is_assumed() -> None:
    told = story(scheduled(), checked_in(), changed(ends_at="2026-04-11T14:00:00-04:00")).until(SOON_AFTER)
    assert of(AttendanceCheckedOut, told) == []
    assert of(AttendanceCheckedOut, told.until(NEVER)) == [assumed("2026-04-11T14:00:00-04:00")]


def test_attendance_of_a_session_that_is_not_known_waits_for_its_end() -> None:
    told = story(checked_in()).until(EVENING)
    assert told.data == []
    assert of(AttendanceCheckedOut, told.told(scheduled()).until(EVENING)) == [assumed()]


def test_a_cancelled_session_runs_no_timers() -> None:
    told = story(scheduled(min_attendance=9), signed_up(), checked_in(), session_cancelled())
    assert told.timers == {}
    assert told.until(NEVER).data == []


# --- all of it --------------------------------------------------------------------------------------


def everything() -> list[Event]:
    return [
        scheduled(capacity=2, min_attendance=3),
        signed_up(),
        signed_up(signup="su2", by=BEN),
        signed_up(signup="su3", waitlisted=True),
        signup_cancelled(at=DAY_BEFORE),
        checked_in(signup_id="su2", by=BEN),
    ]


def steps(first: str, last: str, hours: int) -> Iterable[str]:
    day = when(first)
    while day < when(last):
        yield day.isoformat()
        day = day.fromtimestamp(day.timestamp() + hours * 3600, tz=day.tzinfo)


def test_the_clock_in_one_step_or_in_many_makes_the_same_facts() -> None:
    history = everything()
    at_once, by_and_by = story(*history).until(NEVER), story(*history)
    for moment in steps(TWO_DAYS_BEFORE, "2026-04-13T00:00:00-04:00", 1):
        by_and_by.until(moment)
    ids = [{one.id for one in told.published} for told in (at_once, by_and_by)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 6  # a place given, coming up twice, at risk, a no-show, a check-out


def test_repeated_events_make_nothing_more() -> None:
    history = everything()
    once, twice = story(*history).until(NEVER), story(*history, *history).until(NEVER)
    assert [one.id for one in once.published] == [one.id for one in twice.published]


def test_the_state_shows_what_is_known() -> None:
    told = story(scheduled(capacity=2), signed_up(), checked_in())
    assert told.state == {
        "city": "riverton",
        "session_id": "s1",
        "starts_at": when(STARTS),
        "ends_at": when(ENDS),
        "capacity": 2,
        "waiting_list": True,
        "min_attendance": None,
        "cancelled": False,
        "came_up": [],
        "reminded": [],
        "risks_told": [],
        "signups": [
            {
                "id": "su1",
                "participant": ANN,
                "registered_at": when("2026-04-01T09:30:00-04:00"),
                "place": True,
                "cancelled_at": None,
                "came_at": when(STARTS),
                "missed": None,
            }
        ],
        "attendances": [
            {"id": "att1", "participant": ANN, "checked_in_at": when(STARTS), "checked_out": False}
        ],
        "not_followed": 0,
    }


def test_the_state_is_bounded_and_forgets_those_that_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "MOST", 2)
    told = story(scheduled(), signed_up(), signed_up(signup="su2"), signup_cancelled())
    told.told(signed_up(signup="su3"), signed_up(signup="su4"))
    assert [one["id"] for one in told.state["signups"]] == ["su2", "su3"]
    assert told.state["not_followed"] == 1
    assert missed(told.until(NEVER)) == ["su2", "su3"]
