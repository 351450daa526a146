"""What of an award is paid, instalment by instalment, and the sums of what is granted and paid."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from events.envelope import Event
from events.scalars import thousandths
from events.types.awards import AwardDisbursed, AwardGranted
from projections.core import Cell, Document, EventTally, types
from projections.views.entries import entry, put

_UNPAID: Final[Document] = {"paid_thousandths": 0, "paid_on": "", "payments": 0}


def on_calendar(event: Event, moment: datetime) -> str:
    """The day of a moment by the clock that the city had when the event was told."""
    return moment.astimezone(event.time.tzinfo).date().isoformat()


def instalments(event: Event, data: AwardGranted) -> list[dict[str, Any]]:
    """The instalments as granted."""
    return [
        {
            "instalment_id": one.instalment_id,
            "amount": one.amount,
            "due_at": one.due_at,
            "due_on": on_calendar(event, one.due_at),
            "paid_on": None,
            "on_time": None,
        }
        for one in data.instalments
    ]


def disbursed(award: dict[str, Any], data: AwardDisbursed) -> None:
    """Add a payment: those of one instalment in one currency stand together."""
    name = {"instalment_id": data.instalment_id, "currency": data.currency}
    before = entry(award["payments"], **name) or _UNPAID
    paid = {
        **name,
        "paid_thousandths": before["paid_thousandths"] + thousandths(data.amount),
        "paid_on": max(before["paid_on"], data.paid_on),
        "payments": before["payments"] + 1,
    }
    award["payments"] = put(award["payments"], paid, *name)


def settle(award: dict[str, Any]) -> None:
    """What payments make of the instalments; those in another currency pay nothing of them."""
    own = [one for one in award["payments"] if one["currency"] == award["currency"]]
    award["paid_thousandths"] = sum(one["paid_thousandths"] for one in own)
    award["instalments"] = [_settled(one, own) for one in award["instalments"]]


def _settled(instalment: Document, payments: list[Document]) -> dict[str, Any]:
    paid = entry(payments, instalment_id=instalment["instalment_id"])
    if paid is None or paid["paid_thousandths"] < thousandths(instalment["amount"]):
        return {**instalment, "paid_on": None, "on_time": None}
    return {**instalment, "paid_on": paid["paid_on"], "on_time": paid["paid_on"] <= instalment["due_on"]}


def awarded(award: Document) -> Iterator[Cell]:
    """What an award adds to its month; one that is not told of adds nothing."""
    if award["granted_on"] is not None:
        month = award["granted_on"][:7]
        money = thousandths(award["amount"])
        yield Cell((award["city"], award["currency"], month), {"awards": 1, "awarded": money})


def by_due_day(award: Document) -> Iterator[Cell]:
    """Each instalment on the day it is due."""
    for one in award["instalments"]:
        counts = {
            "instalments": 1,
            "paid": int(one["paid_on"] is not None),
            "on_time": int(bool(one["on_time"])),
        }
        yield Cell((award["city"], one["due_on"]), counts)


def _paid(event: Event) -> Iterator[Cell]:
    data = event.data
    if isinstance(data, AwardDisbursed):
        key = (event.city, data.currency, data.paid_on[:7])
        yield Cell(key, {"payments": 1, "disbursed": thousandths(data.amount)})


DISBURSED: Final = EventTally(
    name="grants_disbursed",
    description="What was paid, by the month of payment",
    dimensions=("city", "currency", "month"),
    measures={"payments": "payments", "disbursed": "what was paid, in thousandths"},
    handles=types("award.disbursed"),
    cells=_paid,
)
