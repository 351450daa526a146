"""How many participants there were: each counts once in a month and once in a year, whatever they did.

They are summed over the documents of participants, so who is erased counts no more.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

from projections.core import Cell, Document, DocumentTally
from projections.ladder import RUNG_OF
from projections.views.participants import VIEW

RETURN_DAYS: Final = 90
_SPANS: Final = (("month", 7), ("year", 4))
"""The spans and how much of a day's text names one."""


def _periods(participant: Document) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
    """Each span and period in which they took part, with its months."""
    for span, length in _SPANS:
        periods: dict[str, list[Mapping[str, Any]]] = {}
        for month in participant["months"]:
            periods.setdefault(month["month"][:length], []).append(month)
        for period, months in periods.items():
            yield span, period, months


def _first_days(participant: Document) -> list[date]:
    """The first two days on which they took part."""
    told = (f"{one['month']}-{day:02}" for one in participant["months"] for day in one["days"])
    return [date.fromisoformat(day) for day in islice(told, 2)]


def _by_period(participant: Document) -> Iterator[Cell]:
    days = _first_days(participant)
    returned = len(days) == 2 and days[1] - days[0] <= timedelta(days=RETURN_DAYS)
    for span, period, _ in _periods(participant):
        began = days[0].isoformat().startswith(period)
        new = {"first_time": int(began), "returned": int(began and returned)}
        yield Cell((participant["city"], span, period), {"participants": 1, **new})


def _by_each(of: str, participant: Document) -> Iterator[Cell]:
    for span, period, months in _periods(participant):
        for which in sorted({one for month in months for one in month[of]}):
            yield Cell((participant["city"], span, period, which), {"participants": 1})


def _ladder(participant: Document) -> Iterable[Cell]:
    """Of who gave feedback: on which rungs they acted later, by the month of their first feedback."""
    actions = [(RUNG_OF.get(one["action"]), one) for one in participant["actions"]]
    feedback = [one for rung, one in actions if rung == "feedback"]
    if not feedback:
        return
    begun = min(feedback, key=lambda one: one["first_at"])
    later = {rung for rung, one in actions if rung and one["last_at"] > begun["first_at"]}
    for rung in sorted({"feedback", *later}):
        yield Cell((participant["city"], begun["first_on"][:7], rung), {"participants": 1})


_PARTICIPANTS: Final = {"participants": "participants who took part in it"}
_SPAN: Final = "`span` is month or year, `period` one of them, as in 2026-04 or 2026"

BY_PERIOD: Final = DocumentTally(
    name="participants_by_period",
    description=f"Participants of each month and year: {_SPAN}",
    dimensions=("city", "span", "period"),
    measures={
        "participants": "participants who took part",
        "first_time": "of these, who had never taken part before",
        "returned": f"of the first-timers, who took part again on another day within {RETURN_DAYS} days",
    },
    over=VIEW,
    cells=_by_period,
)
BY_NEIGHBOURHOOD: Final = DocumentTally(
    name="participants_by_neighbourhood",
    description=f"Participants by the neighbourhood of what they took part in, where one is known: {_SPAN}",
    dimensions=("city", "span", "period", "neighbourhood_id"),
    measures=_PARTICIPANTS,
    over=VIEW,
    cells=lambda participant: _by_each("neighbourhoods", participant),
)
BY_RUNG: Final = DocumentTally(
    name="participants_by_rung",
    description=f"Participants by rung of the ladder (feedback, support, volunteer, steward, lead): {_SPAN}",
    dimensions=("city", "span", "period", "rung"),
    measures=_PARTICIPANTS,
    over=VIEW,
    cells=lambda participant: _by_each("rungs", participant),
)
LADDER: Final = DocumentTally(
    name="ladder",
    description=(
        "Participants by the month of their first feedback and by each rung on which they acted after it; "
        "the rung `feedback` has all of them"
    ),
    dimensions=("city", "month", "rung"),
    measures={"participants": "participants who came so far"},
    over=VIEW,
    cells=_ladder,
)
TALLIES: Final = (BY_PERIOD, BY_NEIGHBOURHOOD, BY_RUNG, LADDER)
