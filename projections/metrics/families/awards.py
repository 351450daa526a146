"""What is kept of a grant: money paid and reports sent on time, targets met, money that goes on.

What should have been paid, reported or reached by now and was not counts as missed.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from projections.counting import Row
from projections.metrics.core import Ask, Inputs, Metric, Scope, Spans, Sums, Value
from projections.metrics.families.grants import without_people
from projections.metrics.families.waiting import waited
from projections.metrics.numbers import DAY, percent, ratio, total
from projections.read import Between, NoneOf, Where


def _due(tally: str) -> Callable[[Scope], Mapping[str, Ask]]:
    return lambda scope: {"due": Sums(tally, {**scope.here, "due_on": _until_yesterday(scope)})}


def _until_yesterday(scope: Scope) -> Between:
    """The days of the period that are over: what is due today is not late yet."""
    yesterday: date = scope.now.astimezone(scope.city.zone).date() - timedelta(days=1)
    return Between(scope.first.isoformat(), min(scope.last, yesterday).isoformat())


def _on_time(due: str, done: str) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: _kept(inputs["due"], due, "on_time", done)


def _kept(rows: Iterable[Row], due: str, kept: str, done: str) -> Value:
    cells = list(rows)
    late = total(cells, done) - total(cells, kept)
    return Value(
        value=percent(total(cells, kept), total(cells, due)),
        numerator=total(cells, kept),
        denominator=total(cells, due),
        inputs={f"{done}_late": late, f"not_{done}": total(cells, due) - total(cells, done)},
    )


def _targets_met(inputs: Inputs, _: Scope) -> Value:
    cells = inputs["due"]
    targets, reported = total(cells, "targets"), total(cells, "reported")
    return Value(
        value=percent(total(cells, "met"), targets),
        numerator=total(cells, "met"),
        denominator=targets,
        inputs={"missed": reported - total(cells, "met"), "not_reported": targets - reported},
        completeness=ratio(reported, targets),
    )


def _passed_on(scope: Scope) -> Mapping[str, Ask]:
    to_cities: Where = {**scope.during("granted_at"), "grantee_city": NoneOf((None,))}
    return {"spans": Spans("awards", to_cities, since="granted_at", until="first_regranted_at")}


def _pass_through(inputs: Inputs, _: Scope) -> Value:
    rows = inputs["spans"]
    return without_people(waited(rows, 50, "awards_granted", "granted_again", unit=DAY))


METRICS: Final = (
    Metric(
        code="grants.disbursed_on_time",
        version=1,
        title="Instalments paid on time",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, paid in whole by that day",
        denominator="instalments of awards due on a day of the period that is over",
        explanation="How often money that was granted is paid by the day for which it was promised. What is "
        "not paid yet counts as late. Awards that say nothing of instalments are left out.",
        asks=_due("grant_instalments"),
        compute=_on_time("instalments", "paid"),
        better="higher",
    ),
    Metric(
        code="grants.reports_on_time",
        version=1,
        title="Grant reports on time",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, submitted by then, with no earlier date missed",
        denominator="reports due on a day of the period that is over",
        explanation="How often those who received a grant report by the date that holds for them. An "
        "extension counts where it was given before the date had passed. A report that has not come counts "
        "as late.",
        asks=_due("grant_reports"),
        compute=_on_time("reports", "submitted"),
        better="higher",
    ),
    Metric(
        code="grants.targets_met",
        version=1,
        title="Targets of grants met",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, reached or passed by all reports of the award together",
        denominator="targets of awards whose last report was due on a day of the period that is over",
        explanation="How many of the targets that an award was given for were reached. A target of which "
        "nothing was reported counts as missed; completeness is the share that was reported.",
        asks=_due("grant_targets"),
        compute=_targets_met,
        better="higher",
    ),
    Metric(
        code="grants.pass_through.p50",
        version=1,
        title="Time until a city grants the money again, for half of the awards",
        unit="days",
        decimals=1,
        window="days",
        numerator=None,
        denominator="awards made to cities in the period",
        explanation="Within this time half of the awards made to cities in the period had led to a first "
        "award of the city's own. Those of whose money nothing was granted yet count as longer than all "
        "others, so while too many wait there is no number.",
        asks=_passed_on,
        compute=_pass_through,
        better="lower",
    ),
)
