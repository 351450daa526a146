"""What dashboards learn about practices and where they went."""

from itertools import permutations

from events.types.practices import Measured
from projections.views.practices import CITIES_KEPT, DAYS_TO_ADOPTION, DIFFUSION, PRACTICES_KEPT, VIEW
from tests.support.build import when
from tests.support.builders.practices import adopted, adopted_elsewhere, outcome, published
from tests.support.spec import given, tallied

MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))
MOWN = {"metric_code": "vacant_lots_mown", "unit": "percent", "baseline": "31", "result": "78.5"}
NOTHING = {"from_city": None, "from_practice_id": None, "note": None, "adopted_at": None}


def test_a_published_practice_stands_with_all_that_was_told() -> None:
    given(
        VIEW, published("practice-7", at=MAY, description="A lease", evidence=("https://a.example/",))
    ).then(
        {
            "city": "riverton",
            "practice_id": "practice-7",
            "title": "Neighbours adopt lots",
            "challenge": "Nobody mows",
            "description": "A lease",
            "category": "impact_volunteering",
            "measures": [MOWN],
            "evidence": ["https://a.example/"],
            "published_at": when(MAY),
            **NOTHING,
            "outcome": None,
            "outcomes": 0,
            "adoptions": [],
            "updated_at": when(MAY),
        }
    )


def test_published_again_it_is_worded_anew_and_as_old_as_before() -> None:
    given(VIEW, published(at=MAY), published(at=JULY, title="Lots in use")).shows(
        title="Lots in use", published_at=when(MAY), updated_at=when(JULY)
    )


def test_an_adopted_practice_names_where_it_is_from() -> None:
    given(VIEW, adopted(at=JUNE, note="Two streets first")).shows(
        title=None,
        published_at=None,
        from_city="lakeside",
        from_practice_id="practice-1",
        note="Two streets first",
        adopted_at=when(JUNE),
    )


def test_adopted_again_from_there_it_is_as_old_as_before_and_from_elsewhere_it_is_new() -> None:
    given(VIEW, adopted(at=JUNE), adopted(at=JULY)).shows(adopted_at=when(JUNE))
    given(VIEW, adopted(at=JULY), adopted(at=JUNE)).shows(adopted_at=when(JUNE))
    given(VIEW, adopted(at=JUNE), adopted(at=JULY, from_city="hillview")).shows(
        from_city="hillview", adopted_at=when(JULY)
    )


def test_the_outcome_is_that_of_the_latest_report_whatever_the_order() -> None:
    better = (Measured(**{**MOWN, "result": "90"}),)
    told = [outcome(at=MAY), outcome(at=JULY, measures=better, note="Nearly all")]
    for order in permutations(told):
        given(VIEW, *order).shows(
            outcomes=2,
            outcome={
                "measures": [{**MOWN, "result": "90"}],
                "note": "Nearly all",
                "evidence": [],
                "reported_at": when(JULY),
            },
        )


def test_the_cities_that_take_a_practice_up_stand_with_it() -> None:
    given(VIEW, adopted_elsewhere(at=JUNE)).shows(
        title=None,
        adoptions=[{"city": "lakeside", "practice_ids": ["practice-9"], "adopted_at": when(JUNE)}],
    )


def test_a_city_that_takes_it_up_twice_is_one_city_since_the_first_time() -> None:
    told = [
        adopted_elsewhere(at=JULY),
        adopted_elsewhere(at=JUNE, by_practice_id="practice-10"),
        adopted_elsewhere(at=JULY, by_city="hillview"),
    ]
    assert given(VIEW, *told).document["adoptions"] == [
        {"city": "lakeside", "practice_ids": ["practice-9", "practice-10"], "adopted_at": when(JUNE)},
        {"city": "hillview", "practice_ids": ["practice-9"], "adopted_at": when(JULY)},
    ]
    assert tallied(DIFFUSION, *told) == {("riverton", "practice-1"): {"cities": 2}}


def test_the_days_until_others_took_it_up_are_counted_from_its_publishing() -> None:
    told = [adopted_elsewhere(at=JUNE), adopted_elsewhere(at=JULY, by_city="hillview")]
    assert tallied(DAYS_TO_ADOPTION, *told) == {("riverton", ""): {"adoptions": 2}}
    assert tallied(DAYS_TO_ADOPTION, *told, published(at=MAY)) == {
        ("riverton", "31"): {"adoptions": 1},
        ("riverton", "61"): {"adoptions": 1},
    }
    assert ("riverton", "-30") in tallied(DAYS_TO_ADOPTION, *told, published(at=JULY))


def test_where_it_went_is_bounded() -> None:
    many = [adopted_elsewhere(by_practice_id=f"practice-{n}") for n in range(PRACTICES_KEPT + 1)]
    (there,) = given(VIEW, *many).document["adoptions"]
    assert len(there["practice_ids"]) == PRACTICES_KEPT
    document = None  # folded without the harness, which copies all of it each time
    for n in range(CITIES_KEPT + 1):
        document = VIEW.evolve(document, adopted_elsewhere(by_city=f"city-{n}"))
    assert document is not None
    assert len(document["adoptions"]) == CITIES_KEPT
