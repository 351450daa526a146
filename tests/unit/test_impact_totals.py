"""Totals of what was done add up only what can be compared, and show what they were made of."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Event
from events.types.impact import Each, OutOf
from projections.impact_totals import Recorded, Total, recorded, totals
from projections.units import UNITS, rounded
from projections.views.impact_records import BY_MONTH
from tests.support.builders import impact
from tests.support.spec import tallied


def cells(*events: Event) -> list[Recorded]:
    found = []
    for key, sums in tallied(BY_MONTH, *events).items():
        n = {measure: sums.get(measure, 0) for measure in BY_MONTH.measures}
        found.append(recorded(dict(zip(BY_MONTH.dimensions, key, strict=True)), n))
    return found


def shown(*events: Event, wanted: str | None = None) -> dict[str, tuple[Decimal, str]]:
    return {
        f"{one.metric_code} {one.unit}": (rounded(one.quantity), one.unit)
        for one in totals(cells(*events), wanted)
    }


JACKSONVILLE = impact.recorded(
    quantity="22427", unit="bags", method="estimated", each=Each(quantity="20", unit="lb")
)


def test_jacksonvilles_bags_are_its_pounds_and_say_what_a_bag_was_taken_for() -> None:
    (total,) = totals(cells(JACKSONVILLE))
    assert (total.metric_code, total.quantity, total.unit) == ("litter_removed", Fraction(448_540), "lb")
    (part,) = total.inputs
    assert (part.quantity, part.unit, part.each, part.method) == (
        Fraction(22_427),
        "bags",
        "20 lb",
        "estimated",
    )


def test_pounds_and_kilograms_are_one_total_in_the_canonical_unit() -> None:
    told = [impact.recorded("1", quantity="100"), impact.recorded("2", quantity="1", unit="kg")]
    assert shown(*told) == {"litter_removed kg": (Decimal("46.359"), "kg")}
    assert shown(*told, wanted="lb") == {"litter_removed lb": (Decimal("102.205"), "lb")}


def test_nothing_is_rounded_before_the_end() -> None:
    """A thousand times 0.001 lb is 1 lb, though each of them is 0.000 kg."""
    told = [impact.recorded(f"r{number}", quantity="0.001") for number in range(1000)]
    assert shown(*told, wanted="kg") == {"litter_removed kg": (Decimal("0.454"), "kg")}


def test_bags_that_nobody_weighed_stay_bags() -> None:
    told = [JACKSONVILLE, impact.recorded("2", quantity="7", unit="bags")]
    assert shown(*told, wanted="kg") == {
        "litter_removed bags": (Decimal("7.000"), "bags"),
        "litter_removed kg": (Decimal("203454.322"), "kg"),
    }


def test_a_unit_that_cannot_be_told_in_the_one_wanted_keeps_its_own() -> None:
    assert shown(impact.recorded(unit="trees", metric_code="trees_planted"), wanted="lb") == {
        "trees_planted trees": (Decimal("20.000"), "trees")
    }


def test_trees_that_survive_have_those_that_were_looked_at_beside_them() -> None:
    trees = {"metric_code": "trees_surviving_12_months", "unit": "trees", "method": "counted"}
    (total,) = totals(
        cells(
            impact.recorded("1", quantity="21", out_of=OutOf(record_id="p1", quantity="25"), **trees),
            impact.recorded("2", quantity="4", out_of=OutOf(record_id="p2", quantity="5"), **trees),
        )
    )
    assert (total.quantity, total.out_of) == (Fraction(25), Fraction(30))


def test_what_was_voided_counts_beside_the_total_and_not_in_it() -> None:
    (total,) = totals(cells(impact.recorded("1"), impact.recorded("2"), impact.voided("2")))
    assert (total.records, total.voided, total.quantity) == (1, 1, Fraction(20))


@given(
    parts=st.lists(
        st.tuples(st.integers(0, 10**15), st.sampled_from(["kg", "lb", "oz", "g", "us_ton", "t"])), max_size=9
    )
)
def test_the_unit_in_which_it_is_told_changes_no_total(parts: list[tuple[int, str]]) -> None:
    found = [
        Recorded("litter_removed", name, "", "weighed", 1, 0, Fraction(n, 1000), Fraction(0))
        for n, name in parts
    ]
    for wanted in ("kg", "lb"):
        for total in totals(found, wanted):
            expected = sum(one.quantity * UNITS[one.unit].worth for one in found)
            assert total.quantity * UNITS[wanted].worth == expected


def test_totals_stand_in_one_order() -> None:
    told = [impact.recorded("1", metric_code="b"), impact.recorded("2", metric_code="a")]
    assert [one.metric_code for one in totals(cells(*told))] == ["a", "b"]
    assert totals([]) == []
    assert isinstance(totals(cells(*told))[0], Total)


@pytest.mark.parametrize("wanted", [None, "kg"])
def test_a_part_says_what_it_comes_to_in_the_total(wanted: str | None) -> None:
    (total,) = totals(cells(JACKSONVILLE, impact.recorded("2", quantity="1", unit="kg")), wanted)
    assert total.unit == "kg"
    assert sum(one.told_in("kg") for one in total.inputs) == total.quantity
