"""What was done, as programmes of the field report it."""

from decimal import Decimal

from events.types.impact import Each, OutOf
from tests.support.builders.impact import recorded, voided
from tests.support.metrics import number, numbers, scope, shows

BAGS = Each(quantity="20", unit="lb")


def test_jacksonvilles_bags_are_its_pounds() -> None:
    shown = number(
        "impact.litter_removed", recorded(quantity="22427", unit="bags", method="estimated", each=BAGS)
    )
    assert (shown.value, shown.metric.unit) == (Decimal("448540.0"), "lb")
    assert shown.inputs == {"records": 1, "voided": 0, "estimated": 448_540}
    assert shown.notes == ("one of bags is taken for 20 lb, as the city declares it",)
    assert not shown.suppressed


def test_units_are_converted_exactly_and_rounded_once() -> None:
    shown = number(
        "impact.graffiti_removed",
        recorded("1", metric_code="graffiti_removed", unit="sq_m", quantity="100"),
        recorded("2", metric_code="graffiti_removed", unit="sq_ft", quantity="0.25"),
    )
    assert shown.value == Decimal("1076.6")  # 1076.391... + 0.25


def test_what_cannot_be_told_in_pounds_is_told_and_left_out() -> None:
    shown = number(
        "impact.litter_removed",
        recorded("1", quantity="30"),
        recorded("2", quantity="7", unit="bags"),
        recorded("3", quantity="900"),
        voided("3"),
    )
    assert shown.value == Decimal("30.0")
    assert shown.notes == ("records in bags cannot be told in lb; left out",)
    assert shown.completeness == 50
    assert shown.inputs["voided"] == 1


def test_a_record_counts_in_the_month_in_which_the_work_was_done() -> None:
    told = recorded(at="2026-05-03T10:00:00-04:00", done_on="2026-04-30")
    assert number("impact.litter_removed", told).value == 20
    assert number("impact.litter_removed", told, about=scope("2026-05-01", "2026-05-31")).value == 0


def test_neighbourhoods_add_up_to_their_city() -> None:
    told = [recorded("1", neighbourhood_id="north"), recorded("2", quantity="5"), recorded("3")]
    parts = numbers("impact.litter_removed", *told)
    assert {name: one.value for name, one in parts.items()} == {"": 25, "north": 20}
    assert number("impact.litter_removed", *told).value == 45


def test_trees_live_out_of_those_that_were_looked_at_again() -> None:
    trees = {"metric_code": "trees_surviving_12_months", "unit": "trees", "method": "counted"}
    shown = number(
        "trees_surviving.12_months",
        recorded("1", quantity="21", out_of=OutOf(record_id="p1", quantity="25"), **trees),
        recorded("2", quantity="0", out_of=OutOf(record_id="p2", quantity="10"), **trees),
    )
    shows(shown, "60.0", numerator=21, denominator=35)


def test_no_tree_looked_at_again_is_no_number() -> None:
    assert number("trees_surviving.12_months").value is None
