"""One signed request to a receiver outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from consumers.webhooks import signing
from consumers.webhooks.addresses import BadUrl, Network, parse
from consumers.webhooks.dial import Answer, Dial

AGENT: Final = "townhall-webhooks/1"


async def attempt(
    dial: Dial,
    url: str,
    known: signing.Secrets,
    message: str,
    *,
    at: datetime,
    body: bytes,
    allowed: Sequence[Network] = (),
) -> Answer:
    """Send the message, signed with the secrets that are good at this moment. Never raises for a receiver."""
    try:
        target = parse(url, allowed)
    except BadUrl:
        return Answer("blocked")  # an operator allows less than when it was set
    signed = signing.headers(known, message, at, body)
    sent = {"content-type": "application/json", "user-agent": AGENT, "accept": "*/*", **signed}
    return await dial.post(target, sent, body)
