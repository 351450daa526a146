"""What volunteers' time is worth: exact, by place and year of work, and never guessed."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.volunteer_value import CENTS, Rate, rate_for, rates, read, worth

HEAD = "place,year,rate,currency,source"
HOURS = 60


def test_jacksonvilles_hours_of_2018_are_worth_what_they_are() -> None:
    """The city's page of its fiscal year 2019 says 319,601 for the same hours and rate."""
    found = worth({2018: 12_214 * HOURS}, "US", "US-FL")
    assert found.value == Decimal("310602.02")
    assert (found.minutes, found.minutes_valued, found.currency) == (12_214 * HOURS, 12_214 * HOURS, "USD")
    assert found.without_rate == ()


def test_each_year_has_the_rate_of_its_own() -> None:
    found = worth({2023: HOURS, 2021: HOURS, 2022: 2 * HOURS}, "US")
    assert [(one.year, one.value) for one in found.years] == [
        (2021, Decimal("29.95")),
        (2022, Decimal("63.60")),
        (2023, Decimal("33.49")),
    ]
    assert found.value == Decimal("127.04")


def test_a_year_without_a_rate_has_hours_and_no_value() -> None:
    found = worth({2023: HOURS, 2024: 3 * HOURS}, "US")
    assert (found.minutes, found.minutes_valued, found.without_rate) == (4 * HOURS, HOURS, (2024,))
    assert (found.years[1].rate, found.years[1].value) == (None, None)
    assert found.value == Decimal("33.49")


@pytest.mark.parametrize("country", [None, "DE"])
def test_where_no_rate_is_known_nothing_is_valued(country: str | None) -> None:
    found = worth({2022: HOURS}, country)
    assert (found.value, found.currency, found.minutes, found.without_rate) == (None, None, HOURS, (2022,))


@pytest.mark.parametrize(
    ("country", "region", "year", "place", "rate"),
    [
        ("US", "US-DC", 2020, "US-DC", "48.67"),
        ("US", "US-PR", 2020, "US-PR", "13.74"),
        ("US", "US-DC", 2021, "US", "29.95"),
        ("US", "US-NY", 2020, "US", "28.54"),
        ("US", None, 2019, "US", "27.20"),
        ("GB", None, 2023, "GB", "19.00"),
    ],
)
def test_a_regions_rate_goes_before_its_countrys(
    country: str, region: str | None, year: int, place: str, rate: str
) -> None:
    found = rate_for(country, region, year)
    assert found is not None
    assert (found.place, found.rate) == (place, Decimal(rate))


def test_every_rate_has_its_source() -> None:
    assert len(rates()) == 11
    assert all(rate.source and rate.currency in {"USD", "GBP"} for rate in rates().values())


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["US,2018,25.43,USD,a", "US,2018,25.44,USD,b"], "US has two rates for 2018"),
        (["US,2018,25.43,USD,a", "US-DC,2018,25.44,EUR,b"], "US has rates in two currencies"),
        (["US,2018,0,USD,a"], "more than nothing"),
        (["US,2018,25.43,USD,"], "has a source"),
    ],
)
def test_a_table_that_would_mislead_is_refused(rows: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read([HEAD, *rows])


def test_a_table_is_read_as_written() -> None:
    assert read([HEAD, 'FR,2020,12.5,EUR,"A, b"']) == {
        ("FR", 2020): Rate("FR", 2020, Decimal("12.5"), "EUR", "A, b")
    }


@given(minutes=st.dictionaries(st.integers(2018, 2023), st.integers(0, 10**9)))
def test_the_whole_is_rounded_once(minutes: dict[int, int]) -> None:
    found = worth(minutes, "US")
    exact = sum(
        (Fraction(worked, 60) * Fraction(rates()["US", year].rate) for year, worked in minutes.items()),
        Fraction(0),
    )
    assert abs(Fraction(found.value or 0) - exact) <= Fraction(1, 2 * 10**CENTS)
    assert found.minutes == found.minutes_valued == sum(minutes.values())
