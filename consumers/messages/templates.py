"""Every message that townhall writes, by permanent name: what it is about, and how it may be sent.

The words stand in `languages`, one file for each language.
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["receipt", "progress", "outcome", "reminder", "notice"]
"""As `followup.*` events tell it: an `outcome` that is sent closes a loop."""
Urgency = Literal["at_once", "by_day", "any_day"]
"""`at_once` answers what somebody did this minute; `by_day` waits while they sleep; `any_day` may wait for
the digest of who asked for one."""
Purpose = Literal["updates", "reminders"]
"""What the recipient must have allowed."""


@dataclass(frozen=True)
class Template:
    """One message; None as its `purpose`: it answers what they did themselves."""

    name: str
    about: str
    """The kind of thing, as in `service_request`."""
    kind: Kind
    urgency: Urgency
    purpose: Purpose | None


_ALL: Final = (
    Template("weekly_digest", "participant", "progress", "any_day", "updates"),
    Template("idea_received", "idea", "receipt", "at_once", None),
    Template("idea_answer_asked", "idea", "progress", "any_day", "updates"),
    Template("idea_looked_into", "idea", "progress", "any_day", "updates"),
    Template("idea_answered", "idea", "outcome", "any_day", "updates"),
    Template("supported_idea_answered", "idea", "progress", "any_day", "updates"),
    Template("signup_confirmed", "opportunity", "receipt", "at_once", None),
    Template("signup_waiting", "opportunity", "receipt", "at_once", None),
    Template("signup_promoted", "opportunity", "notice", "by_day", None),
    Template("signup_removed", "opportunity", "notice", "by_day", None),
    Template("session_reminder", "opportunity", "reminder", "by_day", "reminders"),
    Template("session_changed", "opportunity", "notice", "by_day", None),
    Template("session_cancelled", "opportunity", "notice", "by_day", None),
    Template("session_at_risk", "opportunity", "notice", "by_day", "updates"),
    Template("session_missed", "opportunity", "notice", "by_day", "updates"),
    Template("session_thanks", "opportunity", "outcome", "any_day", "updates"),
    Template("hours_verified", "hours", "outcome", "any_day", "updates"),
    Template("hours_rejected", "hours", "outcome", "any_day", "updates"),
    Template("adoption_started", "asset", "receipt", "at_once", None),
    Template("adoption_refused", "asset", "receipt", "at_once", None),
    Template("adoption_given_back", "asset", "receipt", "at_once", None),
    Template("adoption_transferred", "asset", "notice", "by_day", None),
    Template("adoption_ended", "asset", "notice", "by_day", None),
    Template("adoption_lapsed", "asset", "notice", "by_day", None),
    Template("adoption_waiting", "asset", "receipt", "at_once", None),
    Template("adoption_offered", "asset", "notice", "by_day", None),
    Template("adoption_waiting_ended", "asset", "notice", "by_day", None),
    Template("check_in_due", "asset", "reminder", "by_day", "reminders"),
    Template("check_in_overdue", "asset", "reminder", "by_day", "reminders"),
    Template("application_received", "application", "receipt", "at_once", None),
    Template("application_withdrawn", "application", "receipt", "at_once", None),
    Template("application_question", "application", "notice", "by_day", None),
    Template("application_determined", "application", "outcome", "any_day", "updates"),
    Template("review_refused", "application", "notice", "by_day", None),
    Template("award_paid", "application", "notice", "by_day", "updates"),
    Template("report_due", "application", "reminder", "by_day", "reminders"),
    Template("report_overdue", "application", "reminder", "by_day", "reminders"),
    Template("idea_result_progressed", "idea", "progress", "any_day", "updates"),
    Template("idea_result_finished", "idea", "outcome", "any_day", "updates"),
    Template("supported_idea_result_progressed", "idea", "progress", "any_day", "updates"),
    Template("idea_withdrawn", "idea", "notice", "any_day", "updates"),
    Template("supported_idea_withdrawn", "idea", "notice", "any_day", "updates"),
    Template("group_formed", "group", "receipt", "at_once", None),
    Template("group_member_joined", "group", "notice", "any_day", "updates"),
    Template("group_led", "group", "notice", "any_day", "updates"),
    Template("group_has_new_leader", "group", "notice", "any_day", "updates"),
    Template("volunteer_milestone", "participant", "notice", "any_day", "updates"),
    Template("steward_milestone", "participant", "notice", "any_day", "updates"),
    Template("request_received", "service_request", "receipt", "at_once", None),
    Template("request_acknowledged", "service_request", "progress", "any_day", "updates"),
    Template("request_expected", "service_request", "progress", "any_day", "updates"),
    Template("request_moved", "service_request", "progress", "any_day", "updates"),
    Template("request_update", "service_request", "progress", "any_day", "updates"),
    Template("request_overdue", "service_request", "progress", "any_day", "updates"),
    Template("request_joined", "service_request", "progress", "any_day", "updates"),
    Template("request_closed", "service_request", "outcome", "any_day", "updates"),
    Template("request_reopened", "service_request", "progress", "any_day", "updates"),
    Template("request_original_acknowledged", "service_request", "progress", "any_day", "updates"),
    Template("request_original_closed", "service_request", "outcome", "any_day", "updates"),
    Template("request_original_reopened", "service_request", "progress", "any_day", "updates"),
    Template("request_result_progressed", "service_request", "progress", "any_day", "updates"),
    Template("request_result_completed", "service_request", "outcome", "any_day", "updates"),
    Template("feedback_received", "program_feedback", "receipt", "at_once", None),
    Template("problem_received", "problem", "receipt", "at_once", None),
    Template("problem_result_progressed", "problem", "progress", "any_day", "updates"),
    Template("problem_result_completed", "problem", "outcome", "any_day", "updates"),
)
TEMPLATES: Final = {one.name: one for one in _ALL}
