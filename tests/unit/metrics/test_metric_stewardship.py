"""Who takes care of what: each number by a history whose answer can be counted by hand."""

from datetime import timedelta
from decimal import Decimal

from events.envelope import Event
from projections.metrics.measure import Measured
from tests.support.build import when
from tests.support.builders.stewardship import (
    adopted,
    lapsed,
    looked_after,
    overdue,
    registered,
    released,
    retired,
)
from tests.support.metrics import number, numbers, scope

MARCH, APRIL, MAY = (f"2026-{month}-10T12:00:00-04:00" for month in ("03", "04", "05"))
MAY_ONLY = scope("2026-05-01", "2026-05-31")


def shows(shown: Measured, value: str | None, numerator: int | None, denominator: int) -> None:
    assert not shown.suppressed
    assert shown.value == (None if value is None else Decimal(value))
    assert shown.numerator == (None if numerator is None else Decimal(numerator))
    assert shown.denominator == Decimal(denominator)


def things(count: int, prefix: str = "d", *, taken: int = 0, **facts: object) -> list[Event]:
    """So many things, the first of which are adopted."""
    told = [registered(f"{prefix}{n}", at=MARCH, **facts) for n in range(count)]
    return told + [
        adopted(f"{prefix}{n}", adoption=f"a-{prefix}{n}", at=MARCH, days=30) for n in range(taken)
    ]


def ends(count: int, end: str = APRIL, prefix: str = "d") -> list[Event]:
    return [lapsed(f"{prefix}{n}", adoption=f"a-{prefix}{n}", at=end) for n in range(count)]


def test_coverage_is_what_is_adopted_of_what_can_be() -> None:
    history = [*things(8, taken=3), *ends(1), retired("d7"), *things(2, "x", not_adoptable_because="private")]
    shows(number("stewardship.coverage", *history), "28.6", 2, 7)
    shown = number("stewardship.coverage")
    shows(shown, None, 0, 0)


def test_coverage_of_neighbourhoods_stands_side_by_side() -> None:
    """Whether a drain is adopted tells nothing of a person, so nothing of it is hidden."""
    north = things(4, "n", taken=1, neighbourhood_id="north", priority=True)
    south = things(2, "s", taken=2, neighbourhood_id="south")
    found = numbers("stewardship.coverage", *north, *south)
    assert {name: one.value for name, one in found.items()} == {
        "north": Decimal("25.0"),
        "south": Decimal("100.0"),
    }
    shows(number("stewardship.priority_coverage", *north, *south), "25.0", 1, 4)


def test_check_ins_kept_are_set_against_all_that_were_due() -> None:
    """Six stewards: four came in time, one of them twice, and two did not come."""
    came = [looked_after(f"d{n}", adoption=f"a-d{n}", at=APRIL) for n in range(4)]
    again = looked_after("d0", adoption="a-d0", at="2026-04-12T12:00:00-04:00")
    due = (when(MARCH) + timedelta(days=30)).isoformat()
    missed = [
        overdue(f"d{n}", adoption=f"a-d{n}", due_at=when(due), at="2026-04-16T12:00:00-04:00") for n in (4, 5)
    ]
    shown = number("stewardship.check_ins_kept", *things(6, taken=6), *came, again, *missed)
    shows(shown, "66.7", 4, 6)
    assert shown.inputs == {"missed": 2, "check_ins": 5}


def test_a_check_in_told_late_mends_the_number() -> None:
    due = when(MARCH) + timedelta(days=30)
    missed = [
        overdue(f"d{n}", adoption=f"a-d{n}", due_at=due, at="2026-04-16T12:00:00-04:00") for n in range(5)
    ]
    history = [*things(5, taken=5), *missed]
    shows(number("stewardship.check_ins_kept", *history), "0.0", 0, 5)
    late = looked_after("d0", adoption="a-d0", at=APRIL)
    shows(number("stewardship.check_ins_kept", *history, late), "20.0", 1, 5)


def test_the_lapse_rate_is_of_what_stood_at_the_start() -> None:
    history = [*things(8, taken=8), *ends(2, APRIL), *ends(3, MAY, prefix="d")[2:]]
    shows(number("stewardship.lapse_rate", *history), "25.0", 2, 8)
    shows(number("stewardship.lapse_rate", *history, about=MAY_ONLY), "16.7", 1, 6)


def test_what_was_given_back_has_not_lapsed() -> None:
    given_back = [released(f"d{n}", adoption=f"a-d{n}", at=APRIL) for n in range(3)]
    shown = number("stewardship.lapse_rate", *things(8, taken=8), *given_back)
    shows(shown, "0.0", 0, 8)
    assert shown.inputs == {"started": 0, "ended": 3}


def test_numbers_of_few_stewards_are_hidden() -> None:
    history = [*things(4, taken=4), *ends(1)]
    for code in ("stewardship.lapse_rate", "stewardship.check_ins_kept"):
        shown = number(code, *history)
        assert (shown.suppressed, shown.value, shown.denominator) == (True, None, None)
    assert not number("stewardship.coverage", *history).suppressed


def test_days_to_readoption_are_the_median_of_those_begun_in_the_period() -> None:
    history = [*things(6, taken=6), *ends(6, MARCH)]
    for n, days in enumerate((1, 2, 3, 20, 30, 60)):
        at = (when(MARCH) + timedelta(days=days, hours=1)).isoformat()
        history.append(adopted(f"d{n}", adoption=f"b{n}", at=at))
    shown = number("stewardship.readoption_days.p50", *history, about=scope("2026-03-01", "2026-05-31"))
    shows(shown, "3", None, 6)
    assert number("stewardship.readoption_days.p50", *history).suppressed  # one in April


def test_things_that_were_never_adopted_again_are_not_in_the_median() -> None:
    shows(number("stewardship.readoption_days.p50", *things(6, taken=6), *ends(6)), None, None, 0)
