"""What volunteers' time is worth, of hours that somebody verified."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from events.envelope import Event
from projections.metrics.families.volunteer_value import CURRENCIES
from projections.volunteer_value import rates
from tests.support.builders.awards import paid as disbursed
from tests.support.builders.hours import logged, rejected, verified
from tests.support.metrics import RIVERTON, number, scope, shows

IN_THE_US = RIVERTON.model_copy(update={"country": "US"})
YEAR = scope("2023-01-01", "2023-12-31", city=IN_THE_US)


def worked(hours: int, on: str = "2023-05-06", people: int = 5) -> list[Event]:
    """So many hours of each of these people, verified."""
    told: list[Event] = []
    for one in range(people):
        entry, who = f"{on}-{one}", f"volunteer-pseudonym-{one}"
        told += [
            logged(entry, minutes=60 * hours, by=who, worked_on=on),
            verified(entry, minutes=60 * hours, by=who),
        ]
    return told


def test_jacksonvilles_hours_are_worth_what_they_are() -> None:
    """12,214 h of 2018 at 25.43: 310,602.02, and not 319,601."""
    about = replace(YEAR, first=date(2018, 1, 1), last=date(2018, 12, 31))
    history = [*worked(12, "2018-01-01", people=1017), *worked(10, "2018-01-02", people=1)]
    shown = number("volunteer_value.usd", *history, about=about)
    shows(shown, "310602.02", numerator=12_214)


def test_only_verified_hours_count_and_the_rate_stands_beside_them() -> None:
    history = [*worked(2), logged("self", minutes=600), *worked(4, "2023-06-01", people=1)]
    history += [rejected("2023-06-01-0")]
    shown = number("volunteer_value.usd", *history, about=YEAR)
    shows(shown, "334.90", numerator=10)
    assert shown.inputs == {"verified_hours": 10, "volunteers": 5, "rate_2023": Decimal("33.49")}
    (note,) = shown.notes
    assert note.startswith("2023: USD 33.49 an hour in US (Independent Sector")


def test_each_year_has_its_own_rate_and_a_year_without_one_no_value() -> None:
    history = [*worked(1, "2022-12-31"), *worked(1, "2023-01-01"), *worked(2, "2024-01-01")]
    about = scope("2022-12-01", "2024-02-01", city=IN_THE_US)
    shown = number("volunteer_value.usd", *history, about=about)
    assert shown.value == 5 * (Decimal("31.80") + Decimal("33.49"))
    assert shown.notes[-1] == "no rate is known for 2024: these hours have no value here"
    assert shown.completeness == 50


def test_where_no_rate_is_known_hours_stand_without_money() -> None:
    shown = number("volunteer_value.usd", *worked(2), about=scope("2023-01-01", "2023-12-31"))
    shows(shown, None)
    assert shown.inputs["verified_hours"] == 10


def test_a_city_has_a_value_in_its_own_currency_only() -> None:
    assert number("volunteer_value.gbp", *worked(2), about=YEAR).value is None
    there = scope("2023-01-01", "2023-12-31", city=RIVERTON.model_copy(update={"country": "GB"}))
    shows(number("volunteer_value.gbp", *worked(2), about=there), "190.00")


def test_every_currency_of_the_rates_has_its_number() -> None:
    assert set(CURRENCIES) == {rate.currency for rate in rates().values()}


def test_the_time_of_few_volunteers_is_not_shown() -> None:
    assert number("volunteer_value.usd", *worked(2, people=4), about=YEAR).suppressed


def test_time_stands_beside_the_grants_that_were_paid() -> None:
    paid = [
        disbursed("a", amount="167.45", paid_on="2023-03-01"),
        disbursed("b", amount="99", currency="EUR", paid_on="2023-03-01"),
        disbursed("c", amount="5000", paid_on="2022-03-01"),
    ]
    shown = number("cost_leverage", *worked(2), *paid, about=YEAR)
    assert (shown.value, shown.numerator) == (Decimal("2.00"), Decimal("334.9"))
    assert shown.denominator == Decimal("167.45")
    assert "grants paid in EUR are left out" in shown.notes
    assert number("cost_leverage", *worked(2), about=YEAR).value is None
