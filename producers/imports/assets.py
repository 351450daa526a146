"""A city's list of things that can be taken care of: what changed since it was imported last.

The list is the truth about the things in it and about no other: what is new in it is registered, what
changed is updated, what is missing is retired, what is back is registered again, and the rest gives no
event. So a run that died half-way, or met another one, is mended by running it again. A list in which
too many things are missing is refused: most likely it was cut off.

Without an id, a thing is known by its place, rounded to about a metre.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from events.codec import Undecodable
from events.scalars import NAME_PATTERN
from events.types.stewardship import AssetRegistered, AssetRetired, AssetUpdated
from infra.mongo import Database
from infra.settings import Settings
from producers.imports import known_assets
from producers.imports.assets_file import Row, Sheet, sheet
from producers.imports.clocks import on_clock
from producers.imports.known_assets import Known, KnownAsset
from producers.imports.outcomes import Accepted, ImportRefused, Mint, Outcome, Preface, Reading, Rejected, why
from producers.imports.refs import RowError, ref
from producers.imports.texts import city_slug, dashed, first, known

SYSTEM: Final = "assets"
MISSING: Final = "missing_from_feed"
MOST_MISSING: Final = 0.2
"""The share of the things known that may be missing from a list that is believed."""
_IDS: Final = (
    "external-id",
    "asset-id",
    "id",
    "feature-id",
    "facility-id",
    "facilityid",
    "objectid",
    "globalid",
)
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "title", "label"),
    "neighbourhood_id": ("neighbourhood-id", "neighbourhood", "neighborhood", "nta", "district"),
    "priority": ("priority",),
    "not_adoptable_because": ("not-adoptable-because",),
}
_YES: Final = frozenset({"1", "true", "t", "yes", "y", "high"})
_DECIMALS: Final = 5


@dataclass(frozen=True, slots=True)
class Feed:
    """Which list it is, and of what."""

    name: str
    asset_type: str
    seen: datetime
    """As of when the list tells."""
    may_shrink: bool = False


class Told(NamedTuple):
    """What a row tells of a thing; `by_place`: it has no id but its place."""

    row: int
    asset: str
    facts: Mapping[str, Any]
    by_place: bool
    raw: Row


def read(raw: bytes, city: str, feed: Feed) -> Reading:
    """Read a list. Raises ImportRefused where it is none."""
    if not re.fullmatch(NAME_PATTERN, feed.name):
        raise ImportRefused(f"{feed.name!r} names no source: lower-case letters, digits and _ are needed.")
    rows, slug = told(raw, feed), city_slug(city)
    return Reading(
        system=SYSTEM,
        city=slug,
        city_name=city,
        country=None,
        zone=None,
        zone_note=None,
        round_id=None,
        rows=len(rows),
        outcomes=partial(outcomes, rows, {}, feed),
        against=partial(_against, rows, slug, feed),
    )


def told(raw: bytes, feed: Feed) -> list[Told | Rejected]:
    """What each row tells. Raises ImportRefused where the file is no list."""
    found = sheet(raw)
    return [_told(number, row, found, feed) for number, row in enumerate(found.rows, 1)]


async def _against(
    rows: list[Told | Rejected], city: str, feed: Feed, db: Database, settings: Settings
) -> Callable[[Mint], Iterator[Outcome]]:
    known = await known_assets.of_feed(db, settings, city, feed.name)
    check_missing(rows, known, feed)
    return partial(outcomes, rows, known, feed)


def check_missing(rows: list[Told | Rejected], known: Known, feed: Feed) -> None:
    """Raises ImportRefused where more is missing than a list that is whole would lack."""
    stand = {asset for asset, one in known.items() if one.retired_because is None}
    missing = stand - {one.asset for one in rows if isinstance(one, Told)}
    if len(missing) > MOST_MISSING * len(stand) and not feed.may_shrink:
        raise ImportRefused(
            f"{len(missing):,} of the {len(stand):,} things known of {feed.name} are missing from this file: "
            "it may be cut off, or another list. Nothing was published. If they are really gone, "
            "--allow-shrink retires them."
        )


def outcomes(rows: list[Told | Rejected], known: Known, feed: Feed, mint: Mint) -> Iterator[Outcome]:
    """Each row with what it changes, then what is missing."""
    seen: dict[str, int] = {}
    for one in rows:
        if isinstance(one, Rejected):
            yield one
        elif one.asset in seen:
            yield _again(one, seen[one.asset])
        else:
            seen[one.asset] = one.row
            yield _compared(one, known.get(one.asset), feed, mint)
    missing = [asset for asset, was in known.items() if was.retired_because is None and asset not in seen]
    if missing and any(isinstance(one, Rejected) for one in rows):
        yield Preface((), ("nothing was retired: what is missing may stand in the rejected rows",))
        return
    for asset in missing:
        at = on_clock(feed.seen, mint.zone)
        retired = mint.event(asset, at, AssetRetired(reason=MISSING), revision=known[asset].revision)
        yield Preface((retired,), ("missing from the list: retired",))


def _told(number: int, row: Row | Rejected, found: Sheet, feed: Feed) -> Told | Rejected:
    if isinstance(row, Rejected):
        return Rejected(number, row.reason, row.raw)
    try:
        asset, external = _asset(row, feed)
        facts = {"external_id": external, **_facts(row, found)}
    except RowError as error:
        return Rejected(number, str(error), row)
    return Told(number, asset, {**facts, "asset_type": feed.asset_type, "feed": feed.name}, not external, row)


def _asset(row: Row, feed: Feed) -> tuple[str, str | None]:
    """The thing's id, and its id in the list where it has one."""
    external = first(row, *_IDS)
    if external:
        if len(external) > 128:
            raise RowError(f"the id is too long: {len(external)} characters")
        return ref(f"{feed.name}:{external}", "thing"), external
    if row["lat"] is None:
        raise RowError("neither an id nor a place")
    return f"{feed.name}:{row['lat']:.{_DECIMALS}f}~{row['long']:.{_DECIMALS}f}", None


