"""What is granted again from an award: one document for each award that was made of its money."""

from collections.abc import Iterator
from typing import Any, Final

from events.envelope import Event
from events.scalars import thousandths
from events.types.awards import AwardRegranted
from projections.core import Cell, Document, DocumentTally, DocumentView, types

FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, whose money it was first",
    "award_id": "the id of its award",
    "to_city": "the city that granted it again",
    "to_award_id": "the id of the award that it made",
    "amount": "of that award, as told last, decimal text",
    "currency": "ISO 4217 code",
    "regranted_at": "when that award was made, as told last",
    "regranted_on": "the day of that, on the calendar of the city that made it",
}


def evolve(_: Document | None, event: Event) -> Document:
    """One award made of another, as told last."""
    data: Any = event.data
    return {
        "city": event.city,
        "award_id": event.subject,
        "to_city": data.to_award.city,
        "to_award_id": data.to_award.award_id,
        "amount": data.amount,
        "currency": data.currency,
        "regranted_at": event.at,
        "regranted_on": event.day,
    }


def _key(event: Event) -> str:
    data = event.data
    if not isinstance(data, AwardRegranted):
        raise TypeError(f"{event.type} tells of no award that was made of another")
    return f"{event.key}/{data.to_award.city}/{data.to_award.award_id}"


VIEW: Final = DocumentView(
    name="award_regrants",
    description="Which awards were made of the money of another; one document for each of them",
    handles=types("award.regranted"),
    key=_key,
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("award_id", 1), ("regranted_at", -1), ("_id", 1)),
        (("city", 1), ("regranted_at", -1), ("_id", 1)),
    ),
)


def _regranted(regrant: Document) -> Iterator[Cell]:
    key = (regrant["city"], regrant["award_id"], regrant["currency"])
    yield Cell(key, {"awards": 1, "regranted": thousandths(regrant["amount"])})


REGRANTED: Final = DocumentTally(
    name="grants_regranted",
    description="What was granted again from each award",
    dimensions=("city", "award_id", "currency"),
    measures={"awards": "awards made of it", "regranted": "their amounts, in thousandths"},
    over=VIEW,
    cells=_regranted,
)
