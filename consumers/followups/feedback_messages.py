"""Whoever gives feedback on a program is told that it came, once."""

from typing import Final

from consumers.engine.effects import Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from projections.core import Document, types

RECEIVED: Final = "feedback.received"
FIELDS: Final = {"city": "the city's short name", "feedback_id": "id within the city"}


def react(state: Document | None, event: Event) -> Reaction:
    """The feedback, and who is told when it is first seen."""
    if state is not None:
        return state, ()
    received = {"city": event.city, "feedback_id": event.subject}
    return received, [Notify(RECEIVED, event.participant, "feedback_received")]


MANAGER: Final[ProcessManager] = process_manager(
    "feedback_messages",
    "Tells those who gave feedback that it came",
    types("program_feedback.submitted"),
    react,
    FIELDS,
)
