"""Tells an opportunity which sessions it has, and when they start."""

from typing import Final

from consumers.engine.effects import Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.volunteering import OpportunitySessionAdded, SessionChanged, SessionScheduled
from projections.core import Document, types

RULE: Final = "opportunity.collects_sessions"
FIELDS: Final = {
    "city": "the city's short name",
    "session_id": "id within the city",
    "opportunity_id": "the opportunity that was told of it last",
    "starts_at": "the start that it was told",
}


def react(state: Document | None, event: Event) -> Reaction:
    """A session that is new in its opportunity, or starts at another time, is told there."""
    data = event.data
    if not isinstance(data, SessionScheduled | SessionChanged):
        return state, ()
    after = {
        "city": event.city,
        "session_id": event.subject,
        "opportunity_id": data.opportunity_id,
        "starts_at": data.starts_at,
    }
    if after == state:
        return state, ()
    told = OpportunitySessionAdded(rule=RULE, session_id=event.subject, starts_at=data.starts_at)
    return after, [Emit(RULE, told, subject=data.opportunity_id)]


MANAGER: Final[ProcessManager] = process_manager(
    "opportunity_sessions",
    "Tells an opportunity of its sessions",
    types("session.scheduled", "session.changed"),
    react,
    FIELDS,
)
