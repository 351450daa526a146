"""API keys of city apps: `th_<key id>_<secret>`. A key names its city; nothing a client sends does.

The secret has 256 random bits, so a plain SHA-256 of it is safe at rest. The key id is public.
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from events.envelope import DERIVED
from events.scalars import City as Slug
from infra.directory import get_city
from infra.mongo import Database

COLLECTION = "api_keys"
CACHE_SECONDS = 3.0
"""For so long a revoked key may still be taken; the promise is 5 s."""

Scope = Literal["events:write", "read", "operate", "contacts", "webhooks"]
_FORM = re.compile(r"th_([a-z0-9]{8,32})_([A-Za-z0-9_-]{43})")
_NOBODY = bytes(32)


class ApiKey(BaseModel):
    """What is known of a key; never its secret."""

    model_config = ConfigDict(frozen=True)

    id: str
    city: Slug
    source: str = Field(description="the CloudEvents `source` of the app")
    scopes: tuple[Scope, ...]
    label: Annotated[str, StringConstraints(max_length=200)]
    created_at: datetime
    revoked_at: datetime | None = None


class KeyRefused(ValueError):
    """No such key, or no longer; or a key that cannot be made. The message never holds a secret."""


class _Cached(NamedTuple):
    key: ApiKey
    digest: bytes
    until: float


class Keys:
    """The keys in one database, with a memory of `CACHE_SECONDS` for those that are used."""

    def __init__(self, db: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._monotonic = monotonic
        self._cache: dict[str, _Cached] = {}

    async def create(
        self, city: str, app: str, *, scopes: Sequence[Scope] = ("events:write",), label: str = ""
    ) -> tuple[str, ApiKey]:
        """A new key as text, which nobody can read again, and what is known of it.

        `app` is a short name like `street-lights`; keys of one app share its `source`, so a
        key can be replaced without a change of identity. Raises KeyRefused for an unknown city.
        """
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", app) or len(app) > 64:
            raise KeyRefused("The app's name takes lower-case letters, digits and single dashes, at most 64.")
        if app == DERIVED:
            raise KeyRefused(f"{DERIVED!r} names what townhall derives itself. Give the app another name.")
        if not re.fullmatch(r"[a-z0-9-]{1,64}", city) or await get_city(self._db, city) is None:
            raise KeyRefused(
                f"No city {city[:64]!r} is in the directory. No key was made. Add the city first."
            )
        key = ApiKey(
            id=secrets.token_hex(6),
            city=city,
            source=f"urn:townhall:{city}:{app}",
            scopes=tuple(scopes),
            label=label,
            created_at=_now(),
        )
        secret = secrets.token_urlsafe(32)
        fields = key.model_dump(exclude={"id"})
        await self._db[COLLECTION].insert_one({"_id": key.id, "sha256": _digest(secret), **fields})
        return f"th_{key.id}_{secret}", key

    async def list_keys(self, city: str | None = None) -> list[ApiKey]:
        """The keys of one city or of all, oldest first, revoked ones too."""
        found = self._db[COLLECTION].find({} if city is None else {"city": city}).sort("created_at", 1)
        return [_key(document) async for document in found]

    async def revoke(self, key_id: str) -> ApiKey:
        """End a key for good; every gateway refuses it within 5 s. Twice is once."""
        still_good = {"_id": key_id, "revoked_at": None}
        await self._db[COLLECTION].update_one(still_good, {"$set": {"revoked_at": _now()}})
        document = await self._db[COLLECTION].find_one({"_id": key_id})
        if document is None:
            raise KeyRefused(
                f"There is no key {key_id[:40]!r}. Nothing was changed. See `townhall keys list`."
            )
        self._cache.pop(key_id, None)
        return _key(document)

    async def authenticate(self, text: str) -> ApiKey:
        """The key that `text` is, or KeyRefused, which does not tell an unknown from a revoked one."""
        form = _FORM.fullmatch(text)
        found = await self._find(form[1]) if form else None
        digest = _digest(form[2]) if form else _NOBODY
        # Compared even when there is nothing to compare with: the time taken tells nothing.
        same = hmac.compare_digest(digest, found.digest if found else bytes(31) + b"\1")
        if not same or found is None or found.key.revoked_at is not None:
            raise KeyRefused("This key is unknown or was revoked.")
        return found.key

    async def _find(self, key_id: str) -> _Cached | None:
        cached = self._cache.get(key_id)
        if cached is not None and cached.until > self._monotonic():
            return cached
        read_at = self._monotonic()
        document = await self._db[COLLECTION].find_one({"_id": key_id})
        if document is None:
            self._cache.pop(key_id, None)
            return None  # not remembered: guesses must not fill the memory
        cached = _Cached(_key(document), document["sha256"], read_at + CACHE_SECONDS)
        self._cache[key_id] = cached
        return cached


def _now() -> datetime:
    """Whole milliseconds, as the database keeps them."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _key(document: dict[str, Any]) -> ApiKey:
    fields = {name: value for name, value in document.items() if name not in ("_id", "sha256")}
    return ApiKey(id=document["_id"], **fields)
