"""Things of the city: what is known of each, who takes care of it now, how it was found last.

An adoption has a document of its own in `adoptions`; here stands what it means for the thing, in the
order of the thing's events.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.stewardship import (
    AdoptionLapsed,
    AdoptionRefused,
    AdoptionReleased,
    AdoptionStarted,
    AssetRegistered,
    AssetRetired,
    AssetUpdated,
    StewardshipCheckedIn,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views import tenure
from projections.views.timeline import latest

ADOPTIONS_KEPT: Final = 50
CHECK_INS_KEPT: Final = 20
FIELDS: Final = {
    "city": "the city's short name",
    "asset_id": "id within the city",
    "asset_type": "the city's code of the kind of thing; None until its facts are told",
    "name": "what the city calls it",
    "feed": "the city's list of such things that it stands in, or None",
    "external_id": "its id there",
    "point": "GeoJSON Point, longitude before latitude, or None",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "priority": "whether the city asks for a steward before others",
    "revision": "how many times the city told its facts or gave it up",
    "registered_at": "when it was last registered; None until that is told",
    "retired_at": "when it was given up; None again once it is registered anew",
    "retired_because": "why",
    "state": "unknown, free, adopted, not_adoptable or retired",
    **tenure.FIELDS,
    "nickname": "what its steward calls it, in their own words; None without one",
    "free_since": "when the adoption before ended; None while it is adopted, and where there was none since "
    "it was registered last",
    "adoptions": f"the last {ADOPTIONS_KEPT} that began, in log order: adoption_id, started_at, ended_at, "
    "ended_by",
    "adoptions_total": "how many began",
    "readoptions": "how many began after the thing was free for so many whole days, by month and days",
    "condition": "how the last visitor found it: good, attention, urgent; None where nobody has looked",
    "needs": "what the last visitor said that it needs, as the city's codes",
    "checked_in_at": "when it was last looked after",
    "check_ins": f"the last {CHECK_INS_KEPT} in log order: at, adoption_id, condition, tasks_done, needs",
    "check_ins_total": "how many there were",
    "updated_at": "the latest time of any event",
}
_UNHEARD: Final = {
    **dict.fromkeys(FIELDS),
    **tenure.NOBODY,
    "priority": False,
    "revision": 0,
    "adoptions": [],
    "adoptions_total": 0,
    "readoptions": {},
    "needs": [],
    "check_ins": [],
    "check_ins_total": 0,
}


def evolve(document: Document | None, event: Event) -> Document:
    """The thing after this event."""
    before = {**_UNHEARD, "city": event.city, "asset_id": event.subject} if document is None else document
    asset = {**before, **tenure.changes(before, event)}
    match event.data:
        case AssetRegistered() | AssetUpdated() as data:
            _known(asset, event, data)
        case AssetRetired() as data:
            asset |= {"retired_at": event.at, "retired_because": data.reason, "condition": None, "needs": []}
            asset["free_since"] = None  # found again, it has waited for nobody meanwhile
            asset["revision"] += 1
        case StewardshipCheckedIn() as data:
            _visited(asset, event, data)
    _adoption_changed(before, asset, event)
    asset["updated_at"] = latest(asset["updated_at"], event.at)
    asset["state"] = _state(asset)
    return asset


def _known(asset: dict[str, Any], event: Event, data: AssetRegistered | AssetUpdated) -> None:
    for field in ("asset_type", "name", "feed", "external_id", "neighbourhood_id", "priority"):
        asset[field] = getattr(data, field)
    asset["revision"] += 1
    placed = data.lat is not None and data.long is not None
    asset["point"] = {"type": "Point", "coordinates": [data.long, data.lat]} if placed else None
    if isinstance(data, AssetRegistered):
        asset |= {"registered_at": event.at, "retired_at": None, "retired_because": None}


def _visited(asset: dict[str, Any], event: Event, data: StewardshipCheckedIn) -> None:
    found = {"condition": data.condition, "needs": list(data.needs)}
    seen = {"at": event.at, "adoption_id": data.adoption_id, "tasks_done": list(data.tasks_done), **found}
    asset["check_ins"] = [*asset["check_ins"], seen][-CHECK_INS_KEPT:]
    asset["check_ins_total"] += 1
    asset["checked_in_at"] = latest(asset["checked_in_at"], event.at)
    if asset["checked_in_at"] == event.at and not asset["retired"]:
        asset |= found


def _adoption_changed(before: Document, asset: dict[str, Any], event: Event) -> None:
    ended, began = (_adopted_as(one) for one in (before, asset))
    if ended == began:
        return
    if ended is not None:
        _ended(asset, event, ended)
    if began is not None and isinstance(event.data, AdoptionStarted):
        _began(asset, event, event.data)


def _adopted_as(asset: Document) -> str | None:
    return None if asset["adoption"] is None else str(asset["adoption"]["adoption_id"])


def _began(asset: dict[str, Any], event: Event, data: AdoptionStarted) -> None:
    fresh = {"adoption_id": data.adoption_id, "started_at": event.at, "ended_at": None, "ended_by": None}
    asset["adoptions"] = [*asset["adoptions"], fresh][-ADOPTIONS_KEPT:]
    asset["adoptions_total"] += 1
    if asset["free_since"] is not None:
        asset["readoptions"] = _with_gap(asset, event)
    asset |= {"nickname": data.nickname, "free_since": None}


def _with_gap(asset: Document, event: Event) -> dict[str, dict[str, int]]:
    month, days = event.day[:7], str(max(0, (event.at - asset["free_since"]).days))
    gaps = asset["readoptions"].get(month, {})
    return {**asset["readoptions"], month: {**gaps, days: gaps.get(days, 0) + 1}}


def _ended(asset: dict[str, Any], event: Event, adoption_id: str) -> None:
    ended = {"ended_at": event.at, "ended_by": ended_by(event)}
    asset["adoptions"] = [
        {**one, **ended} if one["adoption_id"] == adoption_id else one for one in asset["adoptions"]
    ]
    asset |= {"nickname": None, "free_since": None if asset["retired"] else event.at}


def ended_by(event: Event) -> str:
    """What ended an adoption: lapsed, refused, by_steward, by_city or asset_retired."""
    match event.data:
        case AdoptionReleased() as data:
            return data.reason
        case AdoptionLapsed():
            return "lapsed"
        case AdoptionRefused():
            return "refused"
    return "asset_retired"


def _state(asset: Document) -> str:
    if asset["retired"]:
        return "retired"
    if asset["adoption"] is not None:
        return "adopted"
    if asset["not_adoptable_because"] is not None:
        return "not_adoptable"
    return "unknown" if asset["asset_type"] is None else "free"


VIEW: Final = DocumentView(
    name="assets",
    description="Every thing of the city with who takes care of it, who waits for it and how it was found",
    handles=types(
        "asset.registered",
        "asset.updated",
        "asset.retired",
        "adoption.started",
        "adoption.refused",
        "stewardship.checked_in",
        "adoption.lapsed",
        "adoption.released",
        "adoption.transferred",
        "adoption.waitlist_joined",
        "adoption.waitlist_left",
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("updated_at", -1), ("_id", 1)),
        (("city", 1), ("state", 1), ("updated_at", -1), ("_id", 1)),
        (("city", 1), ("asset_type", 1), ("updated_at", -1), ("_id", 1)),
        (("city", 1), ("condition", 1), ("updated_at", -1), ("_id", 1)),
        (("city", 1), ("feed", 1), ("_id", 1)),
        (("point", "2dsphere"),),
    ),
)


def _coverage(asset: Document) -> Iterable[Cell]:
    """Of things whose facts are not told nobody can say whether they may be adopted: they count nowhere."""
    if asset["asset_type"] is None:
        return
    stands = not asset["retired"]
    may = stands and asset["not_adoptable_because"] is None
    counts = {
        "assets": stands,
        "retired": not stands,
        "adoptable": may,
        "adopted": (has := may and asset["adoption"] is not None),
        "priority_adoptable": may and asset["priority"],
        "priority_adopted": has and asset["priority"],
        "attention": asset["condition"] in {"attention", "urgent"},
        "urgent": asset["condition"] == "urgent",
        "wanted": bool(asset["waiting"]),
        "waiting": len(asset["waiting"]),
    }
    key = (asset["city"], asset["asset_type"], asset["neighbourhood_id"] or "")
    yield Cell(key, {name: int(n) for name, n in counts.items() if n})


COVERAGE: Final = DocumentTally(
    name="asset_coverage",
    description="How many things may be adopted, are, and need attention; "
    "the empty neighbourhood stands for things without one",
    dimensions=("city", "asset_type", "neighbourhood_id"),
    measures={
        "assets": "things that the city has",
        "retired": "things that it has given up",
        "adoptable": "things that the city has and anyone may adopt",
        "adopted": "of these, those with an adoption that stands",
        "priority_adoptable": "adoptable things that the city asks for first",
        "priority_adopted": "of these, those with an adoption that stands",
        "attention": "things that the last visitor found in need of attention, urgent ones included",
        "urgent": "things that the last visitor found in urgent need",
        "wanted": "things for which somebody waits",
        "waiting": "entries that wait",
    },
    over=VIEW,
    cells=_coverage,
)
NEEDS: Final = DocumentTally(
    name="asset_needs",
    description="How many things need what, as their last visitors found them",
    dimensions=("city", "need"),
    measures={"assets": "things that need it"},
    over=VIEW,
    cells=lambda asset: [
        Cell((asset["city"], need), {"assets": 1}) for need in dict.fromkeys(asset["needs"])
    ],
)
READOPTIONS: Final = DocumentTally(
    name="asset_readoptions",
    description="How many things found another steward after so many whole days without one, "
    "by the month in which they did",
    dimensions=("city", "month", "days"),
    measures={"readoptions": "adoptions that began after another had ended"},
    over=VIEW,
    cells=lambda asset: [
        Cell((asset["city"], month, days), {"readoptions": n})
        for month, gaps in asset["readoptions"].items()
        for days, n in gaps.items()
    ],
)
TALLIES: Final = (COVERAGE, NEEDS, READOPTIONS)
