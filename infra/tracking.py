"""Tracking codes: whoever reported something without a name comes back to it with one.

A code is derived from the thing and a key that the database keeps, so nothing is stored with the report, and
sending the same report again gives the same code. Ten letters of 32: 2^50 codes, too many to try over HTTP.
"""

import hmac
import secrets
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from events.envelope import Event
from events.types.applications import ApplicationSubmitted
from events.types.ideas import IdeaSubmitted
from events.types.requests import ProgramFeedbackSubmitted, ServiceRequestOpened
from infra.mongo import Database

COLLECTION: Final = "secrets"
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Those of Crockford's base 32: none looks like another."""
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH: Final = 10


class Tracking:
    """Makes and checks codes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def code(self, city: str, kind: str, id_: str) -> str:
        """The code of this thing, as in `7Q4M2-XK09T`."""
        told = f"{city}\0{kind}\0{id_}".encode()
        number = int.from_bytes(blake2b(told, key=self._key, digest_size=8, person=b"tracking").digest())
        letters = "".join(_LETTERS[number >> 5 * place & 31] for place in range(_LENGTH))
        return f"{letters[:5]}-{letters[5:]}"

    def path(self, city: str, kind: str, id_: str) -> str:
        """Of the page with all that was told of it."""
        return f"/track/{city}/{kind}/{quote(id_, safe='')}?code={self.code(city, kind, id_)}"

    def fits(self, given: str, city: str, kind: str, id_: str) -> bool:
        """Whether this is its code, however it was typed."""
        return hmac.compare_digest(_plain(given).encode(), _plain(self.code(city, kind, id_)).encode())


def tracked(event: Event) -> str | None:
    """The kind of thing that it begins, where nobody's name stands with it: its answers wait for a code."""
    if event.participant is not None:
        return None
    match event.data:
        case ServiceRequestOpened():
            return "service_request"
        case ProgramFeedbackSubmitted():
            return "program_feedback"
        case IdeaSubmitted(co_author_refs=()):
            return "idea"
        case ApplicationSubmitted():
            return "application"
    return None


def _plain(code: str) -> str:
    return code.strip().upper().translate(_READ_AS)[: _LENGTH + 1]


async def tracking(db: Database) -> Tracking:
    """Codes by the key of this database, which is made when it is first asked for."""
    row = await db[COLLECTION].find_one({"_id": "tracking"})
    if row is None:
        new = {"$setOnInsert": {"key": secrets.token_bytes(32)}}
        row = await db[COLLECTION].find_one_and_update(
            {"_id": "tracking"}, new, upsert=True, return_document=True
        )
    return Tracking(bytes(row["key"]))
