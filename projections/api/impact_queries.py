"""Projects and what was done, put together for the JSON API and the pages alike."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from infra.directory import City
from infra.mongo import Database
from projections import read
from projections.api import impact_models as models
from projections.api import moderated
from projections.api.queries import there
from projections.core import Document
from projections.impact_totals import Recorded, Total, recorded, totals
from projections.metrics.numbers import plain
from projections.read import EVER, Between, Where
from projections.registry import BY_NAME

IMPACT: Final = BY_NAME["impact"]
LAST_BEGUN: Final = [("started_at", -1)]
LAST_DONE: Final = [("done_on", -1)]
_UNITS: Final = ("metric_code", "unit", "each")
_RECORD: Final = (
    "city",
    "metric_code",
    "quantity",
    "unit",
    "each",
    "out_of",
    "method",
    "done_on",
    "neighbourhood_id",
    "project_id",
    "award",
    "session_id",
    "asset_id",
    "evidence",
    "void_reason",
    "replaced_by",
)
_PROJECT: Final = (
    "city",
    "title",
    "category",
    "organisation",
    "group_id",
    "idea_ids",
    "problem_ids",
    "award",
    "neighbourhood_id",
    "status",
    "started_at",
    "ended_at",
    "note",
    "evidence",
)


async def impact(
    db: Database,
    city: City,
    *,
    first: str | None = None,
    last: str | None = None,
    neighbourhood: str | None = None,
    unit: str | None = None,
) -> models.Impact:
    """What was done in a city, in these months and this neighbourhood, where they are named."""
    as_of = await read.as_of(db, [IMPACT])
    where: Where = {
        "city": city.id,
        **({} if (first, last) == (None, None) else {"month": Between(first, last)}),
        **({} if neighbourhood is None else {"neighbourhood_id": neighbourhood}),
    }
    cells = await read.tally(db, "impact_by_month", where, by=(*_UNITS, "method"))
    return models.Impact(
        city=city.id,
        first_month=first,
        last_month=last,
        neighbourhood_id=neighbourhood,
        totals=_totals((recorded(cell.key, cell.n) for cell in cells), unit),
        as_of=as_of,
    )


async def records(
    db: Database, city: City, *, metric: str | None, limit: int, cursor: str | None
) -> models.ImpactRecords:
    """A page of a city's records."""
    as_of = await read.as_of(db, [IMPACT])
    known: Where = {"city": city.id, "done_on": Between("", None)}
    where: Where = known if metric is None else {**known, "metric_code": metric}
    page = await read.documents(db, "impact_records", where, LAST_DONE, limit=limit, after=cursor)
    return models.ImpactRecords(records=[_record(one) for one in page.items], next=page.cursor, as_of=as_of)


async def projects(
    db: Database, city: City, *, status: str | None = None, limit: int, cursor: str | None
) -> models.Projects:
    """A page of a city's projects."""
    as_of = await read.as_of(db, [IMPACT])
    begun: Where = {"city": city.id, "started_at": Between(EVER, None)}
    where: Where = begun if status is None else {**begun, "status": status}
    page = await read.documents(db, "projects", where, LAST_BEGUN, limit=limit, after=cursor)
    hidden = await moderated.hidden(db, "project", (one["_id"] for one in page.items))
    found = [models.Project(**_project(one, hidden=one["_id"] in hidden)) for one in page.items]
    return models.Projects(projects=found, next=page.cursor, as_of=as_of)


async def project(db: Database, city: City, project_id: str) -> models.ProjectDetail:
    """One project and what came of it, or a 404 problem."""
    as_of = await read.as_of(db, [IMPACT])
    key = f"{city.id}/{project_id}"
    found = there(await read.document(db, "projects", key), "project")
    hidden = await moderated.hidden(db, "project", [key])
    where: Where = {"city": city.id, "kind": "project", "id": project_id, "told_by": city.id}
    cells = await read.tally(db, "impact_by_thing", where, by=_UNITS)
    came = _totals((recorded(cell.key, cell.n) for cell in cells), None)
    return models.ProjectDetail(**_project(found, hidden=key in hidden), totals=came, as_of=as_of)


def _totals(found: Iterable[Recorded], unit: str | None) -> list[models.ImpactTotal]:
    return [_total(one) for one in totals(found, unit)]


def _total(total: Total) -> models.ImpactTotal:
    return models.ImpactTotal(
        metric_code=total.metric_code,
        unit=total.unit,
        quantity=text(total.quantity),
        out_of=None if total.out_of is None else text(total.out_of),
        records=total.records,
        voided=total.voided,
        parts=[_part(one, total.unit) for one in total.inputs],
    )


def _part(part: Recorded, unit: str) -> models.ImpactPart:
    return models.ImpactPart(
        unit=part.unit,
        each=part.each or None,
        method=part.method,
        records=part.records,
        quantity=text(part.quantity),
        in_total=text(part.told_in(unit)),
    )


def _record(document: Document) -> models.ImpactRecord:
    return models.ImpactRecord(
        id=document["record_id"],
        voided=document["voided_at"] is not None,
        **{name: document[name] for name in _RECORD},
    )


def _project(document: Document, *, hidden: bool) -> dict[str, Any]:
    """The fields of `Project`; where the city hid it, without anybody's words and what they point to."""
    words: dict[str, Any] = {"title": None, "note": None, "evidence": []} if hidden else {}
    return {"id": document["project_id"], **{name: document[name] for name in _PROJECT}, **words}


def text(quantity: Fraction) -> str:
    """A quantity as it is shown: at most three decimals."""
    return f"{plain(quantity):f}"
