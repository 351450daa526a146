"""What is known of the things of a feed, once all that was published before has been counted."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.kafka import KafkaError, any_record, ends
from infra.mongo import Database
from infra.settings import Settings
from producers.imports.outcomes import ImportRefused
from projections import read
from projections.registry import OWNER

WAIT_SECONDS: Final = 60.0
_PAUSE: Final = 0.5
_PAGE: Final = 5_000
FACTS: Final = (
    "asset_type",
    "name",
    "feed",
    "external_id",
    "neighbourhood_id",
    "priority",
    "not_adoptable_because",
)


@dataclass(frozen=True, slots=True)
class KnownAsset:
    """A thing as the read model has it. `revision` counts what was told of it."""

    facts: Mapping[str, Any]
    revision: int
    retired_because: str | None = None


Known = Mapping[str, KnownAsset]
"""By the thing's id."""


async def of_feed(db: Database, settings: Settings, city: str, feed: str) -> Known:
    """The things of this feed, the retired ones too. Raises ImportRefused where what is known may be old."""
    await _caught_up(db, settings)
    known: dict[str, KnownAsset] = {}
    after = ""
    while page := await _page(db, city, feed, after):
        known |= {found["asset_id"]: as_known(found) for found in page}
        after = page[-1]["_id"]
    return known


async def _page(db: Database, city: str, feed: str, after: str) -> list[dict[str, Any]]:
    where: read.Where = {"city": city, "feed": feed, "_id": read.Between(after, None)}
    fields = ("asset_id", "point", "revision", "retired", "retired_because", *FACTS)
    found = await read.listing(db, "assets", where, [], limit=_PAGE, fields=fields)
    return [one for one in found if one["_id"] != after]


def as_known(found: Mapping[str, Any]) -> KnownAsset:
    """What a document of the read model tells."""
    long, lat = found["point"]["coordinates"] if found["point"] else (None, None)
    facts = {**{name: found[name] for name in FACTS}, "lat": lat, "long": long}
    return KnownAsset(facts, found["revision"], found["retired_because"] if found["retired"] else None)


async def _caught_up(db: Database, settings: Settings) -> None:
    """Return when the read model shows all that stands in the log now."""
    projection = OWNER["assets"]
    try:
        there = await ends(settings, projection.topics)
        async with asyncio.timeout(WAIT_SECONDS):
            while await _behind(db, settings, there.items()):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(_PAUSE)
    except (TimeoutError, KafkaError) as error:
        raise ImportRefused(
            "what is known of these things is not up to date, so nothing could be compared with it, and "
            f"nothing was published ({type(error).__name__}). Is a projector running (`townhall project`)? "
            "`townhall status` shows how far it is; run the same command again."
        ) from None


async def _behind(db: Database, settings: Settings, there: Iterable[tuple[tuple[str, int], int]]) -> bool:
    nexts = await read.positions(db, OWNER["assets"])
    ahead = {place: (nexts.get(place, 0), end) for place, end in there if nexts.get(place, 0) < end}
    return bool(ahead) and await any_record(settings, ahead)
