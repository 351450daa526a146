"""Volunteers hear where they stand and what becomes of the session, once, whatever comes late or twice."""

from typing import Any

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.volunteering import SignupCancelled
from tests.support.build import ANN, BEN, event
from tests.support.builders.volunteering import (
    at_risk,
    changed,
    coming_up,
    no_show,
    promoted,
    scheduled,
    session_cancelled,
    signed_up,
    signup_cancelled,
)
from tests.support.follow_ups import Story

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "session_messages")
CAT = "cat-pseudonym-0003"
START = {"starts_at": "2026-04-11T13:00:00+00:00", "until_at": "2026-04-11T13:00:00+00:00"}
END = "2026-04-11T16:00:00+00:00"
SUNDAY: dict[str, Any] = {"starts_at": "2026-04-12T09:00:00-04:00", "ends_at": "2026-04-12T12:00:00-04:00"}
SUNDAY_START = {"starts_at": "2026-04-12T13:00:00+00:00", "until_at": "2026-04-12T13:00:00+00:00"}


TOMORROW = coming_up(rule="session.starts_tomorrow")


def story(*events: Event) -> Story:
    return Story(MESSAGES).told(*events)


def heard(told: Story) -> list[tuple[str | None, str]]:
    """Who was told what."""
    return [(one.recipient, one.template) for one in told.notices]


def news(*events: Event, after: list[Event]) -> list[tuple[str | None, str]]:
    """Who was told what by these events."""
    told = story(*after)
    known = len(told.notices)
    return heard(told.told(*events))[known:]


def three() -> list[Event]:
    """A session of two places: Ann and Ben have them, Cat waits."""
    waiting = signed_up(signup="su3", by=CAT, waitlisted=True)
    return [scheduled(capacity=2), signed_up(), signed_up(signup="su2", by=BEN), waiting]


def removed() -> Event:
    """An organiser cancels Ben's sign-up and does not name him."""
    return event("s1", SignupCancelled(signup_id="su2", notice_hours=1, by="organiser"))


# --- signing up ---------------------------------------------------------------------------------------


def test_who_signs_up_is_told_that_they_have_a_place_or_where_they_wait() -> None:
    told = story(*three(), signed_up(signup="su4", by="dan-pseudonym-0004", waitlisted=True))
    templates = ["signup_confirmed", "signup_confirmed", "signup_waiting", "signup_waiting"]
    assert [template for _, template in heard(told)] == templates
    assert [dict(one.fields) for one in told.notices] == [
        START,
        START,
        START | {"position": "1"},
        START | {"position": "2"},
    ]
    assert {one.about for one in told.notices} == {"opp-1"}


def test_a_sign_up_that_is_told_twice_is_answered_once() -> None:
    assert heard(story(scheduled(), signed_up(), signed_up())) == [(ANN, "signup_confirmed")]


def test_before_the_terms_are_known_nobody_is_told_and_then_everybody() -> None:
    session, *people = three()
    early = story(*people, signed_up(signup="su4"), signup_cancelled(signup="su2"), coming_up())
    assert early.notices == []
    early.told(session)
    assert heard(early) == [(ANN, "signup_confirmed"), (CAT, "signup_waiting"), (ANN, "signup_confirmed")]


def test_one_who_gave_up_before_they_signed_up_is_told_nothing() -> None:
    assert heard(story(scheduled(), signup_cancelled(), signed_up())) == []


def test_a_sign_up_for_a_session_that_is_cancelled_is_answered_by_that() -> None:
    assert heard(story(scheduled(), session_cancelled(), signed_up())) == [(ANN, "session_cancelled")]
    assert heard(story(session_cancelled(), signed_up(), scheduled())) == [(ANN, "session_cancelled")]


# --- places -------------------------------------------------------------------------------------------


def test_who_is_given_a_place_is_told_once() -> None:
    place = promoted(signup="su3", by=CAT)
    assert news(place, promoted(signup="su3", by=CAT), after=three()) == [(CAT, "signup_promoted")]


def test_the_person_is_known_from_the_sign_up_where_an_organiser_names_none() -> None:
    place = promoted(signup="su3").model_copy(update={"participant": None})
    assert news(place, after=three()) == [(CAT, "signup_promoted")]


@pytest.mark.parametrize(
    "before",
    [[], [signup_cancelled(signup="su3", by=CAT)], [session_cancelled()]],
    ids=["has", "gone", "off"],
)
def test_a_place_is_no_news_to_who_has_one_or_has_given_up_or_where_nothing_takes_place(
    before: list[Event],
) -> None:
    signup = "su3" if before else "su1"
    assert news(promoted(signup=signup), after=[*three(), *before]) == []


