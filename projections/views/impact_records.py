"""What was done, record by record, and the sums of what counts.

Sums are in thousandths of the unit that was recorded: units are parts of the key, so that nothing is
converted or rounded before it is shown.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.scalars import thousandths
from events.types.impact import ImpactRecorded, ImpactVoided
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.projects import award
from projections.views.timeline import latest

FIELDS: Final = {
    "city": "the city's short name",
    "record_id": "id within the city",
    "metric_code": "what was done; None until the record is told",
    "quantity": "how much, decimal text",
    "unit": "of what",
    "each": "what one unit is taken for, as the city declares it: quantity, unit; or None",
    "out_of": "the earlier record that was looked at again, and how much of it: record_id, quantity; or None",
    "method": "counted, weighed or estimated",
    "done_on": "the day on the city's own calendar",
    "evidence": "addresses of what shows it",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "project_id": "the project it belongs to, or None",
    "award": "the award it belongs to: city, award_id; or None",
    "session_id": "the volunteers' session it belongs to, or None",
    "asset_id": "the thing of the city that was looked after, or None",
    "recorded_at": "when it was recorded",
    "told": "how many times it was recorded: the first counts, as a record is never edited",
    "voided_at": "since when it counts no more, or None; it may be voided before it is told",
    "void_reason": "why it counts no more",
    "void_note": "what was said to that",
    "replaced_by": "the record that counts instead, or None",
    "updated_at": "the latest time of any event",
}


def _blank(event: Event) -> dict[str, Any]:
    own = {"city": event.city, "record_id": event.subject, "evidence": [], "told": 0}
    return {**dict.fromkeys(FIELDS), **own}


def evolve(document: Document | None, event: Event) -> Document:
    """The record after this event. The first recording counts, and a void is final."""
    record = _blank(event) if document is None else dict(document)
    match event.data:
        case ImpactRecorded() as data:
            if not record["told"]:
                record |= _recorded(event, data)
            record["told"] += 1
        case ImpactVoided() as data if record["voided_at"] is None:
            record |= {"voided_at": event.at, "void_reason": data.reason, "void_note": data.note}
            record["replaced_by"] = data.replaced_by
    record["updated_at"] = latest(record["updated_at"], event.at)
    return record


def _recorded(event: Event, data: ImpactRecorded) -> dict[str, Any]:
    same = ("metric_code", "quantity", "unit", "method", "done_on")
    links = ("neighbourhood_id", "project_id", "session_id", "asset_id")
    return {
        **{name: getattr(data, name) for name in (*same, *links)},
        "each": data.each and data.each.model_dump(),
        "out_of": data.out_of and data.out_of.model_dump(),
        "award": award(data.award),
        "evidence": list(data.evidence),
        "recorded_at": event.at,
    }


VIEW: Final = DocumentView(
    name="impact_records",
    description="Every record of something done, also those that were voided",
    handles=types("impact.recorded", "impact.voided"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("done_on", -1), ("_id", 1)),
        (("city", 1), ("metric_code", 1), ("done_on", -1)),
        (("city", 1), ("project_id", 1), ("done_on", -1)),
    ),
)

_UNITS: Final = ("metric_code", "unit", "each")
_MEASURES: Final = {
    "records": "records that count",
    "thousandths": "their quantity, in thousandths of `unit`",
    "out_of": "in thousandths, how much was looked at again, of records that are a later look at others",
    "voided": "records that were voided",
}


def _sums(record: Document) -> dict[str, int]:
    if record["voided_at"] is not None:
        return {"voided": 1}
    seen = record["out_of"]
    amounts = {"records": 1, "thousandths": thousandths(record["quantity"])}
    return amounts | ({"out_of": thousandths(seen["quantity"])} if seen else {})


def _measured(record: Document) -> tuple[str, str, str]:
    each = record["each"]
    return record["metric_code"], record["unit"], f"{each['quantity']} {each['unit']}" if each else ""


def _by_month(record: Document) -> Iterable[Cell]:
    if record["told"]:
        where = (record["city"], record["done_on"][:7], record["neighbourhood_id"] or "")
        yield Cell((*where, *_measured(record), record["method"]), _sums(record))


def _by_thing(record: Document) -> Iterator[Cell]:
    if record["told"]:
        for thing in _things(record):
            yield Cell((*thing, record["city"], *_measured(record)), _sums(record))


def _things(record: Document) -> Iterator[tuple[str, str, str]]:
    """City, kind and id of what the record belongs to; an award may be another jurisdiction's."""
    for kind in ("project", "session", "asset"):
        if (id_ := record[f"{kind}_id"]) is not None:
            yield record["city"], kind, id_
    if (paid := record["award"]) is not None:
        yield paid["city"], "award", paid["award_id"]


BY_MONTH: Final = DocumentTally(
    name="impact_by_month",
    description=(
        "What was done in each month; the empty neighbourhood stands for records without one, "
        "`each` is what one unit is taken for, as in `20 lb`, or empty"
    ),
    dimensions=("city", "month", "neighbourhood_id", *_UNITS, "method"),
    measures=_MEASURES,
    over=VIEW,
    cells=_by_month,
)
BY_THING: Final = DocumentTally(
    name="impact_by_thing",
    description=(
        "What was done for each project, session, asset and award: `kind` and `id` under the `city` whose "
        "they are; `told_by` is the city that recorded it"
    ),
    dimensions=("city", "kind", "id", "told_by", *_UNITS),
    measures=_MEASURES,
    over=VIEW,
    cells=_by_thing,
)
TALLIES: Final = (BY_MONTH, BY_THING)
