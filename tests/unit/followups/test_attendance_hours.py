"""Hours that follow from attendance: logged once, verified where somebody saw it, else left to a person."""

from itertools import permutations
from typing import Any

import pytest

from consumers.followups import followed
from consumers.followups.registry import FOLLOW_UPS
from events.types.hours import HoursLogged, HoursVerified
from tests.support.build import ANN, BEN
from tests.support.builders.volunteering import ENDS, STARTS, checked_in, checked_out, scheduled
from tests.support.follow_ups import Story

HOURS = next(one for one in FOLLOW_UPS if one.name == "attendance_hours")
RULE = "hours.seen_to_come_and_go"
LEFT = "2026-04-11T11:20:59-04:00"
AUTO: dict[str, Any] = {"method": "auto", "rule": "session.check_out_after_end"}


def story() -> Story:
    return Story(HOURS)


def logged(minutes: int, **rest: Any) -> HoursLogged:
    usual = {"worked_on": "2026-04-11", "source": "check_in", "session_id": "s1", "attendance_id": "att1"}
    return HoursLogged(minutes=minutes, **{**usual, **rest})


def verified(minutes: int) -> HoursVerified:
    return HoursVerified(minutes=minutes, rule=RULE)


def test_what_somebody_saw_is_logged_and_verified_at_once() -> None:
    told = story().told(checked_in(method="leader")).told(cause := checked_out(method="qr"))
    assert told.data == [logged(180), verified(180)]
    first, second = told.published
    assert first.key == second.key != cause.key
    assert first.participant == second.participant == ANN
    assert {first.causationid, second.causationid} == {cause.id}


@pytest.mark.parametrize(("came", "left"), [("self", "qr"), ("qr", "self"), ("self", "self")])
def test_what_volunteers_say_of_themselves_waits_for_a_person(came: str, left: str) -> None:
    assert story().told(checked_in(method=came), checked_out(method=left)).data == [logged(180)]


def test_an_end_that_a_rule_assumed_is_marked_and_waits_for_a_person() -> None:
    assert story().told(checked_in(), checked_out(**AUTO)).data == [logged(180, auto_checked_out=True)]


def test_who_is_still_there_has_no_hours() -> None:
    assert story().told(checked_in()).data == []
    assert story().told(checked_out()).data == []


def test_check_in_and_check_out_come_in_any_order() -> None:
    for history in permutations([scheduled(), checked_in(), checked_out()]):
        assert {one.minutes for one in story().told(*history).data} == {180}  # type: ignore[attr-defined]
        assert len(story().told(*history).data) == 2


def test_hours_count_for_what_the_session_is_for() -> None:
    terms = {"project_id": "p1", "group_id": "g1", "neighbourhood_id": "north"}
    told = story().told(scheduled(**terms), checked_in(), checked_out())
    assert told.data[0] == logged(180, opportunity_id="opp-1", **terms)


def test_the_day_is_that_of_the_check_in_on_the_city_s_calendar() -> None:
    """By UTC it is the 12th already."""
    late = {"checked_in_at": "2026-04-11T22:00:00-04:00"}
    told = story().told(checked_in(**late), checked_out(checked_out_at="2026-04-12T01:00:00-04:00"))
    assert told.data[0] == logged(180, worked_on="2026-04-11")


def test_they_are_logged_once_however_often_the_end_is_told() -> None:
    once = checked_out()
    told = story().told(checked_in(), once, once, checked_out(), checked_in())
    assert told.data == [logged(180), verified(180)]


def test_what_somebody_says_after_a_rule_assumed_the_end_is_verified() -> None:
    told = story().told(checked_in(), checked_out(**AUTO), checked_out(method="leader", checked_out_at=LEFT))
    assert told.data == [logged(180, auto_checked_out=True), verified(140)]
    told.told(checked_out(**AUTO))
    assert len(told.data) == 2


def test_a_rule_that_comes_after_somebody_s_word_changes_nothing() -> None:
    told = story().told(checked_in(), checked_out(checked_out_at=LEFT), checked_out(**AUTO))
    assert told.data == [logged(140), verified(140)]


def test_a_correction_is_verified_anew_in_the_same_entry() -> None:
    told = story().told(checked_in(), checked_out(), checked_out(method="leader", checked_out_at=LEFT))
    assert told.data == [logged(180), verified(180), verified(140)]
    assert len({one.key for one in told.published}) == 1


@pytest.mark.parametrize("left", [STARTS, "2026-04-11T09:00:59-04:00", "2026-04-11T08:00:00-04:00"])
def test_no_minute_is_no_entry(left: str) -> None:
    assert story().told(checked_in(), checked_out(checked_out_at=left)).data == []


def test_more_than_a_day_is_logged_as_a_day_and_a_person_looks_at_it() -> None:
    told = story().told(checked_in(), checked_out(checked_out_at="2026-04-14T09:00:00-04:00"))
    assert told.data == [logged(1440)]


def test_attendances_of_two_sessions_are_two_entries() -> None:
    told = story().told(checked_in("s1"), checked_in("s2"), checked_out("s1"), checked_out("s2"))
    assert len({one.key for one in told.published}) == 2


def test_who_just_came_has_hours_and_so_has_who_is_not_named() -> None:
    walked_in = checked_in(attendance="att2", signup_id=None, walk_in=True, by=BEN)
    nobody = checked_in(attendance="att3", signup_id=None, walk_in=True, by=None)
    told = story().told(
        walked_in, nobody, checked_out(attendance="att2", by=None), checked_out(attendance="att3", by=None)
    )
    assert [one.participant for one in told.published] == [BEN, BEN, None, None]


def test_the_state_is_bounded_and_forgets_those_that_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "MOST", 2)
    told = story().told(checked_in(attendance="a"), checked_out(attendance="a"), checked_in(attendance="b"))
    told.told(checked_in(attendance="c"), checked_in(attendance="d"))
    assert [one["id"] for one in told.state["attendances"]] == ["b", "c"]
    assert told.state["not_followed"] == 1
    assert len(told.told(checked_out(attendance="c")).data) == 4


def test_the_same_history_makes_the_same_ids() -> None:
    history = [checked_in(), checked_out(checked_out_at=ENDS)]
    first, second = (story().told(*history).published for _ in range(2))
    assert [(one.id, one.subject) for one in first] == [(one.id, one.subject) for one in second]
