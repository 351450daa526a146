"""Published numbers of a city: the newest snapshot of each metric for each period."""

from typing import Any, Final

from events.envelope import Event
from events.types.metrics import MetricSnapshot
from projections.core import Document, DocumentView, types

_SAME: Final = (
    "metric_code",
    "definition_version",
    "first_day",
    "last_day",
    "neighbourhood_id",
    "unit",
    "value",
    "numerator",
    "denominator",
    "suppressed",
    "completeness",
)
FIELDS: Final = {
    "city": "the city's short name",
    "metric_code": "which number",
    "definition_version": "by which version of its definition; each has documents of its own",
    "first_day": "first day of the period on the city's own calendar",
    "last_day": "last day of the period",
    "neighbourhood_id": "the neighbourhood it is of, or None for the whole city",
    "unit": "of what",
    "value": "decimal text; None where there is none or it is suppressed",
    "numerator": "decimal text, or None",
    "denominator": "decimal text, or None",
    "suppressed": "whether too few participants stand behind it to be shown",
    "completeness": "per cent of the data that were there, or None",
    "as_of": "where the reading stood: topic, partition, next",
    "told_at": "when this newest snapshot was taken",
    "event_id": "the event that told it",
    "told": "how many snapshots there were of this number",
}


def evolve(document: Document | None, event: Event) -> Document | None:
    """The newest by its time; of the same time, the last in the log."""
    data = event.data
    if not isinstance(data, MetricSnapshot):
        return document
    told = 1 if document is None else document["told"] + 1
    if document is not None and document["told_at"] > event.at:
        return {**document, "told": told}
    return {**_number(event, data), "told": told}


def _number(event: Event, data: MetricSnapshot) -> dict[str, Any]:
    return {
        "city": event.city,
        **{name: getattr(data, name) for name in _SAME},
        "as_of": [one.model_dump() for one in data.as_of],
        "told_at": event.at,
        "event_id": event.id,
    }


def _period(event: Event) -> str:
    data = event.data
    if not isinstance(data, MetricSnapshot):
        raise TypeError(f"{event.type} has no period")
    parts = (str(data.definition_version), data.first_day, data.last_day, data.neighbourhood_id or "")
    return "/".join((event.key, *parts))


VIEW: Final = DocumentView(
    name="metric_snapshots",
    description="The newest published number of each metric, version, period and neighbourhood",
    handles=types("metric.snapshot"),
    key=_period,
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("metric_code", 1), ("first_day", -1)),
        (("metric_code", 1), ("neighbourhood_id", 1), ("first_day", -1)),
    ),
)
