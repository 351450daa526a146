"""Follow-ups: what a participant is told, in one order on the recipient's key.

The recipient is a participant's pseudonym, or the tracking code of someone who reported without one.
"""

from typing import Annotated, Literal

from pydantic import Field

from events.envelope import Payload
from events.scalars import EventId, Lang, Name, Ref, Timestamp

Attempts = Annotated[int, Field(ge=1, le=1000)]


class _FollowUp(Payload):
    dedupe_key: EventId
    reason_event_id: EventId
    reason_at: Timestamp | None = Field(default=None, description="when that happened")
    about_kind: Name
    about_id: Ref
    kind: Literal["receipt", "progress", "outcome", "reminder", "notice"]
    template: Name
    channel: Literal["email", "sms", "push", "post", "in_app"]

    def expected_subject(self, participant: str | None) -> str | None:
        return participant


class FollowupQueued(_FollowUp):
    """A message is to be sent. Of kind `outcome` it tells what came of a contribution, and closes a loop."""

    lang: Lang


class FollowupSent(_FollowUp):
    """The channel took the message."""

    lang: Lang
    attempts: Attempts = 1


class FollowupFailed(_FollowUp):
    """The channel did not take the message; `final`: nobody tries again."""

    error: Name
    attempts: Attempts
    final: bool


class FollowupSuppressed(_FollowUp):
    """The message is not sent, and why."""

    reason: Literal["no_consent", "no_contact", "erased", "already_told", "too_soon", "outdated"]
