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
    Template("idea_answered", "idea", "outcome", "any_day", "updates"),
    Template("supported_idea_answered", "idea", "progress", "any_day", "updates"),
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
