"""What becomes of sign-ups: who has a place, waits, cancelled in time, came or did not."""

from itertools import permutations

import pytest

from events.types.volunteering import SignupCancelled
from projections.views.signups import BY_DAY, BY_SESSION, BY_VOLUNTEER, VIEW
from tests.support.build import ANN, event, when
from tests.support.builders.volunteering import (
    ENDS,
    STARTS,
    checked_in,
    no_show,
    promoted,
    signed_up,
    signup_cancelled,
)
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-10T18:00:00-04:00"
AFTER = "2026-04-11T12:15:00-04:00"
SESSION, VOLUNTEER = ("riverton", "s1"), ("riverton", ANN)


def test_a_sign_up_stands_in_a_document_of_its_own() -> None:
    after = given(VIEW, signed_up(at=EARLY))
    assert list(after.documents) == ["riverton/s1/su1"]
    after.then(
        {
            "city": "riverton",
            "session_id": "s1",
            "signup_id": "su1",
            "participant": ANN,
            "status": "registered",
            "has_place": True,
            "waitlisted": False,
            "registered_at": when(EARLY),
            "registered_on": "2026-04-01",
            "promoted_at": None,
            "promoted_by": None,
            "cancelled_at": None,
            "cancelled_on": None,
            "cancelled_by": None,
            "notice_hours": None,
            "session_ended_at": None,
            "missed_on": None,
            "came_at": None,
            "came_on": None,
            "updated_at": when(EARLY),
        }
    )


def test_who_waits_has_no_place_until_one_is_given() -> None:
    waiting = signed_up(waitlisted=True)
    given(VIEW, waiting).shows(status="waiting", has_place=False)
    given(VIEW, waiting, promoted(at=LATE)).shows(
        status="registered", has_place=True, promoted_at=when(LATE), promoted_by="organiser"
    )
    given(VIEW, promoted(rule="session.first_who_waits"), waiting).shows(
        status="registered", promoted_by="rule", waitlisted=True
    )
    assert tallied(BY_SESSION, waiting) == {SESSION: {"waiting": 1}}
    assert tallied(BY_SESSION, waiting, promoted()) == {SESSION: {"signed_up": 1}}


def test_signed_up_twice_it_is_the_first_that_counts() -> None:
    given(VIEW, signed_up(at=EARLY), signed_up(at=LATE, waitlisted=True)).shows(
        registered_at=when(EARLY), status="registered"
    )


@pytest.mark.parametrize(("hours", "measure"), [(23, "cancelled_late"), (24, "cancelled_early")])
def test_a_place_given_back_counts_by_its_notice(hours: int, measure: str) -> None:
    history = [signed_up(at=EARLY), signup_cancelled(at=LATE, notice_hours=hours)]
    given(VIEW, *history).shows(status="cancelled", notice_hours=hours, cancelled_at=when(LATE))
    assert tallied(BY_DAY, *history) == {
        ("riverton", "2026-04-01"): {"registered": 1},
        ("riverton", "2026-04-10"): {measure: 1},
    }


def test_who_had_no_place_or_was_turned_away_gave_none_back() -> None:
    by_organiser = SignupCancelled(signup_id="su1", notice_hours=1, by="organiser")
    turned_away = [signed_up(), event("s1", by_organiser)]
    left = [signed_up(waitlisted=True), signup_cancelled(notice_hours=1)]
    for history in (turned_away, left):
        assert tallied(BY_VOLUNTEER, *history) == {VOLUNTEER: {"signups": 1}}
        assert tallied(BY_SESSION, *history) == {SESSION: {"cancelled": 1}}
        assert tallied(BY_DAY, *history) == {("riverton", "2026-04-01"): {"registered": 1}}


def test_who_did_not_come_is_a_no_show_on_the_day_of_the_session() -> None:
    history = [signed_up(at=EARLY), no_show(at=AFTER)]
    given(VIEW, *history).shows(status="no_show", session_ended_at=when(ENDS), missed_on="2026-04-11")
    assert tallied(BY_DAY, *history)["riverton", "2026-04-11"] == {"no_shows": 1}
    assert tallied(BY_SESSION, *history) == {SESSION: {"signed_up": 1, "no_shows": 1}}
    assert tallied(BY_VOLUNTEER, *history) == {VOLUNTEER: {"signups": 1, "no_shows": 1}}


def test_who_came_came_in_whatever_order_it_is_told() -> None:
    """A no-show that was told before a late check-in reached the log no longer counts."""
    for history in permutations([signed_up(at=EARLY), no_show(at=AFTER), checked_in(at=AFTER)]):
        given(VIEW, *history).shows(status="came", came_at=when(STARTS), came_on="2026-04-11")
        assert tallied(BY_SESSION, *history) == {SESSION: {"signed_up": 1, "came": 1}}
        assert tallied(BY_VOLUNTEER, *history) == {VOLUNTEER: {"signups": 1, "came": 1}}


def test_the_first_check_in_says_when_a_sign_up_came() -> None:
    later = checked_in(attendance="att2", checked_in_at=ENDS)
    given(VIEW, signed_up(), later, checked_in()).shows(came_at=when(STARTS))


def test_a_cancellation_before_the_end_outweighs_a_no_show_and_one_after_it_does_not() -> None:
    given(VIEW, signed_up(), no_show(at=AFTER), signup_cancelled(at=LATE)).shows(status="cancelled")
    given(VIEW, signed_up(), no_show(at=AFTER), signup_cancelled(at=AFTER)).shows(status="no_show")


def test_who_just_came_has_no_sign_up() -> None:
    assert given(VIEW, checked_in(signup_id=None, walk_in=True)).documents == {}


def test_what_is_told_of_a_sign_up_that_was_never_made_leaves_its_trace() -> None:
    given(VIEW, signup_cancelled(at=LATE)).shows(status="cancelled", waitlisted=None, participant=ANN)
    given(VIEW, no_show()).shows(status="no_show", has_place=False)
    assert tallied(BY_DAY, signup_cancelled(at=LATE)) == {}
