"""How far practices went, exactly."""

from fractions import Fraction
from typing import Any

from projections import diffusion
from projections.diffusion import Replication
from projections.views.practices import VIEW
from tests.support.build import when
from tests.support.builders.practices import adopted, outcome, published
from tests.support.spec import given

MAY, JUNE = "2026-05-01T09:00:00-04:00", "2026-06-01T08:59:59-04:00"


def measured(metric: str = "lots", unit: str = "percent", *, result: str) -> dict[str, Any]:
    return {"metric_code": metric, "unit": unit, "baseline": "0", "result": result}


def practice(*measures: dict[str, Any], told: Any = None) -> dict[str, Any]:
    return {"measures": list(measures), "outcome": told and {"measures": told}}


def test_days_are_whole_and_the_wrong_way_round_below_zero() -> None:
    assert diffusion.days(when(MAY), when(JUNE)) == 30
    assert diffusion.days(when(JUNE), when(MAY)) == -31
    assert diffusion.days(None, when(MAY)) is None


def test_the_median_leaves_out_what_is_not_known_or_wrong() -> None:
    assert diffusion.median_days([90, None, 10, -3, 30]) == 30
    assert diffusion.median_days([10, 20]) == 10
    assert diffusion.median_days([None, -1]) is None


def test_a_metric_is_compared_with_the_same_metric_in_the_same_unit() -> None:
    origin = practice(measured(result="80"), measured("trees", "trees", result="0"))
    adopter = practice(
        told=[
            measured(result="20.5"),
            measured(unit="lots", result="7"),
            measured("trees", "trees", result="4"),
        ]
    )
    assert diffusion.replications(origin, adopter) == [
        Replication("lots", "percent", "80", "20.5", Fraction(41, 160)),
        Replication("trees", "trees", "0", "4", None),
    ]


def test_without_a_report_nothing_is_compared() -> None:
    origin = given(VIEW, published()).document
    assert diffusion.replications(origin, given(VIEW, adopted()).document) == []
    (one,) = diffusion.replications(origin, given(VIEW, adopted(), outcome("practice-9")).document)
    assert one.ratio == 1


def test_the_last_report_of_the_origin_counts_and_not_what_it_published() -> None:
    origin = practice(measured(result="80"), told=[measured(result="40")])
    (one,) = diffusion.replications(origin, practice(told=[measured(result="20")]))
    assert (one.origin, one.ratio) == ("40", Fraction(1, 2))
