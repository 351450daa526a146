"""What participants were told, message by message: what it was about, and what became of it."""

from datetime import timedelta
from typing import Any, Final

from events.envelope import Event
from events.types.followups import (
    FollowupFailed,
    FollowupQueued,
    FollowupSent,
    FollowupSuppressed,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import earliest, latest

_ABOUT: Final = ("reason_event_id", "about_kind", "about_id", "kind", "template", "channel")
_REASON_AT: Final = "reason_at"
IN_TIME: Final = timedelta(days=30)
"""So long after an outcome whoever asked for it may wait to be told of it."""
_SHARED: Final = frozenset({"opportunity"})
"""What many take part in, so that what each of them gave is another contribution."""
FIELDS: Final = {
    "city": "the city's short name",
    "recipient": "pseudonym, or the tracking code of who reported without one",
    "dedupe_key": "what makes it this message: it is sent once",
    "reason_event_id": "the event that led to it",
    "reason_at": "when that happened, or None where it is not told",
    "about_kind": "what kind of thing it is about",
    "about_id": "id of that thing",
    "contribution": "the kind and id of that thing, and whose it is where many take part in it",
    "kind": "receipt, progress, outcome, reminder or notice; an outcome that is sent closes a loop",
    "template": "what it says",
    "channel": "email, sms, push, post or in_app, as told last",
    "lang": "the language it is in; None until that is told",
    "status": "sent for good, else failed, suppressed or queued",
    "queued_at": "when it was to be sent",
    "sent_at": "when a channel first took it, or None",
    "in_time": "whether it was sent, at most 30 days after that which led to it",
    "failed_at": "when it was given up, or None",
    "suppressed_at": "when it was decided not to send it, or None",
    "attempts": "how many times it was tried, at most",
    "error": "why the last attempt told of failed, or None",
    "suppressed_because": "why it is not sent, or None",
    "updated_at": "the latest time of any event",
}


def _blank(event: Event) -> dict[str, Any]:
    return {**dict.fromkeys(FIELDS), "city": event.city, "recipient": event.subject, "attempts": 0}


def evolve(document: Document | None, event: Event) -> Document:
    """The message after this event. Sent it stays sent, in whatever order that is told."""
    message = _blank(event) if document is None else dict(document)
    data = event.data
    reasons = (message["reason_at"], getattr(data, _REASON_AT))
    message |= {name: getattr(data, name) for name in ("dedupe_key", *_ABOUT)}
    message["reason_at"] = min((at for at in reasons if at is not None), default=None)
    match data:
        case FollowupQueued():
            message |= {"lang": data.lang, "queued_at": earliest(message["queued_at"], event.at)}
        case FollowupSent():
            message |= {"lang": data.lang, "sent_at": earliest(message["sent_at"], event.at)}
            message["attempts"] = max(message["attempts"], data.attempts)
        case FollowupFailed():
            message |= {"error": data.error, "attempts": max(message["attempts"], data.attempts)}
            if data.final:
                message["failed_at"] = earliest(message["failed_at"], event.at)
        case FollowupSuppressed():
            message["suppressed_at"] = earliest(message["suppressed_at"], event.at)
            message["suppressed_because"] = data.reason
    message["updated_at"] = latest(message["updated_at"], event.at)
    return message | {
        "status": _status(message),
        "contribution": _contribution(message),
        "in_time": _in_time(message),
    }


def _contribution(message: Document) -> str:
    thing = f"{message['about_kind']}/{message['about_id']}"
    return f"{thing}/{message['recipient']}" if message["about_kind"] in _SHARED else thing


def _in_time(message: Document) -> bool:
    sent, reason = message["sent_at"], message["reason_at"]
    return sent is not None and reason is not None and sent - reason <= IN_TIME


def _key(event: Event) -> str:
    data = event.data
    if not isinstance(data, FollowupQueued | FollowupSent | FollowupFailed | FollowupSuppressed):
        raise TypeError(f"{event.type} is no message")
    return f"{event.key}/{data.dedupe_key}"


def _status(message: Document) -> str:
    return next((one for one in ("sent", "failed", "suppressed") if message[f"{one}_at"]), "queued")


VIEW: Final = DocumentView(
    name="followups",
    description="Each message to a participant and what became of it; not for the public",
    handles=types("followup.queued", "followup.sent", "followup.failed", "followup.suppressed"),
    key=_key,
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("status", 1), ("queued_at", 1)),
        (("city", 1), ("reason_at", 1)),
        (("city", 1), ("about_kind", 1), ("about_id", 1)),
        (("city", 1), ("recipient", 1), ("updated_at", -1)),
    ),
)

BY_STATUS: Final = DocumentTally(
    name="followups_by_status",
    description="How many messages of each kind and channel were sent, failed, are suppressed or wait",
    dimensions=("city", "kind", "channel", "status"),
    measures={"messages": "messages"},
    over=VIEW,
    cells=lambda message: (
        Cell((message["city"], message["kind"], message["channel"], message["status"]), {"messages": 1}),
    ),
)
