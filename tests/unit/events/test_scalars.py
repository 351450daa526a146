"""Exact amounts and days of the calendar."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from events.scalars import AMOUNT_PATTERN, QUANTITY_PATTERN, Amount, Day, Quantity, thousandths

INT64 = 2**63 - 1
AMOUNTS = st.from_regex(AMOUNT_PATTERN.replace("$", r"\Z"))
QUANTITIES = st.from_regex(QUANTITY_PATTERN.replace("$", r"\Z"))


def accepts(scalar: Any, value: Any) -> bool:
    try:
        TypeAdapter(scalar).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@given(AMOUNTS | QUANTITIES)
def test_thousandths_are_what_a_decimal_says(text: str) -> None:
    assert Decimal(thousandths(text)) == Decimal(text) * 1000


@given(st.lists(QUANTITIES, max_size=20))
def test_a_sum_of_thousandths_is_the_exact_sum(texts: list[str]) -> None:
    assert Decimal(sum(map(thousandths, texts))) / 1000 == sum(map(Decimal, texts))


def test_thousands_of_the_largest_amounts_and_millions_of_quantities_fit_in_64_bits() -> None:
    assert accepts(Amount, "999999999999.999")
    assert accepts(Quantity, "999999999.999")
    assert 9_000 * thousandths("999999999999.999") < INT64
    assert 9_000_000 * thousandths("999999999.999") < INT64


def test_what_would_lose_a_decimal_is_no_thousandths() -> None:
    with pytest.raises(ValueError, match="more than three decimals"):
        thousandths("0.1234")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-1",
        "+1",
        "01",
        "1.",
        ".5",
        "1,5",
        "1e3",
        "1.2345",
        "1000000000",
        "NaN",
        " 1",
        "1\n",
        "١",
        1,
        1.5,
        0,
    ],
)
def test_no_other_way_to_write_a_quantity(value: Any) -> None:
    assert not accepts(Quantity, value)


@pytest.mark.parametrize("value", ["1000000000000", "0.0001", "-5", 12, 12.5])
def test_no_other_way_to_write_an_amount(value: Any) -> None:
    assert not accepts(Amount, value)


@given(st.dates())
def test_a_day_of_the_calendar_is_a_day(day: Any) -> None:
    assert accepts(Day, day.isoformat()) is (1900 <= day.year <= 2200)


@pytest.mark.parametrize(
    "value", ["2026-02-29", "2026-13-01", "2026-1-1", "20260101", "2026-W01-1", "2026-01-01T00:00:00Z", ""]
)
def test_no_other_text_is_a_day(value: str) -> None:
    assert not accepts(Day, value)
