"""A kind word when somebody has come to help, or has looked after something, for the 1st, 10th, ... time.

What counts is a check-in: of a volunteer at a session, of a steward at a thing of the city. A sign-up is a
promise, and logged hours are of a time that counted already. Who is erased is counted and thanked no more.
"""

from typing import Final

from consumers.engine.effects import Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.participants import ParticipantActed, ParticipantErased
from projections.core import Document, types

COUNTED: Final = {"attendance.checked_in": "volunteered", "stewardship.checked_in": "cared"}
TEMPLATES: Final = {"volunteered": "volunteer_milestone", "cared": "steward_milestone"}
TIMES: Final = frozenset({1, 10, 25, 50, 100})
FIELDS: Final = {
    "city": "the city's short name",
    "participant": "who, by pseudonym",
    "volunteered": "how often they came to help",
    "cared": "how often they looked after something",
    "erased": "whether they are, and nothing is counted",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The participant after this event, and what they are thanked for."""
    before = _blank(event) if state is None else state
    match event.data:
        case ParticipantErased():
            return {**_blank(event), "erased": True}, ()
        case ParticipantActed(action=action) if action in COUNTED and not before["erased"]:
            count = COUNTED[action]
            times = before[count] + 1
            told = [Notify(f"milestone.{count}", event.participant, TEMPLATES[count], {"times": str(times)})]
            return {**before, count: times}, told if times in TIMES else ()
    return state, ()


def _blank(event: Event) -> Document:
    return {"city": event.city, "participant": event.subject, "volunteered": 0, "cared": 0, "erased": False}


MANAGER: Final[ProcessManager] = process_manager(
    "milestones",
    "Thanks participants for the 1st, 10th, 25th, 50th and 100th time",
    types("participant.acted", "participant.erased"),
    react,
    FIELDS,
)
