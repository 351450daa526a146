"""What must be told of messages: each step of each as one event, and how they stand in the read model.

Ids are of no concern to the truth: a message is known by what it tells whom, about what and since when.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from consumers.engine.model import Notice
from consumers.messages.events import nobody
from events.envelope import Event
from events.registry import BY_TYPE
from producers.simulate.post import Message
from producers.simulate.truth import Notice as Truly
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed

VIEWS = ("followups", "followups_by_status")
Known = tuple[Any, ...]
UNREACHED = "email"
"""What is told as the channel of who cannot be reached."""


def heard(one: Notice | Truly) -> Known:
    """What a message is known by."""
    return one.city, one.template, one.recipient, one.about, one.at, repr(sorted(one.fields.items()))


def is_step(event: Event) -> bool:
    """Whether it tells what becomes of a message."""
    return BY_TYPE[event.type].name.startswith("followup.")


def told(events: Iterable[Event], notices: Iterable[Notice]) -> Counter[Known]:
    """The steps that stand in the log, each as often as it does: a repeat would be a second message.

    One of a message that nobody asked for is known by its key alone.
    """
    by_id = {one.id: one for one in notices}
    return Counter(_told(event, by_id) for event in events)


def _told(event: Event, by_id: Mapping[str, Notice]) -> Known:
    data = dict(event.data)
    notice = by_id.get(data["dedupe_key"])
    named = heard(notice) if notice else (data["dedupe_key"],)
    caused = notice is not None and data["reason_event_id"] == notice.causationid == event.causationid
    name = BY_TYPE[event.type].name
    what = tuple(data[part] for part in ("about_kind", "about_id", "kind", "template", "channel"))
    tried = data.get("attempts", 1) >= 1 and caused
    said = data.get("lang") or data.get("reason") or data.get("error")
    return name, named, event.subject, event.participant, event.at, what, said, tried


def true(truth: Truth, mail: str) -> Counter[Known]:
    """The steps that must stand there; `mail` is the channel to addresses."""
    return Counter(step for one in truth.kept(Message).values() for step in _true(one, mail))


def _true(one: Message, mail: str) -> Iterable[Known]:
    notice, says = one.notice, one.says
    what = (says.about, notice.about, says.kind, notice.template, _channel(one, mail))
    steps = (
        ("followup.queued", one.queued_at, one.lang),
        ("followup.sent", one.sent_at, one.lang),
        ("followup.suppressed", one.suppressed_at, one.suppressed_because),
    )
    for name, at, said in steps:
        if at is not None:
            yield name, heard(notice), _subject(one), notice.recipient, at, what, said, True


def _channel(one: Message, mail: str) -> str:
    return {"page": "in_app", "address": mail, None: UNREACHED}[one.way]


def _subject(one: Message) -> str:
    notice = one.notice
    return notice.recipient or nobody(one.city, one.says.about, notice.about)


def stored(documents: Documents, notices: Iterable[Notice]) -> Mapping[Known, Any]:
    """The read model, by what a message is known by. How often one was tried depends on who died when."""
    by_id = {one.id: one for one in notices}
    return {_key(key, one, by_id): _without_ids(one) for key, one in documents.items()}


def _key(key: str, document: Mapping[str, Any], by_id: Mapping[str, Notice]) -> Known:
    notice = by_id.get(document["dedupe_key"])
    right = notice is not None and document["reason_event_id"] == notice.causationid
    return heard(notice) if notice is not None and right else (key,)


def _without_ids(one: Mapping[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in one.items() if name not in ("dedupe_key", "reason_event_id")}
    return left | {"attempts": left["attempts"] >= 1}


def documents(truth: Truth, mail: str) -> Mapping[Known, Any]:
    """The read model as it must be."""
    return {heard(one.notice): _document(one, mail) for one in _looked_at(truth)}


def _looked_at(truth: Truth) -> Iterable[Message]:
    return (one for one in truth.kept(Message).values() if one.queued_at or one.suppressed_at)


def _document(one: Message, mail: str) -> dict[str, Any]:
    times: list[datetime | None] = [one.queued_at, one.sent_at, one.suppressed_at]
    return {
        "city": one.city,
        "recipient": _subject(one),
        "reason_at": one.notice.at,
        "about_kind": one.says.about,
        "contribution": contribution(one),
        "about_id": one.notice.about,
        "kind": one.says.kind,
        "template": one.notice.template,
        "channel": _channel(one, mail),
        "lang": one.lang,
        "status": _status(one),
        "queued_at": one.queued_at,
        "sent_at": one.sent_at,
        "in_time": in_time(one),
        "failed_at": None,
        "suppressed_at": one.suppressed_at,
        "attempts": one.sent_at is not None,
        "error": None,
        "suppressed_because": one.suppressed_because,
        "updated_at": max(at for at in times if at is not None),
    }


def contribution(one: Message) -> str:
    """What somebody gave: volunteers of one opportunity give each their own."""
    thing = f"{one.says.about}/{one.notice.about}"
    return f"{thing}/{_subject(one)}" if one.says.about == "opportunity" else thing


def in_time(one: Message) -> bool:
    """Whether they were told within thirty days."""
    return one.sent_at is not None and one.sent_at <= one.notice.at + timedelta(days=30)


def _status(one: Message) -> str:
    if one.sent_at is not None:
        return "sent"
    return "suppressed" if one.suppressed_at is not None else "queued"


def by_status(truth: Truth, mail: str) -> Sums:
    """How many messages stand how."""
    return summed(
        ((one.city, one.says.kind, _channel(one, mail), _status(one)), {"messages": 1})
        for one in _looked_at(truth)
    )
