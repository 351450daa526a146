"""From a definition to the number that is shown: asked for, computed, rounded and, where need be, hidden.

Pages, the API, exports and snapshots all come here, so they never differ by a digit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from projections.core import Projection
from projections.counting import Row
from projections.metrics.core import NEIGHBOURHOOD, Ask, Inputs, Metric, Scope, Value
from projections.metrics.numbers import plain, shown
from projections.metrics.suppression import few, hidden
from projections.registry import OWNER

NOWHERE: Final = ""
"""The neighbourhood of what has none."""


class Reader(Protocol):
    """Answers asks; all of one reader's answers are of one moment."""

    async def rows(self, ask: Ask, by: Sequence[str]) -> list[Row]:
        """What is found, for each combination of the fields or dimensions `by`."""
        ...


@dataclass(frozen=True)
class Measured:
    """A number as everyone may see it. Suppressed, it holds no number at all."""

    metric: Metric
    scope: Scope
    neighbourhood: str | None
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    inputs: Mapping[str, Decimal]
    notes: tuple[str, ...]
    completeness: int | None
    suppressed: bool


async def measure(reader: Reader, metric: Metric, scope: Scope) -> Measured:
    """The number of a whole city."""
    value = metric.compute(await _ask(reader, metric, scope, by=()), scope)
    return _measured(metric, scope, None, value, hide=few(value.people))


async def by_neighbourhood(reader: Reader, metric: Metric, scope: Scope) -> dict[str, Measured]:
    """The number of each neighbourhood that has any, and of what has none (NOWHERE).

    One of them is never looked at alone: whether it may be shown depends on the others, since
    their total is the city's number.
    """
    found = await _ask(reader, metric, scope, by=(NEIGHBOURHOOD,))
    names = sorted({_where(row) for rows in found.values() for row in rows})
    values = {name: metric.compute(_of(found, name), scope) for name in names}
    hide = hidden({name: value.people for name, value in values.items() if value.people is not None})
    return {name: _measured(metric, scope, name, value, hide=name in hide) for name, value in values.items()}


def projections_of(metrics: Iterable[Metric], scope: Scope) -> list[Projection]:
    """The projections that these numbers are computed from."""
    views = {ask.view for metric in metrics for ask in metric.asks(scope).values()}
    return sorted({OWNER[view].name: OWNER[view] for view in views}.values(), key=lambda one: one.name)


async def _ask(reader: Reader, metric: Metric, scope: Scope, *, by: tuple[str, ...]) -> Inputs:
    asks = metric.asks(scope)
    return {name: await reader.rows(ask, (*ask.by, *by)) for name, ask in asks.items()}


def _where(row: Row) -> str:
    return str(row.key[NEIGHBOURHOOD] or NOWHERE)


def _of(found: Inputs, neighbourhood: str) -> Inputs:
    return {name: [row for row in rows if _where(row) == neighbourhood] for name, rows in found.items()}


def _measured(
    metric: Metric, scope: Scope, neighbourhood: str | None, value: Value, *, hide: bool
) -> Measured:
    if hide:
        return Measured(metric, scope, neighbourhood, None, None, None, {}, (), None, suppressed=True)
    return Measured(
        metric,
        scope,
        neighbourhood,
        None if value.value is None else shown(value.value, metric.decimals),
        None if value.numerator is None else plain(value.numerator),
        None if value.denominator is None else plain(value.denominator),
        {name: plain(number) for name, number in value.inputs.items()},
        value.notes,
        None if value.completeness is None else int(100 * value.completeness),
        suppressed=False,
    )
