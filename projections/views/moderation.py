"""What may be shown: content that was flagged, hidden, shown again or made unreadable in parts.

Nothing here repeats what the content said, nor who flagged it. The log decides: the last `hide` or `restore`
counts. What was redacted stays so.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.moderation import ContentFlagged, ContentModerated
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import latest, remember

FIELDS: Final = {
    "city": "the city's short name",
    "content_kind": "what it is, as in idea or service_request",
    "content_id": "its id within the city",
    "flags": "how many times it was flagged",
    "hidden": "whether it is hidden now",
    "redacted": "whether parts of it were made unreadable",
    "words_shown": "whether readers may show its words: neither hidden nor redacted",
    "reason": "of the last moderation, or None",
    "flagged_at": "when it was last flagged, or None",
    "moderated_at": "when it was last moderated, or None",
    "history": "the last 100 changes in log order: change (flagged or the action), reason, at, event_id",
    "history_total": "how many changes there were",
}


def evolve(document: Document | None, event: Event) -> Document | None:
    """The content after this event; moderated without being flagged, it is moderated."""
    data = event.data
    if not isinstance(data, ContentFlagged | ContentModerated):
        return document
    content = _blank(event, data) if document is None else dict(document)
    if isinstance(data, ContentFlagged):
        content["flags"] += 1
        content["flagged_at"] = latest(content["flagged_at"], event.at)
    else:
        _moderated(content, event, data)
    change = "flagged" if isinstance(data, ContentFlagged) else data.action
    remember(content, event, {"change": change, "reason": data.reason})
    return content


def _blank(event: Event, data: ContentFlagged | ContentModerated) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "content_kind": data.content_kind,
        "content_id": data.content_id,
        "flags": 0,
        "hidden": False,
        "redacted": False,
        "words_shown": True,
        "history": [],
        "history_total": 0,
    }


def _moderated(content: dict[str, Any], event: Event, data: ContentModerated) -> None:
    if data.action == "redact":
        content["redacted"] = True
    else:
        content["hidden"] = data.action == "hide"
    content["words_shown"] = not (content["hidden"] or content["redacted"])
    content["reason"] = data.reason
    content["moderated_at"] = latest(content["moderated_at"], event.at)


VIEW: Final = DocumentView(
    name="moderated_content",
    description="Content that was flagged or moderated, without what it said",
    handles=types("content.flagged", "content.moderated"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("content_kind", 1), ("words_shown", 1)),
        (("city", 1), ("flagged_at", -1), ("_id", 1)),
    ),
)


def _standing(content: Document) -> Iterable[Cell]:
    marks = {
        "flagged": content["flags"] > 0,
        "hidden": content["hidden"],
        "redacted": content["redacted"],
        "waiting": content["flags"] > 0 and content["moderated_at"] is None,
    }
    yield Cell(
        (content["city"], content["content_kind"]), {name: 1 for name, is_so in marks.items() if is_so}
    )


BY_KIND: Final = DocumentTally(
    name="moderation_by_kind",
    description="How much content of each kind was flagged, and what became of it",
    dimensions=("city", "content_kind"),
    measures={
        "flagged": "contents flagged at least once",
        "waiting": "flagged ones on which nothing was decided",
        "hidden": "contents hidden now",
        "redacted": "contents of which parts were made unreadable",
    },
    over=VIEW,
    cells=_standing,
)
