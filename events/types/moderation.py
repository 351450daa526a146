"""Moderation. Neither event ever holds a copy of what was flagged or removed."""

from typing import Literal

from events.envelope import Payload
from events.scalars import Name, Ref


class _OfContent(Payload):
    content_kind: Name
    content_id: Ref

    def expected_subject(self, participant: str | None) -> str | None:  # noqa: ARG002
        return f"{self.content_kind}:{self.content_id}"


class ContentFlagged(_OfContent):
    """Someone thinks that the content should not stand; the words stand behind `text_ref`."""

    reason: Name
    text_ref: Ref | None = None


class ContentModerated(_OfContent):
    """The city hid the content, showed it again, or had parts of it made unreadable."""

    action: Literal["hide", "restore", "redact"]
    reason: Name
