"""What volunteers and organisers learn about sessions."""

from projections.views.sessions import BY_DAY, VIEW
from tests.support.build import when
from tests.support.builders.volunteering import (
    ENDS,
    STARTS,
    at_risk,
    changed,
    coming_up,
    scheduled,
    session_cancelled,
)
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"
LATER = "2026-04-12T09:00:00-04:00"
SATURDAY = ("riverton", "2026-04-11", "")


def test_a_session_stands_with_all_that_was_told() -> None:
    told = scheduled(at=EARLY, capacity=12, min_attendance=4, lat=40.5, long=-73.9, accessibility=("ramp",))
    given(VIEW, told).then(
        {
            "city": "riverton",
            "session_id": "s1",
            "opportunity_id": "opp-1",
            "project_id": None,
            "group_id": None,
            "neighbourhood_id": None,
            "role_id": None,
            "starts_at": when(STARTS),
            "ends_at": when(ENDS),
            "day": "2026-04-11",
            "place": None,
            "point": {"type": "Point", "coordinates": [-73.9, 40.5]},
            "remote": False,
            "accessibility": ["ramp"],
            "min_age": None,
            "capacity": 12,
            "waiting_list": True,
            "min_attendance": 4,
            "status": "scheduled",
            "coming_up": None,
            "risk": None,
            "at_risk": False,
            "scheduled_at": when(EARLY),
            "changes": 0,
            "cancelled_at": None,
            "cancel_reason": None,
            "cancel_note": None,
            "updated_at": when(EARLY),
        }
    )


def test_the_day_is_the_city_s_own() -> None:
    """In Riverton the evening of the 11th, by UTC the 12th."""
    starts, ends = "2026-04-11T21:30:00-04:00", "2026-04-11T23:00:00-04:00"
    given(VIEW, scheduled(starts_at=starts, ends_at=ends)).shows(day="2026-04-11")


def test_the_terms_told_last_are_all_of_them() -> None:
    after = given(
        VIEW, scheduled(at=EARLY, capacity=12, place="The pier"), changed(at=LATE, ends_at=LATER, capacity=20)
    )
    after.shows(capacity=20, place=None, ends_at=when(LATER), changes=1, scheduled_at=when(EARLY))


def test_a_change_before_the_schedule_is_kept_and_filled_in() -> None:
    given(VIEW, changed(capacity=3)).shows(status="scheduled", capacity=3)


def test_a_cancelled_session_stays_cancelled() -> None:
    history = [scheduled(), session_cancelled(at=LATE, note="Storm"), changed()]
    given(VIEW, *history).shows(status="cancelled", cancel_note="Storm", cancelled_at=when(LATE))
    given(VIEW, session_cancelled()).shows(status="cancelled", opportunity_id=None)
    assert tallied(BY_DAY, *history) == {SATURDAY: {"cancelled": 1}}
    assert tallied(BY_DAY, session_cancelled()) == {}


def test_that_it_comes_up_is_told_of_one_start() -> None:
    given(VIEW, scheduled(), coming_up()).shows(coming_up=when(STARTS), status="scheduled")


def test_a_risk_is_one_of_the_start_it_was_told_of() -> None:
    risk = at_risk(at=LATE)
    told = given(VIEW, scheduled(min_attendance=6), risk)
    told.shows(at_risk=True)
    assert told.document["risk"] == {
        "at": when(LATE),
        "starts_at": when(STARTS),
        "expected": "2.5",
        "signed_up": 4,
        "min_attendance": 6,
    }
    given(VIEW, scheduled(), risk, changed(starts_at=LATER, ends_at="2026-04-12T12:00:00-04:00")).shows(
        at_risk=False
    )


def test_sessions_count_on_the_day_of_their_start_and_move_with_it() -> None:
    history = [
        scheduled("s1", capacity=10, min_attendance=6),
        at_risk("s1"),
        scheduled("s2", neighbourhood_id="north"),
    ]
    assert tallied(BY_DAY, *history) == {
        SATURDAY: {"sessions": 1, "with_minimum": 1, "at_risk": 1, "places": 10},
        ("riverton", "2026-04-11", "north"): {"sessions": 1},
    }
    moved = changed("s1", starts_at=LATER, ends_at="2026-04-12T12:00:00-04:00")
    assert tallied(BY_DAY, *history, moved)["riverton", "2026-04-12", ""] == {"sessions": 1}