def _facts(row: Row, found: Sheet) -> dict[str, Any]:
    """What the list has columns for; of anything else it tells nothing."""
    facts: dict[str, Any] = {name: row[name] for name in ("lat", "long") if name in found.columns}
    for fact, names in _COLUMNS.items():
        if not found.columns.isdisjoint(names):
            facts[fact] = first(row, *names)
    if "priority" in facts:
        facts["priority"] = facts["priority"].casefold() in _YES
    if "not_adoptable_because" in facts:
        facts["not_adoptable_because"] = dashed(facts["not_adoptable_because"]).replace("-", "_") or None
    for fact, most in (("name", 300), ("neighbourhood_id", 128)):
        if fact in facts:
            facts[fact] = known(facts[fact], most)
    return facts


def _again(one: Told, row: int) -> Outcome:
    if one.by_place:
        return Accepted(one.row, (), ("within a metre of another: taken for the same thing",))
    return Rejected(one.row, "the same id stands in an earlier row", {"first_row": row, **one.raw})


def _compared(one: Told, was: KnownAsset | None, feed: Feed, mint: Mint) -> Outcome:
    if was is not None and was.retired_because not in (None, MISSING):
        return Accepted(one.row, (), ("retired by the city itself: it stays retired",))
    stands = was is not None and was.retired_because is None
    facts = {**({} if was is None else was.facts), **one.facts}
    if was is not None and stands and facts == was.facts:
        return Accepted(one.row, (), ("unchanged",))
    kind, note = (AssetUpdated, "changed: updated") if stands else (AssetRegistered, "new: registered")
    if was is not None and not stands:
        note = "back in the list: registered again"
    revision = 0 if was is None else was.revision
    try:
        event = mint.event(one.asset, on_clock(feed.seen, mint.zone), kind(**facts), revision=revision)
    except (ValidationError, Undecodable) as error:
        return Rejected(one.row, why(error), one.raw)
    return Accepted(one.row, (event,), (note,))
