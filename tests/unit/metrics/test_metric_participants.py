"""How many take part, come back and go further: by histories that can be counted by hand."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.envelope import Event
from tests.support.builders.participants import acted, erased
from tests.support.histories_participants import PARTICIPANT_EVENT
from tests.support.metrics import number, scope, shows

MARCH, APRIL, MAY = (f"2026-0{month}-15T12:00:00-04:00" for month in (3, 4, 5))
SPRING = scope("2026-03-01", "2026-05-31")
LATER = datetime(2026, 12, 31, tzinfo=UTC)


def crowd(size: int, *times: str, name: str = "anybody", action: str = "idea.supported") -> list[Event]:
    return [acted(f"{name}-pseudonym-{one:04}", at=at, action=action) for one in range(size) for at in times]


def test_each_participant_counts_once_in_a_month_and_once_in_many() -> None:
    history = [*crowd(6, MARCH, APRIL, APRIL), *crowd(7, APRIL, name="newcomer")]
    assert number("participants", *history).value == 13
    assert number("participants", *history, about=SPRING).value == 13
    assert number("participants", *history, about=scope("2026-05-01", "2026-05-31")).value == 0
    assert number("participants", *history, about=scope("2026-03-01", "2026-03-31")).value == 6


def test_participants_stand_beside_the_residents_of_the_last_year_that_is_known() -> None:
    shown = number("participants.per_thousand", *crowd(20, APRIL))
    shows(shown, "2.5", numerator=20, denominator=8000)
    assert shown.inputs["residents_in_year"] == 2026
    assert number("participants.per_thousand", *crowd(4, APRIL)).suppressed


def test_few_participants_are_not_shown() -> None:
    shown = number("participants", *crowd(4, APRIL))
    assert (shown.suppressed, shown.value, shown.inputs) == (True, None, {})


def test_who_was_erased_counts_no_more() -> None:
    history = [*crowd(7, APRIL), erased("anybody-pseudonym-0000")]
    assert number("participants", *history).value == 6


def test_repeat_participants_are_those_of_earlier_months() -> None:
    history = [*crowd(5, MARCH, APRIL), *crowd(15, APRIL, name="newcomer")]
    shown = number("repeat_participants", *history)
    shows(shown, "25.0", numerator=5, denominator=20)
    assert shown.inputs == {"for_the_first_time": 15}
    shown = number("repeat_participants", *history, about=SPRING)
    shows(shown, "0.0", denominator=20)


@pytest.mark.parametrize(("old", "new"), [(3, 20), (20, 3)])
def test_a_share_is_hidden_where_it_or_the_rest_are_few(old: int, new: int) -> None:
    history = [*crowd(old, MARCH, APRIL), *crowd(new, APRIL, name="newcomer")]
    assert number("repeat_participants", *history).suppressed


def test_first_timers_who_came_back() -> None:
    about = scope("2026-03-01", "2026-04-30", now=LATER)
    history = [*crowd(5, MARCH, MAY), *crowd(15, APRIL, APRIL, name="newcomer")]
    shown = number("return_90_days", *history, about=about)
    shows(shown, "25.0", numerator=5, denominator=20)
    assert (shown.notes, shown.completeness) == ((), 100)


def test_months_whose_ninety_days_are_not_over_are_left_out() -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)  # 92 days after the end of March
    history = [*crowd(10, MARCH, APRIL), *crowd(30, APRIL, name="newcomer")]
    shown = number("return_90_days", *history, about=scope("2026-03-01", "2026-04-30", now=at))
    shows(shown, "100.0", denominator=10, completeness=25)
    assert shown.notes == ("months that are not 90 days over are left out",)
    early = scope("2026-03-01", "2026-04-30", now=datetime(2026, 6, 29, 12, tzinfo=UTC))
    assert number("return_90_days", *history, about=early).value is None


def test_the_ladder_is_climbed_by_who_acts_after_their_feedback() -> None:
    history = [
        *crowd(20, APRIL, action="service_request.opened"),
        *crowd(5, MAY, action="signup.registered"),
        *crowd(6, MARCH, action="idea.supported"),
    ]
    shown = number("ladder.volunteer", *history)
    shows(shown, "25.0", numerator=5, denominator=20)
    assert number("ladder.support", *history).numerator == 0
    assert number("ladder.volunteer", *history, about=scope("2026-05-01", "2026-05-31")).denominator == 0


@given(history=st.lists(PARTICIPANT_EVENT, max_size=20))
@settings(max_examples=50, deadline=None)
def test_participants_are_the_people_who_acted_and_were_not_erased(
    history: list[Event],
) -> None:
    """Held against a set of people. Few, so the numbers are looked at before they are hidden."""
    gone = {one.subject for one in history if one.type == erased().type}
    crowded = crowd(5, APRIL, name="others")
    year = scope("2026-01-01", "2026-12-31")
    here = {one.subject for one in history if one.type == acted().type and one.day.startswith("2026")} - gone
    assert number("participants", *history, *crowded, about=year).value == 5 + len(here)
