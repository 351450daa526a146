"""The names of follow-ups, which are stored."""

from consumers.followups.registry import BY_GROUP, FOLLOW_UPS
from projections.registry import PROJECTIONS


def test_the_names_of_follow_ups_are_permanent() -> None:
    """Ids of derived events hold them: renamed, a manager tells everything again."""
    assert set(BY_GROUP) == {
        "townhall.application_messages.v1",
        "townhall.attendance_hours.v1",
        "townhall.award_links.v1",
        "townhall.award_parents.v1",
        "townhall.feedback_messages.v1",
        "townhall.grant_call_deadlines.v1",
        "townhall.grant_report_deadlines.v1",
        "townhall.grant_review_refusals.v1",
        "townhall.group_messages.v1",
        "townhall.hours_messages.v1",
        "townhall.idea_answers.v1",
        "townhall.idea_messages.v1",
        "townhall.milestones.v1",
        "townhall.opportunity_sessions.v1",
        "townhall.participant_actions.v1",
        "townhall.practice_links.v1",
        "townhall.problem_links.v1",
        "townhall.problem_messages.v1",
        "townhall.request_deadlines.v1",
        "townhall.request_disputes.v1",
        "townhall.request_duplicates.v1",
        "townhall.request_messages.v1",
        "townhall.request_promises.v1",
        "townhall.request_result_messages.v1",
        "townhall.result_links.v1",
        "townhall.service_promises.v1",
        "townhall.session_messages.v2",
        "townhall.session_watch.v2",
        "townhall.steward_duties.v1",
        "townhall.steward_messages.v1",
    }


def test_no_two_of_all_that_is_stored_have_one_name() -> None:
    """A state and a read model of one name would overwrite each other."""
    names = [name for one in (*PROJECTIONS, *FOLLOW_UPS) for name in one.collections]
    assert len(set(names)) == len(names)
    groups = [one.group for one in (*PROJECTIONS, *FOLLOW_UPS)]
    assert len(set(groups)) == len(groups)
