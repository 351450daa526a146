"""What counts as participation, and on which rung of the ladder each of it stands.

Listed is what people do of their own accord. What staff, rules and clocks do is no participation, nor is what
ends something (a support withdrawn, a sign-up cancelled), nor a consent or a wish to be forgotten.
"""

from typing import Final, Literal

Rung = Literal["feedback", "support", "volunteer", "steward", "lead"]
RUNGS: Final[tuple[Rung, ...]] = ("feedback", "support", "volunteer", "steward", "lead")
"""From telling the city something to answering for others."""

RUNG_OF: Final[dict[str, Rung]] = {
    "service_request.opened": "feedback",
    "service_request.update_posted": "feedback",
    "service_request.reopened": "feedback",
    "resolution.confirmed": "feedback",
    "resolution.disputed": "feedback",
    "program_feedback.submitted": "feedback",
    "idea.submitted": "support",
    "idea.supported": "support",
    "priority_ballot.cast": "support",
    "signup.registered": "volunteer",
    "attendance.checked_in": "volunteer",
    "hours.logged": "volunteer",
    "group.member_joined": "volunteer",
    "adoption.started": "steward",
    "adoption.waitlist_joined": "steward",
    "stewardship.checked_in": "steward",
    "group.formed": "lead",
    "group.leader_changed": "lead",
    "application.submitted": "lead",
}
"""By the name of the event."""
