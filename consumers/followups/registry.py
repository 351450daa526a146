"""Every follow-up: a process manager by permanent name and version, one line each.

Each has checkpoints, states and timers of its own. A higher version begins again at the start of the
log, and is silent up to where the one before it stood.
"""

from typing import Final

from consumers.engine.effects import ProcessManager
from consumers.followups import (
    application_messages,
    attendance_hours,
    award_links,
    award_parents,
    feedback_messages,
    grant_call_deadlines,
    grant_report_deadlines,
    grant_review_refusals,
    group_messages,
    hours_messages,
    idea_answers,
    idea_messages,
    milestones,
    opportunity_sessions,
    participant_actions,
    practice_links,
    problem_links,
    problem_messages,
    request_deadlines,
    request_disputes,
    request_duplicates,
    request_messages,
    request_promises,
    request_result_messages,
    result_links,
    service_promises,
    session_messages,
    session_watch,
    steward_duties,
    steward_messages,
)
from events.topics import (
    GRANTS,
    GROUPS,
    IDEAS,
    PARTICIPANTS,
    PRACTICES,
    REQUESTS,
    RESULTS,
    STEWARDSHIP,
    VOLUNTEERING,
    Topic,
)
from projections.core import Projection


def _follow_up(manager: ProcessManager, version: int, *topics: Topic) -> Projection:
    return Projection(manager.name, version, topics, documents=(manager,))


FOLLOW_UPS: Final[tuple[Projection, ...]] = (
    _follow_up(request_deadlines.MANAGER, 1, REQUESTS),
    _follow_up(participant_actions.MANAGER, 1, REQUESTS, IDEAS, VOLUNTEERING, STEWARDSHIP, GROUPS, GRANTS),
    _follow_up(grant_call_deadlines.MANAGER, 1, GRANTS),
    _follow_up(grant_review_refusals.MANAGER, 1, GRANTS),
    _follow_up(grant_report_deadlines.MANAGER, 1, GRANTS),
    _follow_up(award_parents.MANAGER, 1, GRANTS),
    _follow_up(result_links.MANAGER, 1, RESULTS),
    _follow_up(problem_links.MANAGER, 1, IDEAS),
    _follow_up(practice_links.MANAGER, 1, PRACTICES),
    _follow_up(steward_duties.MANAGER, 1, STEWARDSHIP),
    _follow_up(session_watch.MANAGER, 2, VOLUNTEERING),
    _follow_up(opportunity_sessions.MANAGER, 1, VOLUNTEERING),
    _follow_up(attendance_hours.MANAGER, 1, VOLUNTEERING),
    _follow_up(idea_answers.MANAGER, 1, IDEAS),
    _follow_up(idea_messages.MANAGER, 1, IDEAS),
    _follow_up(session_messages.MANAGER, 2, VOLUNTEERING),
    _follow_up(hours_messages.MANAGER, 1, VOLUNTEERING),
    _follow_up(steward_messages.MANAGER, 1, STEWARDSHIP),
    _follow_up(award_links.MANAGER, 1, GRANTS),
    _follow_up(application_messages.MANAGER, 1, GRANTS),
    _follow_up(group_messages.MANAGER, 1, GROUPS),
    _follow_up(milestones.MANAGER, 1, PARTICIPANTS),
    _follow_up(request_disputes.MANAGER, 1, REQUESTS),
    _follow_up(request_duplicates.MANAGER, 1, REQUESTS),
    _follow_up(request_promises.MANAGER, 1, REQUESTS),
    _follow_up(service_promises.MANAGER, 1, REQUESTS),
    _follow_up(request_messages.MANAGER, 1, REQUESTS),
    _follow_up(request_result_messages.MANAGER, 1, REQUESTS),
    _follow_up(feedback_messages.MANAGER, 1, REQUESTS),
    _follow_up(problem_messages.MANAGER, 1, IDEAS),
)
BY_GROUP: Final[dict[str, Projection]] = {one.group: one for one in FOLLOW_UPS}
