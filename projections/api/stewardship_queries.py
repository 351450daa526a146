"""Things of the city and who takes care of them, put together for the JSON API and the pages alike."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from infra.directory import City
from infra.mongo import Database
from projections import read
from projections.api import stewardship_models as models
from projections.api.models import Point
from projections.api.moderated import hidden
from projections.api.queries import LAST_CHANGED, MAX_FEATURES, SUPPRESS_BELOW, there, today
from projections.core import Document
from projections.metrics.numbers import percent, shown
from projections.read import Box, OneOf, Where
from projections.registry import BY_NAME

STEWARDSHIP: Final = BY_NAME["stewardship"]
MONTHS: Final = 12
STANDS: Final = OneOf(("free", "adopted", "not_adoptable", "unknown"))
IN_NEED: Final = OneOf(("attention", "urgent"))
_SAME: Final = (
    *("city", "asset_type", "name", "feed", "external_id", "neighbourhood_id", "priority"),
    *("state", "not_adoptable_because", "free_since", "condition", "needs", "checked_in_at"),
    *("retired_at", "retired_because", "updated_at"),
)
_COVERED: Final = ("assets", "adoptable", "adopted", "priority_adoptable", "priority_adopted")
_SHOWN: Final = (*_COVERED, "attention", "urgent", "wanted")
_COUNTED: Final = ("started", "ended", "lapsed", "check_ins", "kept", "missed")


def where(
    city: City,
    *,
    asset_type: str | None = None,
    state: str | None = None,
    attention: bool = False,
    box: Box | None = None,
) -> Where:
    """The things of a city that fit; without a state those that it has not given up."""
    chosen: dict[str, read.Condition] = {"city": city.id, "state": STANDS if state is None else state}
    if asset_type is not None:
        chosen["asset_type"] = asset_type
    if attention:
        chosen["condition"] = IN_NEED
    if box is not None:
        chosen["point"] = box
    return chosen


async def assets(db: Database, chosen: Where, *, limit: int, cursor: str | None) -> models.Assets:
    """A page of things, the last changed first."""
    as_of = await read.as_of(db, [STEWARDSHIP])
    page = await read.documents(db, "assets", chosen, LAST_CHANGED, limit=limit, after=cursor)
    without = await _hidden(db, page.items)
    found = [models.Asset(**_asset(one, without)) for one in page.items]
    return models.Assets(assets=found, next=page.cursor, as_of=as_of)


async def asset(db: Database, city: City, asset_id: str) -> models.AssetDetail:
    """One thing, or a 404 problem."""
    as_of = await read.as_of(db, [STEWARDSHIP])
    found = there(await read.document(db, "assets", f"{city.id}/{asset_id}"), "asset")
    return models.AssetDetail(
        **_asset(found, await _hidden(db, [found])),
        **{name: found[name] for name in ("registered_at", "adoptions_total", "check_ins_total")},
        adoptions=[_only(models.Adoption, one) for one in found["adoptions"]],
        check_ins=[_only(models.CheckIn, one) for one in found["check_ins"]],
        as_of=as_of,
    )


async def features(db: Database, chosen: Where) -> models.AssetFeatures:
    """The things that fit and have a place, for a map."""
    fields = ("city", "asset_id", "asset_type", "name", "state", "priority", "condition", "point")
    placed = chosen if "point" in chosen else {**chosen, "point.type": "Point"}
    found = await read.listing(db, "assets", placed, LAST_CHANGED, limit=MAX_FEATURES + 1, fields=fields)
    shown_ones = [_feature(one) for one in found[:MAX_FEATURES]]
    return models.AssetFeatures(features=shown_ones, truncated=len(found) > MAX_FEATURES)


async def stewardship(db: Database, city: City) -> models.Stewardship:
    """The numbers of a city."""
    as_of = await read.as_of(db, [STEWARDSHIP])
    cells = await read.tally(db, "asset_coverage", {"city": city.id})
    needs = await read.tally(db, "asset_needs", {"city": city.id}, by=("need",))
    months = await read.tally(db, "stewardship_by_month", {"city": city.id}, by=("month",))
    return models.Stewardship(
        city=city.id,
        whole=models.Coverage(**_coverage(cell.n for cell in cells)),
        by_asset_type=_coverage_by(cells, "asset_type"),
        by_neighbourhood=_coverage_by(cells, "neighbourhood_id"),
        needs=[
            models.Need(need=cell.key["need"], assets=cell.n["assets"])
            for cell in sorted(needs, key=lambda cell: (-cell.n["assets"], cell.key["need"]))
        ],
        months=_months({cell.key["month"]: cell.n for cell in months}, date.fromisoformat(today(city))),
        as_of=as_of,
    )


async def _hidden(db: Database, found: Iterable[Document]) -> frozenset[str]:
    """The adoptions, each named `city/id`, whose nickname the city has hidden."""
    return await hidden(db, "adoption", filter(None, map(_named, found)))


def _named(found: Document) -> str | None:
    return None if found["nickname"] is None else f"{found['city']}/{found['adoption']['adoption_id']}"


def _asset(found: Document, without: frozenset[str]) -> dict[str, Any]:
    long, lat = found["point"]["coordinates"] if found["point"] else (None, None)
    adoption = found["adoption"] or {"since": None, "group_id": None, "cadence_days": None}
    return {
        **{name: found[name] for name in _SAME},
        "id": found["asset_id"],
        "nickname": None if _named(found) in without else found["nickname"],
        "lat": lat,
        "long": long,
        "adopted_since": adoption["since"],
        "group_id": adoption["group_id"],
        "cadence_days": adoption["cadence_days"],
        "waiting": len(found["waiting"]),
    }


def _only(model: type[Any], entry: Mapping[str, Any]) -> Any:
    return model(**{name: entry[name] for name in model.model_fields})


def _feature(found: Document) -> models.AssetFeature:
    long, lat = found["point"]["coordinates"]
    named = {name: found[name] for name in ("asset_type", "name", "state", "priority", "condition")}
    page = f"/cities/{found['city']}/stewardship/{found['asset_id']}"
    return models.AssetFeature(
        id=found["asset_id"],
        geometry=Point(coordinates=(round(long, 7), round(lat, 7))),
        properties=models.AssetProperties(**named, page=page),
    )


def _coverage(cells: Iterable[Mapping[str, int]]) -> dict[str, Any]:
    total = Counter[str]()
    for cell in cells:
        total.update(cell)
    return {
        **{name: total[name] for name in _SHOWN},
        "percent": _percent(total["adopted"], total["adoptable"]),
        "priority_percent": _percent(total["priority_adopted"], total["priority_adoptable"]),
    }


def _percent(part: int, whole: int) -> float | None:
    exact = percent(part, whole)
    return None if exact is None else float(shown(exact, 1))


def _coverage_by(cells: Iterable[read.Cell], dimension: str) -> list[models.CoverageOf]:
    groups: dict[str, list[Mapping[str, int]]] = {}
    for cell in cells:
        groups.setdefault(cell.key[dimension], []).append(cell.n)
    return [models.CoverageOf(code=code, **_coverage(groups[code])) for code in sorted(groups)]


def _months(cells: Mapping[str, Mapping[str, int]], now: date) -> list[models.StewardshipMonth]:
    """What stood at the start of a month is all that began before it, less all that had ended."""
    names = _last_months(now)
    stood = sum(n["started"] - n["ended"] for month, n in cells.items() if month < names[0])
    months = []
    for name in names:
        counts = cells.get(name, dict.fromkeys(_COUNTED, 0))
        months.append(_month(name, stood, counts))
        stood += counts["started"] - counts["ended"]
    return months


def _last_months(now: date) -> list[str]:
    first, names = now.replace(day=1), list[str]()
    for _ in range(MONTHS):
        names.append(f"{first:%Y-%m}")
        first = (first - timedelta(days=1)).replace(day=1)
    return names[::-1]


def _month(name: str, stood: int, counts: Mapping[str, int]) -> models.StewardshipMonth:
    """Each adoption is one steward's, so there are at most as many people behind the numbers."""
    few = stood + counts["started"] < SUPPRESS_BELOW
    told = {"stood": stood, **{one: counts[one] for one in _COUNTED}}
    return models.StewardshipMonth(
        month=name, suppressed=few, **{one: None if few else n for one, n in told.items()}
    )
