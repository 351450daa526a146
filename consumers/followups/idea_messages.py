"""What the author and the supporters of an idea are told: that it came, and each answer of the city."""

from collections.abc import Iterator
from typing import Final

from consumers.engine.effects import (
    Announce,
    Effect,
    Join,
    Leave,
    Notify,
    ProcessManager,
    Reaction,
    process_manager,
)
from events.envelope import Event
from events.types.ideas import IdeaAnswered, IdeaSubmitted, IdeaSupported, IdeaSupportWithdrawn
from projections.core import Document, types

RECEIVED, ANSWERED = "idea.received", "idea.answered"
FIELDS: Final = {
    "city": "the city's short name",
    "idea_id": "id within the city",
    "authors": "who sent it, by pseudonym; empty until that is told",
    "submitted": "whether it was",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The idea after this event, and who is told."""
    idea = _blank(event) if state is None else state
    if isinstance(event.data, IdeaSubmitted) and not idea["submitted"]:
        named = [event.participant] if event.participant else []
        idea = {**idea, "submitted": True, "authors": [*named, *event.data.co_author_refs]}
    return idea, list(_told(state, idea, event))


def _blank(event: Event) -> Document:
    return {"city": event.city, "idea_id": event.subject, "authors": [], "submitted": False}


def _told(before: Document | None, idea: Document, event: Event) -> Iterator[Effect]:
    match event.data:
        case IdeaSubmitted() if before is None or not before["submitted"]:
            yield from (Notify(RECEIVED, one, "idea_received") for one in _authors(idea))
        case IdeaSupported() if event.participant is not None:
            yield Join(event.participant)
        case IdeaSupportWithdrawn() if event.participant is not None:
            yield Leave(event.participant)
        case IdeaAnswered() as data:
            said = {"decision": data.decision}
            yield from (Notify(ANSWERED, one, "idea_answered", said) for one in _authors(idea))
            yield Announce(ANSWERED, "supported_idea_answered", said)


def _authors(idea: Document) -> list[str | None]:
    """Whoever gave no name comes back with the tracking code."""
    return list(dict.fromkeys(idea["authors"])) or [None]


MANAGER: Final[ProcessManager] = process_manager(
    "idea_messages",
    "Tells authors and supporters what became of an idea",
    types("idea.submitted", "idea.supported", "idea.support_withdrawn", "idea.answered"),
    react,
    FIELDS,
)
