"""Applicants hear what becomes of their application, and reviewers what of theirs does not count."""

from typing import Any

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.applications import Owed
from tests.support.build import ANN, when
from tests.support.builders.grants import (
    REVIEWER,
    applied,
    asked,
    determined,
    progressed,
    refused,
    reviewed,
    withdrawn,
)
from tests.support.follow_ups import Story

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "application_messages")
DUE, DUE_UTC = "2026-07-15T17:00:00-04:00", "2026-07-15T21:00:00+00:00"
OWED = Owed(report_id="interim", due_at=when(DUE))


def story(*events: Event) -> Story:
    """Ann has applied; what is told after that."""
    told = Story(MESSAGES).told(by_ann())
    told.notices.clear()
    return told.told(*events)


def by_ann() -> Event:
    return applied().model_copy(update={"participant": ANN})


def heard(told: Story) -> list[tuple[str | None, str, dict[str, str]]]:
    return [(one.recipient, one.template, dict(one.fields)) for one in told.notices]


def test_who_applies_is_told_once_that_it_came() -> None:
    told = Story(MESSAGES).told(by_ann(), applied())
    assert heard(told) == [(ANN, "application_received", {})]
    assert told.notices[0].about == "app-1"


def test_who_applied_without_a_name_comes_back_with_the_tracking_code() -> None:
    told = Story(MESSAGES).told(applied(), determined())
    assert [one.recipient for one in told.notices] == [None, None]


def test_of_an_application_that_was_never_submitted_nobody_is_told() -> None:
    every = (asked(), withdrawn(), determined(), progressed(), progressed(report_overdue=OWED))
    assert Story(MESSAGES).told(*every).notices == []


def test_a_question_is_told_with_its_date_where_it_has_one() -> None:
    assert heard(story(asked())) == [(ANN, "application_question", {})]
    assert heard(story(asked(due_at=DUE))) == [(ANN, "application_question", {"due_at": DUE_UTC})]


def test_taking_it_back_is_confirmed_once_and_what_is_determined_then_is_not_told() -> None:
    assert heard(story(withdrawn(), withdrawn(), determined())) == [(ANN, "application_withdrawn", {})]


def test_a_determination_is_told_and_another_one_as_well() -> None:
    dismissed: dict[str, Any] = {
        "outcome": "dismissed",
        "amount": None,
        "currency": None,
        "reason": "Ann was late",
    }
    told = story(determined(), determined(), determined(**dismissed), determined(amount="900"))
    accepted = {"outcome": "accepted", "currency": "USD"}
    assert heard(told) == [
        (ANN, "application_determined", accepted | {"amount": "1500"}),
        (ANN, "application_determined", {"outcome": "dismissed"}),
        (ANN, "application_determined", accepted | {"amount": "900"}),
    ]


def test_what_comes_of_the_award_reaches_who_applied() -> None:
    told = story(progressed(), progressed(report_due=OWED), progressed(report_overdue=OWED))
    assert heard(told) == [
        (ANN, "award_paid", {"amount": "750.50", "currency": "USD", "paid_on": "2026-05-02"}),
        (ANN, "report_due", {"due_at": DUE_UTC, "until_at": DUE_UTC}),
        (ANN, "report_overdue", {"due_at": DUE_UTC}),
    ]
    assert {one.about for one in told.notices} == {"app-1"}


@pytest.mark.parametrize("reason", ["conflict", "recused", "determined"])
def test_a_reviewer_is_told_once_for_each_reason_that_their_review_does_not_count(reason: str) -> None:
    again = refused(reason=reason, review_id="review-2")
    told = story(reviewed(), refused(reason=reason), again, refused(reason=reason, by="other-reviewer-1"))
    assert heard(told) == [
        (REVIEWER, "review_refused", {"reason": reason}),
        ("other-reviewer-1", "review_refused", {"reason": reason}),
    ]


def test_of_many_refusals_the_state_keeps_some() -> None:
    told = story(*(refused(by=f"reviewer-pseudonym-{n}") for n in range(120)))
    assert len(told.notices) == 120
    assert len(told.state["refused"]) == 100
