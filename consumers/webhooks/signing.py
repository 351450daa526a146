"""Standard Webhooks 1.0.0: secrets, and the headers that let a receiver trust what it is sent.

The library signs a text and takes any time for UTC, whatever its zone; of a secret it drops characters
that are no base64. So it is given exactly what it reads alike: text, UTC, secrets that were made here.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from standardwebhooks import Webhook

SECRET_BYTES: Final = 32
ROTATION: Final = timedelta(hours=24)
"""For so long the secret before signs too."""
MOST_SECRETS: Final = 5
"""Secrets that sign at once, however often somebody rotates."""

Secrets = Sequence[Mapping[str, Any]]
"""The newest first: `text`, and `until` when it signs; None of the newest."""


def new_secret() -> str:
    """A secret as receivers configure it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def rotated(known: Secrets, new: str, now: datetime) -> list[dict[str, Any]]:
    """The secrets after a rotation: those before sign for another day at most."""
    before = [{"text": one["text"], "until": one["until"] or now + ROTATION} for one in good(known, now)]
    return [{"text": new, "until": None}, *before][:MOST_SECRETS]


def good(known: Secrets, now: datetime) -> list[Mapping[str, Any]]:
    """Those that sign now."""
    return [one for one in known if one["until"] is None or one["until"] > now]


def headers(known: Secrets, message: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt; one signature for each secret that is good now."""
    at, text = now.astimezone(UTC), body.decode()
    signatures = [Webhook(one["text"]).sign(message, at, text) for one in good(known, now)]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
