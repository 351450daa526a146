"""What becomes of messages, as events: queued, sent, failed or suppressed, each told once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from consumers.engine.model import derived_id
from consumers.messages.templates import TEMPLATES
from events.envelope import DERIVED, Event, Payload
from events.registry import BY_PAYLOAD
from events.types.followups import FollowupFailed, FollowupQueued, FollowupSent, FollowupSuppressed

Told = FollowupQueued | FollowupSent | FollowupFailed | FollowupSuppressed


def event_of(row: Mapping[str, Any], zone: ZoneInfo, at: datetime, kind: type[Told], **data: Any) -> Event:
    """The event that tells this step of a notice, by the clock of its city.

    Its id follows from the notice and the step; a failed attempt is a step of its own.
    """
    template, city = TEMPLATES[row["template"]], row["city"]
    told: Payload = kind(
        dedupe_key=row["_id"],
        reason_event_id=row["causationid"],
        reason_at=row["at"].astimezone(UTC),
        about_kind=template.about,
        about_id=row["about"],
        kind=template.kind,
        template=template.name,
        **data,
    )
    step = f"{kind.__name__}{data.get('attempts', '') if kind is FollowupFailed else ''}"
    return Event(
        id=derived_id("mailer", row["_id"], step),
        source=f"urn:townhall:{city}:{DERIVED}",
        type=BY_PAYLOAD[kind].type,
        subject=row["recipient"] or nobody(city, template.about, row["about"]),
        time=at.astimezone(zone),
        city=city,
        participant=row["recipient"],
        data=told,
        correlationid=row["correlationid"],
        causationid=row["causationid"],
    )


def nobody(city: str, kind: str, about: str) -> str:
    """The subject of what is told to whoever sent this without a name; no secret, and no code either."""
    told = f"{city}\0{kind}\0{about}".encode()
    return f"unnamed-{blake2b(told, digest_size=12).hexdigest()}"
