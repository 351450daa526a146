"""Volunteers in numbers: each by a history whose answer can be counted by hand."""

from typing import Any

import pytest

from events.envelope import Event
from tests.support.builders import hours, volunteering
from tests.support.metrics import number, numbers, scope, shows

APRIL, EARLY, LATE = "2026-04-03T09:00:00-04:00", "2026-04-08T09:00:00-04:00", "2026-04-10T18:00:00-04:00"
PEOPLE = [f"volunteer-pseudonym-{n:04}" for n in range(20)]
EVERY_DAY = scope("2026-04-01", "2026-04-30")
AUTO: dict[str, Any] = {"method": "auto", "rule": "session.check_out_after_end"}


def _worked(
    people: int, minutes: int, prefix: str = "e", *, verified: bool = True, **data: Any
) -> list[Event]:
    told = []
    for n, who in enumerate(PEOPLE[:people]):
        told.append(hours.logged(f"{prefix}{n}", by=who, minutes=minutes, at=APRIL, **data))
        if verified:
            told.append(hours.verified(f"{prefix}{n}", by=who, minutes=minutes, at=LATE))
    return told


def test_only_verified_hours_count_on_the_day_of_the_work() -> None:
    history = [
        *_worked(5, 90),
        *_worked(9, 600, "w", verified=False),
        *_worked(5, 60, "m", worked_on="2026-03-31"),
    ]
    shown = number("volunteer_hours", *history)
    shows(shown, "7.5")
    assert shown.inputs == {"verified_minutes": 450, "volunteers": 5}
    shows(number("volunteer_hours", *history, about=scope("2026-03-01", "2026-03-31")), "5.0")


def test_twelve_thousand_hours_are_as_many() -> None:
    """12,214 hours, entered by fifty of them a day at most."""
    history = [
        event for n in range(12214 * 60 // 1440 + 1) for event in _entry(n, min(1440, 12214 * 60 - 1440 * n))
    ]
    assert number("volunteer_hours", *history).numerator == 12214


def _entry(n: int, minutes: int) -> list[Event]:
    who = PEOPLE[n % len(PEOPLE)]
    if minutes <= 0:
        return []
    return [
        hours.logged(f"big{n}", by=who, minutes=minutes, at=APRIL),
        hours.verified(f"big{n}", by=who, minutes=minutes),
    ]


def test_from_few_volunteers_hours_are_not_shown_and_unnamed_ones_are_others() -> None:
    assert number("volunteer_hours", *_worked(4, 90)).suppressed
    unnamed = [one.model_copy(update={"participant": None}) for one in _worked(6, 90)]
    assert not number("volunteer_hours", *unnamed).suppressed


def test_hours_by_neighbourhood_hide_what_would_tell_about_few() -> None:
    history = [
        *_worked(6, 60, "a", neighbourhood_id="north"),
        *_worked(7, 60, "b", neighbourhood_id="south"),
        *_worked(2, 60, "c", neighbourhood_id="west"),
    ]
    shown = numbers("volunteer_hours", *history)
    assert [name for name, one in shown.items() if one.suppressed] == ["north", "west"]


def test_the_verified_share_is_hidden_where_it_would_tell_what_few_have_waiting() -> None:
    shares = [
        number("volunteer_hours.verified_share", *_worked(6, 60), *waiting)
        for waiting in ([], _worked(6, 30, "w", verified=False), _worked(1, 60, "w", verified=False))
    ]
    shows(shares[0], "100.0")
    shows(shares[1], "66.7", numerator=6, denominator=9)
    assert shares[2].suppressed


def _signups(came: int, missed: int, late: int, early: int = 0) -> list[Event]:
    told = []
    fates = ["came"] * came + ["missed"] * missed + ["late"] * late + ["early"] * early
    for n, fate in enumerate(fates):
        one = {"signup": f"su{n}", "by": PEOPLE[n]}
        told.append(volunteering.signed_up(at="2026-03-20T09:00:00-04:00", **one))
        match fate:
            case "came":
                told.append(volunteering.checked_in(attendance=f"a{n}", signup_id=f"su{n}", by=PEOPLE[n]))
            case "missed":
                told.append(volunteering.no_show(**one))
            case _:
                notice = 2 if fate == "late" else 24
                told.append(volunteering.signup_cancelled(at=LATE, notice_hours=notice, **one))
    return told


def test_follow_through_is_of_those_that_were_to_be_expected() -> None:
    history = _signups(came=6, missed=3, late=1, early=4)
    shows(number("signups.follow_through", *history), "60.0", numerator=6, denominator=10)
    shows(number("signups.cancelled_late", *history), "10.0", numerator=1, denominator=10)
    assert number("signups.follow_through", *_signups(came=2, missed=2, late=0)).suppressed


def test_a_check_in_that_is_told_after_a_no_show_takes_its_place() -> None:
    history = [*_signups(came=4, missed=2, late=0), volunteering.checked_in(signup_id="su5", by=PEOPLE[5])]
    shows(number("signups.follow_through", *history), "83.3", numerator=5, denominator=6)


def test_attendance_that_a_rule_ended() -> None:
    told: list[Event] = []
    for n in range(8):
        told.append(volunteering.checked_in(attendance=f"a{n}", signup_id=None, walk_in=True, by=None))
        if n < 6:
            how = AUTO if n < 2 else {}
            told.append(volunteering.checked_out(attendance=f"a{n}", by=None, **how))
    shown = number("attendance.auto_checked_out", *told)
    shows(shown, "33.3", numerator=2, denominator=6)
    assert shown.completeness == 75


def test_sessions_fill_by_those_that_have_a_limit_and_take_place() -> None:
    history = [
        volunteering.scheduled("s1", capacity=10),
        volunteering.scheduled("s2", capacity=6),
        volunteering.scheduled("s3"),
        volunteering.scheduled("s4", capacity=50),
        volunteering.session_cancelled("s4"),
        volunteering.scheduled(
            "may", capacity=9, starts_at="2026-05-02T09:00:00-04:00", ends_at="2026-05-02T10:00:00-04:00"
        ),
    ]
    for session, people in (("s1", 7), ("s2", 3), ("s3", 9), ("s4", 9), ("may", 5)):
        history += [volunteering.signed_up(session, signup=f"su{n}", by=PEOPLE[n]) for n in range(people)]
    history.append(volunteering.signed_up("s2", signup="waits", waitlisted=True))
    shown = number("sessions.filled", *history)
    shows(shown, "62.5", numerator=10, denominator=16)
    assert shown.completeness == 66


@pytest.mark.parametrize("cancelled", [False, True])
def test_sessions_at_risk_are_of_those_that_need_a_number(*, cancelled: bool) -> None:
    history = [volunteering.scheduled(f"s{n}", min_attendance=6, neighbourhood_id="north") for n in range(4)]
    history += [volunteering.at_risk("s0"), volunteering.scheduled("free")]
    history += [volunteering.session_cancelled("s0")] if cancelled else []
    value, part, whole = ("0.0", 0, 3) if cancelled else ("25.0", 1, 4)
    shows(number("sessions.at_risk", *history), value, numerator=part, denominator=whole)
    assert numbers("sessions.at_risk", *history)["north"].denominator == whole
