"""Cities side by side: own past first, ranks only among enough cities of a size with enough data."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.directory import City, Residents
from projections.metrics.coalition import (
    BANDS,
    MIN_CITIES,
    MONTHS_SHOWN,
    Comparison,
    Group,
    compare,
)
from projections.metrics.registry import BY_CODE
from projections.views.snapshots import VIEW
from tests.support.builders.city import snapshot
from tests.support.spec import given as seen

ON_TIME = BY_CODE["sla.on_time"]
MAY = {"first_day": "2026-05-01", "last_day": "2026-05-31"}


def _city(name: str, residents: int | None = 60_000) -> City:
    counted = () if residents is None else (Residents(year=2025, count=residents),)
    return City(id=name, name=name.title(), timezone="UTC", residents=counted)


def _told(city: str, value: str | None = "50.0", *, code: str = "sla.on_time", **data: Any) -> dict[str, Any]:
    usual = {"unit": "percent", "completeness": 90, **MAY}
    event = snapshot(code, city=city, value=value, **{**usual, **data})
    return dict(seen(VIEW, event).document)


def _compare(cities: list[City], *snapshots: dict[str, Any], code: str = "sla.on_time") -> Comparison:
    return compare(BY_CODE[code], "2026-05", cities, snapshots)


def _ranks(group: Group) -> dict[str, int | None]:
    return {one.city.id: one.rank for one in group.standings}


def test_bands_hold_each_size_once() -> None:
    assert [band.has(0) for band in BANDS] == [True, False, False, False]
    for smaller, larger in pairwise(BANDS):
        assert smaller.below == larger.least
        assert (smaller.has(larger.least), larger.has(larger.least)) == (False, True)


def test_cities_are_ranked_within_their_size_and_equal_ones_share_a_rank() -> None:
    small = [_city(name) for name in "abcd"]
    large = [_city(name, 300_000) for name in "xyz"]
    values = {"a": "90.0", "b": "70.0", "c": "90.0", "d": "10.0", "x": "1.0", "y": "2.0", "z": "3.0"}
    found = _compare([*small, *large], *(_told(city, value) for city, value in values.items()))
    _, medium, big, _ = found.groups
    assert _ranks(medium) == {"a": 1, "b": 3, "c": 1, "d": 4}
    assert _ranks(big) == {"x": 3, "y": 2, "z": 1}
    assert (medium.median, big.median) == (Decimal("70.0"), Decimal("2.0"))


def test_where_less_is_better_the_least_is_first() -> None:
    told = [
        _told(city, value, code="reopen_rate") for city, value in (("a", "3.0"), ("b", "2.0"), ("c", "1.0"))
    ]
    found = _compare([_city(name) for name in "abc"], *told, code="reopen_rate")
    assert _ranks(found.groups[1]) == {"a": 3, "b": 2, "c": 1}


def test_among_few_nobody_is_ranked() -> None:
    found = _compare([_city("a"), _city("b")], _told("a"), _told("b"))
    assert _ranks(found.groups[1]) == {"a": None, "b": None}
    assert found.groups[1].median is None
    assert found.groups[1].reason == "fewer than 3 cities to compare"


def test_a_city_with_gaps_is_shown_and_not_compared() -> None:
    told = [
        *(_told(city) for city in "abc"),
        _told("gaps", "99.0", completeness=79),
        _told("whole", completeness=None),
        _told("few", None, suppressed=True, completeness=None),
        _told("late", first_day="2026-04-01", last_day="2026-04-30"),
    ]
    names = ["a", "b", "c", "gaps", "whole", "few", "late", "never"]
    group = _compare([_city(name) for name in names], *told).groups[1]
    assert {one.city.id: one.reason for one in group.standings if one.rank is None} == {
        "few": "too few participants to show",
        "gaps": "79 per cent of the data are there",
        "late": "nothing published for this month",
    }
    assert group.median == Decimal("50.0")
    assert _ranks(group)["whole"] == 1


def test_a_city_of_unknown_size_is_shown_by_itself() -> None:
    found = _compare([_city("a", None)], _told("a"))
    assert [one.city.id for one in found.unsized] == ["a"]
    assert not any(group.standings for group in found.groups)


def test_only_whole_months_of_whole_cities_by_this_definition_are_compared() -> None:
    other = [
        _told("a", definition_version=2),
        _told("a", neighbourhood_id="north"),
        _told("a", last_day="2026-05-30"),
        _told("a", first_day="2026-06-01", last_day="2026-06-30"),
    ]
    assert not any(group.standings for group in _compare([_city("a")], *other).groups)


def test_a_trend_is_a_citys_last_months_oldest_first() -> None:
    told = [
        _told("a", f"{month}.0", first_day=f"2026-0{month}-01", last_day=f"2026-0{month}-28")
        for month in (2,)
    ]
    told += [
        _told("a", f"{month}.0", first_day=f"2025-{month:02}-01", last_day=f"2025-{month:02}-{days}")
        for month, days in ((10, 31), (11, 30), (12, 31), (9, 30), (8, 31), (7, 31), (6, 30))
    ]
    (standing,) = _compare([_city("a")], *told).groups[1].standings
    assert [one.month for one in standing.trend] == [
        "2025-08",
        "2025-09",
        "2025-10",
        "2025-11",
        "2025-12",
        "2026-02",
    ]
    assert len(standing.trend) == MONTHS_SHOWN


def test_of_how_things_stand_the_last_day_of_a_month_counts() -> None:
    days = {"04": "1", "28": "3", "17": "2"}
    told = [
        _told("a", value, code="ideas.supporters", first_day=f"2026-05-{day}", last_day=f"2026-05-{day}")
        for day, value in days.items()
    ]
    (standing,) = _compare([_city("a")], *told, code="ideas.supporters").groups[1].standings
    assert standing.value == Decimal(3)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 9), st.integers(70, 100))))
def test_a_rank_tells_how_many_comparable_cities_of_the_size_are_better(
    cities: dict[str, tuple[int, int]],
) -> None:
    told = [_told(city, str(value), completeness=known) for city, (value, known) in cities.items()]
    group = _compare([_city(name) for name in cities], *told).groups[1]
    good = {city: value for city, (value, known) in cities.items() if known >= 80}
    for standing in group.standings:
        if standing.city.id not in good or len(good) < MIN_CITIES:
            assert standing.rank is None
        else:
            better = [one for one in good.values() if one > good[standing.city.id]]
            assert standing.rank == 1 + len(better)
