"""What a participant allows and wishes, on the participant's own key. Contact data are never in an event."""

from typing import ClassVar

from events.envelope import Derived, Payload
from events.scalars import Code, Lang, Name, Timestamp


class _OfOneParticipant(Payload):
    needs_participant: ClassVar[bool] = True

    def expected_subject(self, participant: str | None) -> str | None:
        return participant


class ParticipantConsentChanged(_OfOneParticipant):
    """The participant allows, or no longer allows, a purpose; `notice` is the version of what was read."""

    purpose: Name
    granted: bool
    notice: Code | None = None


class ParticipantLanguageChanged(_OfOneParticipant):
    """The language in which the participant wishes to be addressed."""

    preferred_lang: Lang


class ParticipantErasureRequested(_OfOneParticipant):
    """The participant wants to be forgotten, by `due_at` at the latest."""

    due_at: Timestamp


class ParticipantErased(_OfOneParticipant):
    """The participant's key and contact are gone, and with them all words. It says nothing else, ever."""


class ParticipantActed(_OfOneParticipant, Derived):
    """The participant did something that counts as participation: told on the participant's own key.

    `action` is the name of the event that led to it, as in `idea.submitted`.
    """

    action: Name
    neighbourhood_id: Code | None = None
