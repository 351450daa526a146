"""A city whose practice another one took up hears of it, on the practice's own key in its own city.

Each origin is told once, however often the adoption is told. A state keeps the 20 origins told last: a city
that takes up its practice from more of them than that may tell an early one again, at the same key.
"""

from typing import Final

from consumers.engine.effects import Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.practices import PracticeAdopted, PracticeAdoptedElsewhere
from projections.core import Document, types

TO_ORIGIN: Final = "practice.reaches_origin"
ORIGINS_KEPT: Final = 20
FIELDS: Final = {
    "city": "the city's short name",
    "practice_id": "id within the city",
    "origins": "`city/practice` of those that were told",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The practice after this event. What a city took up from itself is told to nobody."""
    data = event.data
    if not isinstance(data, PracticeAdopted) or data.from_city == event.city:
        return state, ()
    told = [] if state is None else state["origins"]
    origin = f"{data.from_city}/{data.from_practice_id}"
    if origin in told:
        return state, ()
    after = {"city": event.city, "practice_id": event.subject, "origins": [*told, origin][-ORIGINS_KEPT:]}
    adopted = PracticeAdoptedElsewhere(rule=TO_ORIGIN, by_city=event.city, by_practice_id=event.subject)
    return after, [Emit(TO_ORIGIN, adopted, data.from_practice_id, city=data.from_city)]


MANAGER: Final[ProcessManager] = process_manager(
    "practice_links",
    "Tells the city of origin that its practice was taken up",
    types("practice.adopted"),
    react,
    FIELDS,
)
