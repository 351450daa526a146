"""Which days a number is about, on the city's own calendar."""

from datetime import date, timedelta
from typing import NamedTuple

from projections.metrics.core import Metric

MAX_DAYS = 366
USUAL_DAYS = 30


class BadPeriod(ValueError):
    """The metric has no number for these days."""


class Period(NamedTuple):
    """Days of a calendar, both ends included."""

    first: date
    last: date


def month_of(day: date) -> Period:
    """The whole month of this day."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def month_named(text: str) -> Period:
    """The month that a text like `2026-05` names; raises ValueError."""
    return month_of(date.fromisoformat(f"{text}-01"))


def month_before(day: date) -> Period:
    """The last month that was over on this day."""
    return month_of(day.replace(day=1) - timedelta(days=1))


def months_until(day: date, count: int) -> list[Period]:
    """So many whole months, the last of which has this day; oldest first."""
    months = [month_of(day)]
    while len(months) < count:
        months.append(month_before(months[-1].first))
    return months[::-1]


def chosen(metric: Metric, today: date, first: date | None, last: date | None) -> Period:
    """The days asked for, if the metric has them; where none are, the last 30, or the last whole month.

    Raises BadPeriod.
    """
    if metric.window == "stock":
        if first or last:
            raise BadPeriod(f"{metric.code} tells how things stand now: ask without `from` and `to`")
        return Period(today, today)
    usual = Period(today - timedelta(days=USUAL_DAYS - 1), today)
    period = _days(usual if metric.window == "days" else month_before(today), first, last)
    if not 0 <= (period.last - period.first).days < MAX_DAYS:
        raise BadPeriod(f"`from` to `to` must be 1 to {MAX_DAYS} days")
    if metric.window == "month" and period != month_of(period.first):
        raise BadPeriod(f"{metric.code} is told for one whole month: `from` its first day `to` its last")
    if metric.window == "months" and period != (month_of(period.first).first, month_of(period.last).last):
        raise BadPeriod(f"{metric.code} is told for whole months: `from` a first day `to` a last day")
    return period


def _days(usual: Period, first: date | None, last: date | None) -> Period:
    if first is None and last is None:
        return usual
    if first is None or last is None:
        raise BadPeriod("give both `from` and `to`, or neither")
    return Period(first, last)
