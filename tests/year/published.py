"""The published numbers of simulated cities, computed as everywhere and held against the truth."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from producers.simulate.simulation import FIRST_DAY, Simulation
from projections.metrics.core import Scope
from projections.metrics.measure import measure
from projections.metrics.numbers import plain
from projections.metrics.registry import BY_CODE
from projections.registry import PROJECTIONS
from tests.support.engines import cells
from tests.support.metrics import Folded
from tests.year.compare import Verdict
from tests.year.numbers import NUMBERS, Parts, Seen
from tests.year.play import MemoryTown
from tests.year.waits import RANKS, WAITS, value


def folded(town: MemoryTown) -> Folded:
    """What the town has stored, as a reader of numbers asks for it."""
    documents, sums = {}, {}
    for projection in PROJECTIONS:
        store = town.stored[projection.name]
        for view in projection.documents:
            documents[view.name] = store.documents.get(projection.collection(view), {})
        for tally in projection.tallies:
            sums[tally.name] = cells(store, projection.collection(tally))
    return Folded(documents, sums)


def period(simulation: Simulation) -> tuple[date, date]:
    """The whole months after the first and before the last day."""
    end = FIRST_DAY + timedelta(days=simulation.days)
    return (FIRST_DAY + timedelta(days=31)).replace(day=1), end.replace(day=1) - timedelta(days=1)


async def published(town: MemoryTown, simulation: Simulation) -> Verdict:
    """Each number of each city that may be shown, to the last digit."""
    verdict, reader, truth = Verdict(), folded(town), simulation.truth
    first, last = period(simulation)
    for city in simulation.cities:
        scope = Scope(city, first, last, town.horizon)
        seen = Seen(truth, scope)
        for code, true in _expected(seen).items():
            shown = await measure(reader, BY_CODE[code], scope)
            if not shown.suppressed:
                stored = (shown.numerator, shown.denominator) if code in NUMBERS else shown.value
                verdict.hold(code, {city.id: stored}, {city.id: true})
    return verdict


def _expected(seen: Seen) -> dict[str, Any]:
    """The two parts of each number, and the value of what people waited for."""
    found: dict[str, Any] = {code: _plain(true(seen)) for code, true in NUMBERS.items()}
    for (name, (waits, unit)), rank in product(WAITS.items(), RANKS):
        if (code := f"{name}.p{rank}") in BY_CODE:
            found[code] = value(waits(seen), rank, unit, BY_CODE[code].decimals)
    return found


def _plain(parts: Parts) -> tuple[Decimal | None, ...]:
    return tuple(None if part is None else plain(Fraction(part)) for part in parts)
