"""Volunteers are thanked for hours once these count, or told that they do not.

What counts now is told, once: another number of minutes is news, the same from somebody else is not. As in
`projections.views.hours`, a rule does not outweigh someone's word. Hours of one who came without a name are
told to nobody; hours that somebody reported without one are told to whoever has the tracking code.
"""

from collections.abc import Iterator
from typing import Any, Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.hours import HoursLogged, HoursRejected, HoursVerified
from projections.core import Document, types

RULE: Final = "hours.decided"
FIELDS: Final = {
    "city": "the city's short name",
    "entry_id": "id within the city",
    "participant": "pseudonym of the volunteer, or None",
    "worked_on": "the day of the work; None until the entry is told",
    "source": "check_in, manual, self or import",
    "opportunity_id": "what they came to, or None",
    "minutes": "how many count; 0 where it was rejected, None where nobody has decided",
    "by_person": "whether somebody said so",
    "told": "the minutes that the volunteer was told",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The entry after this event; whenever it is known and decided otherwise than was told, that is told."""
    before = _blank(event) if state is None else state
    after = {**before, **_change(before, event)}
    if after["worked_on"] is None or after["minutes"] in (None, after["told"]):
        return after, ()
    return {**after, "told": after["minutes"]}, list(_told(after))


def _blank(event: Event) -> Document:
    return {**dict.fromkeys(FIELDS), "by_person": False, "city": event.city, "entry_id": event.subject}


def _change(entry: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case HoursLogged() as data:
            told = {name: getattr(data, name) for name in ("worked_on", "source", "opportunity_id")}
            return {**told, "participant": event.participant or entry["participant"]}
        case HoursVerified() as data if data.verifier_ref is not None or not entry["by_person"]:
            return {"minutes": data.minutes, "by_person": data.verifier_ref is not None}
        case HoursRejected():
            return {"minutes": 0, "by_person": True}
    return {}


def _told(entry: Document) -> Iterator[Effect]:
    whom, minutes = entry["participant"], entry["minutes"]
    if whom is None and entry["source"] == "check_in":
        return
    said = {"worked_on": entry["worked_on"]}
    if minutes == 0:
        yield Notify(RULE, whom, "hours_rejected", said)
    elif entry["opportunity_id"] is None:
        yield Notify(RULE, whom, "hours_verified", said | {"minutes": str(minutes)})
    else:
        yield Notify(
            RULE, whom, "session_thanks", said | {"minutes": str(minutes)}, about=entry["opportunity_id"]
        )


MANAGER: Final[ProcessManager] = process_manager(
    "hours_messages",
    "Thanks volunteers for the hours that count, and tells them which do not",
    types("hours.logged", "hours.verified", "hours.rejected"),
    react,
    FIELDS,
)
