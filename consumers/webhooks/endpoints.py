"""Endpoints: where integrators of a city want events sent, and of which types. Collection `webhooks`.

Secrets stand here as they are: whoever signs must read them. They are told to nobody but whoever made them.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from consumers.webhooks import signing
from consumers.webhooks.addresses import BadUrl, Network, parse
from consumers.webhooks.messages import CHOICES
from infra.directory import get_city
from infra.mongo import Database

COLLECTION: Final = "webhooks"
MOST: Final = 50
"""Endpoints of a city."""
MOST_TYPES: Final = len(CHOICES)
WHY: Final[dict[str, str]] = {
    "by_hand": "somebody of the city disabled it",
    "gone": "the receiver said 410: it wants no more",
    "failing": "every attempt has failed for five days",
}
"""Why an endpoint gets nothing."""
Reason = Literal["by_hand", "gone", "failing"]
_FORM: Final = re.compile(r"wh_[0-9a-f]{24}")


class Refused(ValueError):
    """The endpoint cannot be like this; nothing was changed."""


class NoEndpoint(ValueError):
    """There is no such endpoint in this city; nothing was changed."""


@dataclass(frozen=True)
class Endpoint:
    """One receiver of one city."""

    id: str
    city: str
    url: str
    types: tuple[str, ...]
    enabled: bool
    disabled_because: Reason | None
    created_at: datetime
    failing_since: datetime | None
    """When the first attempt failed after the last that did not."""
    paused_until: datetime | None
    """The receiver asked for time."""
    secrets: signing.Secrets

    @property
    def told(self) -> dict[str, Any]:
        """What its city is told of it: never a secret."""
        hidden = ("secrets",)
        return {name: value for name, value in vars(self).items() if name not in hidden}


class Endpoints:
    """The endpoints in one database."""

    def __init__(self, db: Database, allowed: Sequence[Network] = ()) -> None:
        self._db = db
        self._rows = db[COLLECTION]
        self._allowed = allowed

    async def create(self, city: str, url: str, types: Sequence[str], now: datetime) -> tuple[Endpoint, str]:
        """A new endpoint and its secret. It gets what comes from now on. Raises Refused."""
        self._check_url(url)
        if await get_city(self._db, city) is None:
            raise Refused(f"No city {city[:64]!r} is in the directory. Nothing was made. Add the city first.")
        if await self._rows.count_documents({"city": {"$eq": city}}) >= MOST:
            raise Refused(
                f"A city has at most {MOST} endpoints. Nothing was made. Delete one that is unused."
            )
        secret = signing.new_secret()
        row = {
            "_id": f"wh_{secrets.token_hex(12)}",
            "city": city,
            "url": url,
            "types": _checked(types),
            "enabled": True,
            "disabled_because": None,
            "created_at": _whole(now),
            "failing_since": None,
            "paused_until": None,
            "secrets": [{"text": secret, "until": None}],
        }
        await self._rows.insert_one(row)
        return _endpoint(row), secret

    async def of_city(self, city: str | None) -> list[Endpoint]:
        """The endpoints of a city, or of all, the oldest first."""
        mine = {} if city is None else {"city": {"$eq": city}}
        return [_endpoint(row) async for row in self._rows.find(mine).sort([("created_at", 1), ("_id", 1)])]

    async def enabled(self) -> list[Endpoint]:
        """Those that get what comes."""
        return [_endpoint(row) async for row in self._rows.find({"enabled": True})]

    async def find(self, endpoint: str, city: str | None = None) -> Endpoint:
        """One of a city, or of all. Raises NoEndpoint, also for one of another city."""
        row = await self._rows.find_one(_one(endpoint, city))
        if row is None:
            raise NoEndpoint("There is no such endpoint. Nothing was changed.")
        return _endpoint(row)

    async def named(self, ids: Sequence[str]) -> dict[str, Endpoint]:
        """Several of them, by their ids."""
        found = self._rows.find({"_id": {"$in": list(ids)}})
        return {row["_id"]: _endpoint(row) async for row in found}

    async def change(
        self, endpoint: Endpoint, *, url: str | None = None, types: Sequence[str] | None = None
    ) -> Endpoint:
        """Another URL, other types; what waits goes to the new URL. Raises Refused and NoEndpoint."""
        change: dict[str, Any] = {}
        if url is not None:
            self._check_url(url)
            change["url"] = url
        if types is not None:
            change["types"] = _checked(types)
        return await self._set(endpoint, change) if change else endpoint

    async def enable(self, endpoint: Endpoint) -> Endpoint:
        """It gets what comes again; what it missed meanwhile is not made up for."""
        fresh = {"enabled": True, "disabled_because": None, "failing_since": None, "paused_until": None}
        return await self._set(endpoint, fresh)

    async def disable(self, endpoint: Endpoint, because: Reason) -> Endpoint:
        """It gets nothing; what waits for it is kept as long as any delivery."""
        return await self._set(endpoint, {"enabled": False, "disabled_because": because})

    async def rotate(self, endpoint: Endpoint, now: datetime) -> str:
        """A new secret; the one before signs too for 24 hours."""
        secret = signing.new_secret()
        known = signing.rotated(endpoint.secrets, secret, _whole(now))
        same = {"_id": endpoint.id, "secrets.0.text": endpoint.secrets[0]["text"]}
        if (await self._rows.update_one(same, {"$set": {"secrets": known}})).matched_count == 0:
            raise NoEndpoint("It was rotated or deleted at this moment. Nothing was changed; look again.")
        return secret

    async def delete(self, endpoint: Endpoint) -> None:
        """It is gone, with its deliveries; the sender deletes what was written meanwhile."""
        await self._rows.delete_one({"_id": endpoint.id})

    async def succeeded(self, endpoint: Endpoint) -> None:
        """An attempt did not fail."""
        if endpoint.failing_since or endpoint.paused_until:
            well = {"failing_since": None, "paused_until": None}
            await self._rows.update_one({"_id": endpoint.id}, {"$set": well})

    async def failed(self, endpoint: Endpoint, now: datetime, paused_until: datetime | None) -> None:
        """An attempt failed; the receiver may have asked for time."""
        if endpoint.failing_since is None:
            first = {"_id": endpoint.id, "failing_since": None}
            await self._rows.update_one(first, {"$set": {"failing_since": now}})
        if paused_until is not None:
            await self._rows.update_one({"_id": endpoint.id}, {"$max": {"paused_until": paused_until}})

    async def _set(self, endpoint: Endpoint, change: dict[str, Any]) -> Endpoint:
        row = await self._rows.find_one_and_update(
            {"_id": endpoint.id}, {"$set": change}, return_document=True
        )
        if row is None:
            raise NoEndpoint("There is no such endpoint. Nothing was changed.")
        return _endpoint(row)

    def _check_url(self, url: str) -> None:
        try:
            parse(url, self._allowed)
        except BadUrl as error:
            raise Refused(f"No webhook is sent to this URL: {error}. Nothing was changed.") from None


def _checked(types: Sequence[str]) -> list[str]:
    unknown = sorted(set(types) - CHOICES)
    if unknown or not types:
        named = f"There is no type or family {unknown[0][:80]!r}" if unknown else "No type is named"
        raise Refused(
            f"{named}. Nothing was changed. Give names like idea.submitted, families like ideas, or all."
        )
    return sorted(set(types))


def _one(endpoint: str, city: str | None) -> dict[str, Any]:
    known = endpoint if _FORM.fullmatch(endpoint) else ""
    return {"_id": known} if city is None else {"_id": known, "city": {"$eq": city}}


def _whole(now: datetime) -> datetime:
    """Whole milliseconds, as the database keeps them."""
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _endpoint(row: dict[str, Any]) -> Endpoint:
    fields = {name: row[name] for name in Endpoint.__dataclass_fields__ if name not in ("id", "types")}
    return Endpoint(id=row["_id"], types=tuple(row["types"]), **fields)
