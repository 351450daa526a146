"""What participants allow, and what they are told."""

from typing import Any

from events.envelope import Event
from events.types import followups, participants
from tests.support.build import ANN, AT, told

_MESSAGE: dict[str, Any] = {
    "dedupe_key": "closed/r1",
    "reason_event_id": "e1",
    "about_kind": "service_request",
    "about_id": "r1",
    "kind": "outcome",
    "template": "service_request.closed",
    "channel": "email",
}


def consent(who: str = ANN, *, granted: bool = True, at: str = AT, **data: Any) -> Event:
    usual = {"purpose": "follow_ups.email", "granted": granted}
    return told(participants.ParticipantConsentChanged, who, data, at=at, by=who, **usual)


def language(who: str = ANN, *, lang: str = "es", at: str = AT, **data: Any) -> Event:
    return told(participants.ParticipantLanguageChanged, who, data, at=at, by=who, preferred_lang=lang)


def erasure_requested(who: str = ANN, *, due: str = AT, at: str = AT, **data: Any) -> Event:
    return told(participants.ParticipantErasureRequested, who, data, at=at, by=who, due_at=due)


def erased(who: str = ANN, *, at: str = AT, **data: Any) -> Event:
    return told(participants.ParticipantErased, who, data, at=at, by=who)


def acted(who: str = ANN, *, action: str = "idea.submitted", at: str = AT, **data: Any) -> Event:
    usual = {"rule": "participant.took_part", "action": action}
    return told(participants.ParticipantActed, who, data, at=at, by=who, **usual)


def queued(who: str = ANN, *, at: str = AT, **data: Any) -> Event:
    return told(followups.FollowupQueued, who, data, at=at, lang="en", **_MESSAGE)


def sent(who: str = ANN, *, at: str = AT, **data: Any) -> Event:
    return told(followups.FollowupSent, who, data, at=at, lang="en", **_MESSAGE)


def failed(who: str = ANN, *, at: str = AT, **data: Any) -> Event:
    usual = {"error": "provider_unreachable", "attempts": 1, "final": False}
    return told(followups.FollowupFailed, who, data, at=at, **usual, **_MESSAGE)


def suppressed(who: str = ANN, *, at: str = AT, **data: Any) -> Event:
    return told(followups.FollowupSuppressed, who, data, at=at, reason="no_consent", **_MESSAGE)
