"""What was done, in the units in which programmes of the field report it, and trees that are still there.

Whatever can be converted exactly is; what cannot, as bags that nobody weighed, is told and left out.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from projections.impact_totals import Recorded, Total, recorded, totals
from projections.metrics.core import Ask, Inputs, Metric, Scope, Sums, Value
from projections.metrics.numbers import percent, ratio

SURVIVING: Final = "trees_surviving_12_months"


class Output(NamedTuple):
    """A metric of impact records, the unit in which it is published, and what it is called."""

    metric_code: str
    unit: str
    title: str
    what: str


OUTPUTS: Final = (
    Output("litter_removed", "lb", "Litter and trash removed", "litter and trash that was removed"),
    Output("graffiti_removed", "sq_ft", "Graffiti removed", "graffiti that was removed"),
    Output("space_repaired", "sq_ft", "Space repaired", "public space that was repaired"),
    Output("space_maintained", "sq_ft", "Space maintained", "public space that was maintained"),
    Output("art_displays", "displays", "Art displays", "works of art put up in public"),
    Output("blocks_revitalised", "blocks", "Blocks revitalised", "blocks that were revitalised"),
    Output("trees_planted", "trees", "Trees planted", "trees that were planted"),
)


def _asks(metric_code: str) -> Callable[[Scope], Mapping[str, Ask]]:
    by = ("unit", "each", "method")
    return lambda scope: {
        "records": Sums("impact_by_month", {**scope.months(), "metric_code": metric_code}, by=by)
    }


def _found(inputs: Inputs, metric_code: str, unit: str) -> tuple[Total, list[Recorded]]:
    """The total in this unit, and what cannot be told in it."""
    told = [recorded({**row.key, "metric_code": metric_code}, row.n) for row in inputs["records"]]
    every = totals(told, unit)
    own = next((one for one in every if one.unit == unit), Total(metric_code, unit, ()))
    return own, [part for one in every if one is not own for part in one.inputs]


def _output(output: Output) -> Callable[[Inputs, Scope], Value]:
    def compute(inputs: Inputs, _: Scope) -> Value:
        own, others = _found(inputs, output.metric_code, output.unit)
        by_method: dict[str, Fraction] = {}
        for part in own.inputs:
            name = part.method or "unknown"
            by_method[name] = by_method.get(name, Fraction(0)) + part.told_in(output.unit)
        left_out = sum(one.records for one in others)
        return Value(
            value=own.quantity,
            numerator=own.quantity,
            inputs={"records": own.records, "voided": own.voided, **by_method},
            notes=(*_taken_for(own), *_cannot_be_told(others, output.unit)),
            completeness=ratio(own.records, own.records + left_out),
        )

    return compute


def _taken_for(total: Total) -> list[str]:
    told = sorted({(part.unit, part.each) for part in total.inputs if part.each})
    return [f"one of {unit} is taken for {each}, as the city declares it" for unit, each in told]


def _cannot_be_told(others: list[Recorded], unit: str) -> list[str]:
    names = sorted({one.comparable for one in others if one.records})
    return [f"records in {', '.join(names)} cannot be told in {unit}; left out"] if names else []


def _survived(inputs: Inputs, _: Scope) -> Value:
    own, others = _found(inputs, SURVIVING, "trees")
    looked = [part for part in own.inputs if part.out_of]
    alive = sum((part.quantity for part in looked), Fraction(0))
    seen = sum((part.out_of for part in looked), Fraction(0))
    return Value(
        value=percent(alive, seen),
        numerator=alive,
        denominator=seen,
        inputs={"records": own.records, "voided": own.voided},
        notes=tuple(_cannot_be_told(others, "trees")),
        completeness=Fraction(1) if seen else None,
    )


METRICS: Final = (
    *(
        Metric(
            code=f"impact.{one.metric_code}",
            version=1,
            title=one.title,
            unit=one.unit,
            decimals=1,
            window="months",
            numerator=one.what,
            denominator=None,
            explanation=f"All {one.what} in these months, by the day on which it was done: counted, weighed "
            "or estimated, which stands beside it. Other units of the same kind are converted exactly and "
            "rounded once. Records that were voided do not count.",
            asks=_asks(one.metric_code),
            compute=_output(one),
            neighbourhoods=True,
        )
        for one in OUTPUTS
    ),
    Metric(
        code="trees_surviving.12_months",
        version=1,
        title="Planted trees that live after a year",
        unit="percent",
        decimals=1,
        window="months",
        numerator="of these, trees that were alive",
        denominator="trees that were looked at again in these months, a year after they were planted",
        explanation="Somebody went back after twelve months and counted. Trees that nobody looked at again "
        "are not in it, so it says more the more of them were.",
        asks=_asks(SURVIVING),
        compute=_survived,
        neighbourhoods=True,
        better="higher",
    ),
)
