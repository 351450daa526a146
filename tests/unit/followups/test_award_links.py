"""An application hears of its award what concerns who applied, in its own city."""

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.applications import ApplicationAwardProgressed, Owed, Paid
from tests.support.build import CITY, when
from tests.support.builders.awards import DUE, granted, paid, report_due, report_overdue, reported
from tests.support.follow_ups import Story

LINKS = next(one for one in FOLLOW_UPS if one.name == "award_links")
RULE = "award.reaches_application"


def story(*events: Event) -> Story:
    return Story(LINKS).told(*events)


def test_a_payment_and_what_is_due_reach_the_application() -> None:
    told = story(granted(), payment := paid(), report_due(), report_overdue())
    owed = Owed(report_id="interim", due_at=when(DUE))
    assert told.data == [
        ApplicationAwardProgressed(
            rule=RULE,
            award_id="award-1",
            paid=Paid(instalment_id="1", amount="1500", currency="USD", paid_on="2026-04-01"),
        ),
        ApplicationAwardProgressed(rule=RULE, award_id="award-1", report_due=owed),
        ApplicationAwardProgressed(rule=RULE, award_id="award-1", report_overdue=owed),
    ]
    first = told.published[0]
    assert (first.city, first.subject, first.time) == (CITY, "app-1", payment.time)
    assert first.causationid == payment.id
    assert {one.participant for one in told.published} == {None}


def test_each_is_told_once_however_often_it_comes() -> None:
    assert len(story(granted(), payment := paid(), payment, granted()).published) == 1


def test_what_was_paid_is_told_to_the_application_named_last() -> None:
    told = story(granted(), granted(application_id="app-2"), paid())
    assert [one.subject for one in told.published] == ["app-2"]


def test_before_the_award_is_known_nothing_is_told_and_a_report_that_came_is_not() -> None:
    assert story(paid(), granted(), reported()).published == []
