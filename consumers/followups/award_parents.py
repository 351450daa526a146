"""An award made of the money of another: told to that one, in the city where it stands.

Told again when the award itself is told again with another parent or another sum. The state is one award's.
"""

from typing import Final

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.awards import AwardGranted, AwardRef, AwardRegranted
from projections.core import Document, types

RULE: Final = "award.reaches_parent"
FIELDS: Final = {
    "city": "the city's short name",
    "award_id": "id within the city",
    "parent_city": "where the parent told last stands, or None",
    "parent_award_id": "its id, or None",
    "amount": "the amount told last, decimal text",
    "currency": "ISO 4217 code",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The award as told last, and what its parent is to know of it."""
    data = event.data
    if not isinstance(data, AwardGranted):
        return state, ()
    parent = data.parent_award
    after = {
        "city": event.city,
        "award_id": event.subject,
        "parent_city": parent and parent.city,
        "parent_award_id": parent and parent.award_id,
        "amount": data.amount,
        "currency": data.currency,
    }
    return after, [] if parent is None or after == state else [_told(event, data, parent)]


def _told(event: Event, data: AwardGranted, parent: AwardRef) -> Effect:
    made = AwardRef(city=event.city, award_id=event.subject)
    told = AwardRegranted(rule=RULE, to_award=made, amount=data.amount, currency=data.currency)
    return Emit(RULE, told, subject=parent.award_id, city=parent.city)


MANAGER: Final[ProcessManager] = process_manager(
    "award_parents",
    "Tells an award of each award that was made of its money",
    types("award.granted"),
    react,
    FIELDS,
)
