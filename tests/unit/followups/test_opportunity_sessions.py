"""An opportunity is told of each of its sessions, once for each start."""

from consumers.followups.registry import FOLLOW_UPS
from events.types.volunteering import OpportunitySessionAdded
from tests.support.build import when
from tests.support.builders.volunteering import STARTS, changed, scheduled
from tests.support.follow_ups import Story

SESSIONS = next(one for one in FOLLOW_UPS if one.name == "opportunity_sessions")
SUNDAY = "2026-04-12T09:00:00-04:00"


def added(starts: str) -> OpportunitySessionAdded:
    return OpportunitySessionAdded(
        rule="opportunity.collects_sessions", session_id="s1", starts_at=when(starts)
    )


def test_it_is_told_on_the_opportunity_s_own_key() -> None:
    told = Story(SESSIONS).told(cause := scheduled(opportunity_id="opp-7"))
    (event,) = told.published
    assert (event.key, event.time, event.causationid) == ("riverton/opp-7", cause.time, cause.id)
    assert told.data == [added(STARTS)]


def test_another_start_is_told_and_other_terms_are_not() -> None:
    told = Story(SESSIONS).told(scheduled(), changed(capacity=9))
    assert told.data == [added(STARTS)]
    told.told(changed(starts_at=SUNDAY, ends_at="2026-04-12T12:00:00-04:00"))
    assert told.data == [added(STARTS), added(SUNDAY)]


def test_a_change_before_the_schedule_is_enough() -> None:
    assert Story(SESSIONS).told(changed(), scheduled()).data == [added(STARTS)]


def test_repeated_it_is_told_once() -> None:
    event = scheduled()
    told = Story(SESSIONS).told(event, event, scheduled())
    assert told.data == [added(STARTS)]


def test_the_same_history_makes_the_same_ids() -> None:
    event = scheduled()
    first, second = (Story(SESSIONS).told(event).published for _ in range(2))
    assert [one.id for one in first] == [one.id for one in second]
