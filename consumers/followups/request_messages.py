"""What a reporter is told of a request: that it came, and whatever is news about it.

Where other events come before the opening, nobody is known who could be told: with the opening they are told
where the request stands then, and nothing of the way there.
"""

from typing import Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from consumers.followups.request_news import Message, expected, message, named, news
from events.envelope import Event
from events.types.requests import ServiceRequestOpened
from projections.core import Document, types

PASSING: Final = frozenset({"request_expected", "request_overdue", "request_update"})
"""What does not say where the request stands: it is told at its time or never."""
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "opened": "whether its opening was told",
    "reporter": "who reported it, by pseudonym, or None",
    "expected_at": "when the city expects to be done, as it told last, or else by its service level",
    "overdue_at": "the latest time at which it was told to be late",
    "duplicate_of": "the request it is a duplicate of, as told last, or None",
    "resolution": "how it, or its original, was closed; None while it is open",
    "steps": "what was told since it was reported or reopened",
    "held": "what there is to tell when its opening comes: template, fields; or None",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event, and what its reporter is told."""
    request = _blank(event) if state is None else state
    if isinstance(event.data, ServiceRequestOpened):
        return _opened(request, event, event.data)
    changes, found = news(request, event.data)
    after = {**request, **changes}
    if found is None:
        return after, ()
    if after["opened"]:
        return after, [_notify(after, found)]
    return after if found["template"] in PASSING else {**after, "held": found}, ()


def _blank(event: Event) -> Document:
    start = {"city": event.city, "request_id": event.subject, "opened": False, "steps": []}
    return {**dict.fromkeys(FIELDS), **start}


def _opened(request: Document, event: Event, data: ServiceRequestOpened) -> Reaction:
    after = {**request, **named(data.expected_datetime)}
    if request["opened"]:
        return after, ()
    after |= {"opened": True, "reporter": event.participant, "held": None}
    receipt = message("request_received", **({} if request["held"] else expected(after)))
    return after, [_notify(after, one) for one in (receipt, request["held"]) if one is not None]


def _notify(request: Document, found: Message) -> Effect:
    template = found["template"]
    return Notify(template.replace("_", ".", 1), request["reporter"], template, found["fields"])


MANAGER: Final[ProcessManager] = process_manager(
    "request_messages",
    "Tells reporters what becomes of their requests",
    types(
        "service_request.opened",
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.update_posted",
        "service_request.merged",
        "service_request.closed",
        "service_request.reopened",
        "service_request.overdue",
        "service_request.promised",
        "service_request.original_progressed",
    ),
    react,
    FIELDS,
)
