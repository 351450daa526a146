"""Volunteers hear once what counts of their time, and again only when that changes."""

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.hours import HoursVerified
from tests.support.build import ANN, event
from tests.support.builders.hours import logged, rejected, verified
from tests.support.follow_ups import Story

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "hours_messages")
DAY = {"worked_on": "2026-04-01"}


def story(*events: Event) -> Story:
    return Story(MESSAGES).told(*events)


def heard(told: Story) -> list[tuple[str | None, str, str | None]]:
    return [(one.recipient, one.template, one.fields.get("minutes")) for one in told.notices]


def attended(opportunity: str | None = "opp-1") -> Event:
    return logged(source="check_in", session_id="s1", attendance_id="att1", opportunity_id=opportunity)


def by_rule(minutes: int = 90) -> Event:
    return event("hours-1", HoursVerified(minutes=minutes, rule="hours.seen_to_come_and_go"))


def test_nobody_is_told_that_hours_were_logged_and_everybody_that_they_count() -> None:
    told = story(logged())
    assert told.notices == []
    assert heard(told.told(verified(minutes=60))) == [(ANN, "hours_verified", "60")]
    assert told.notices[0].about == "hours-1"
    assert told.notices[0].fields == DAY | {"minutes": "60"}


def test_who_came_to_an_opportunity_is_thanked_in_its_name() -> None:
    told = story(attended(), by_rule())
    assert heard(told) == [(ANN, "session_thanks", "90")]
    assert told.notices[0].about == "opp-1"
    assert heard(story(attended(opportunity=None), by_rule())) == [(ANN, "hours_verified", "90")]


def test_what_does_not_count_is_told_and_so_is_a_change_of_mind() -> None:
    told = story(logged(), rejected(), rejected(), verified(), verified(), verified(minutes=30))
    assert heard(told) == [
        (ANN, "hours_rejected", None),
        (ANN, "hours_verified", "90"),
        (ANN, "hours_verified", "30"),
    ]


def test_the_same_minutes_from_somebody_else_are_no_news() -> None:
    assert heard(story(attended(), by_rule(), verified())) == [(ANN, "session_thanks", "90")]


def test_a_rule_does_not_outweigh_someone_s_word() -> None:
    assert heard(story(attended(), rejected(), by_rule())) == [(ANN, "hours_rejected", None)]
    assert heard(story(attended(), verified(minutes=60), by_rule())) == [(ANN, "session_thanks", "60")]


def test_a_decision_that_comes_before_the_entry_waits_for_it() -> None:
    early = story(by_rule(), verified(minutes=45))
    assert early.notices == []
    assert heard(early.told(logged())) == [(ANN, "hours_verified", "45")]


def test_an_entry_that_is_told_twice_is_answered_once() -> None:
    assert heard(story(logged(), verified(), logged())) == [(ANN, "hours_verified", "90")]


@pytest.mark.parametrize("decision", [verified(), rejected()])
def test_who_came_without_a_name_cannot_be_told_and_who_reported_without_one_can(decision: Event) -> None:
    nameless = {"participant": None}
    assert story(attended().model_copy(update=nameless), decision).notices == []
    (notice,) = story(logged().model_copy(update=nameless), decision).notices
    assert notice.recipient is None