def test_a_place_that_was_given_before_the_sign_up_is_told_is_confirmed_with_it() -> None:
    late = signed_up(waitlisted=True)
    assert heard(story(scheduled(), promoted(), late)) == [(ANN, "signup_confirmed")]


def test_who_gives_up_is_not_told_so_but_whom_an_organiser_removes_is() -> None:
    assert news(signup_cancelled(), after=three()) == []
    assert news(removed(), removed(), after=three()) == [(BEN, "signup_removed")]
    assert news(removed(), after=[*three(), signup_cancelled(signup="su2")]) == []
    assert news(removed(), after=[*three(), session_cancelled()]) == []


# --- the session --------------------------------------------------------------------------------------


def test_everybody_with_a_place_is_reminded_of_the_start_that_holds() -> None:
    told = story(*three(), signup_cancelled(signup="su2", by=BEN), coming_up(), TOMORROW)
    assert heard(told)[3:] == [(ANN, "session_reminder")]
    assert told.notices[-1].fields == START
    assert news(TOMORROW, after=[*three(), changed(**SUNDAY)]) == []
    assert news(TOMORROW, after=[*three(), session_cancelled()]) == []


def test_who_has_two_places_is_told_once() -> None:
    twice = [scheduled(), signed_up(), signed_up(signup="su2")]
    assert news(TOMORROW, after=twice) == [(ANN, "session_reminder")]
    assert news(TOMORROW, after=[*twice, signup_cancelled()]) == [(ANN, "session_reminder")]


@pytest.mark.parametrize(
    ("terms", "what"),
    [(SUNDAY, "time"), ({"place": "The hall"}, "place"), ({**SUNDAY, "remote": True}, "time_and_place")],
)
def test_another_time_or_place_is_told_to_all_who_stand_there(terms: dict[str, Any], what: str) -> None:
    told = story(*three(), signup_cancelled(), moved := changed(capacity=2, **terms))
    assert heard(told)[3:] == [(BEN, "session_changed"), (CAT, "session_changed")]
    expected = SUNDAY_START if "starts_at" in terms else START
    assert told.notices[-1].fields["what"] == what
    assert expected.items() <= dict(told.notices[-1].fields).items()
    again = len(told.notices)
    assert len(told.told(moved, changed(capacity=2, **terms)).notices) == again


def test_other_terms_are_no_news() -> None:
    assert news(changed(capacity=9, min_attendance=4, opportunity_id="opp-2"), after=three()) == []
    assert news(changed(**SUNDAY), after=[*three(), session_cancelled()]) == []


def test_that_it_is_cancelled_is_told_once_to_all_who_stand_there() -> None:
    told = story(*three(), session_cancelled(), session_cancelled())
    assert heard(told)[3:] == [(one, "session_cancelled") for one in (ANN, BEN, CAT)]
    assert told.notices[-1].fields == START | {"until_at": END, "reason": "weather"}


def test_who_scheduled_it_is_told_that_too_few_are_expected_and_without_a_name_nobody() -> None:
    organised = scheduled(min_attendance=6).model_copy(update={"participant": BEN})
    told = story(organised, scheduled(min_attendance=6), changed(min_attendance=6), at_risk())
    assert heard(told) == [(BEN, "session_at_risk")]
    counts = {"expected": "2.5", "signed_up": "4", "min_attendance": "6"}
    assert told.notices[0].fields == START | counts
    assert heard(story(scheduled(min_attendance=6), at_risk())) == []
    assert heard(story(organised, changed(**SUNDAY), at_risk())) == []


def test_who_did_not_come_is_told_so_of_the_end_that_holds() -> None:
    assert news(no_show(), after=three()) == [(ANN, "session_missed")]
    assert news(no_show(), after=[*three(), changed(**SUNDAY)]) == []
    assert news(no_show(session_ended_at=SUNDAY["ends_at"]), after=[*three(), changed(**SUNDAY)])[-1:] == [
        (ANN, "session_missed")
    ]


def test_what_was_brought_in_from_elsewhere_is_told_to_nobody() -> None:
    imported = signed_up().model_copy(update={"origin": "import"})
    assert heard(story(scheduled(), imported)) == []


def test_sign_ups_beyond_the_bound_are_told_nothing_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.followups.followed.MOST", 2)
    told = story(*three())
    assert heard(told) == [(ANN, "signup_confirmed"), (BEN, "signup_confirmed")]
    assert told.state["not_followed"] == 1


def test_nothing_in_a_message_is_anybody_s_words() -> None:
    told = story(scheduled(place="At Ann's"), signed_up(), session_cancelled(note="Ann is ill"))
    assert not any("Ann" in value for one in told.notices for value in one.fields.values())
