"""What dashboards learn about projects and about what was done."""

import pytest

from events.types.awards import AwardRef
from events.types.impact import Each, OutOf
from projections.views import projects
from projections.views.impact_records import BY_MONTH, BY_THING, VIEW
from tests.support.build import AT, when
from tests.support.builders.impact import ended, recorded, started, voided
from tests.support.spec import given, tallied

LATE = "2026-05-02T18:00:00-04:00"
AWARD = AwardRef(city="coalition", award_id="award-7")
POUNDS = ("litter_removed", "lb", "")


def test_a_project_stands_with_what_it_came_from() -> None:
    given(
        projects.VIEW,
        started(idea_ids=("i1",), problem_ids=("p1",), award=AWARD, neighbourhood_id="north"),
    ).then(
        {
            "city": "riverton",
            "project_id": "project-1",
            "title": "Mend the block",
            "category": "blight",
            "organisation": None,
            "group_id": None,
            "idea_ids": ["i1"],
            "problem_ids": ["p1"],
            "award": {"city": "coalition", "award_id": "award-7"},
            "neighbourhood_id": "north",
            "status": "running",
            "started_at": when(AT),
            "ended_at": None,
            "note": None,
            "evidence": [],
            "updated_at": when(AT),
        }
    )


@pytest.mark.parametrize("outcome", ["completed", "abandoned"])
def test_a_project_ends_in_whichever_order_it_is_told(outcome: str) -> None:
    end = ended(outcome=outcome, at=LATE, note="Grass", evidence=("https://riverton.example/1",))
    for history in ([started(), end], [end, started()]):
        given(projects.VIEW, *history).shows(
            title="Mend the block",
            status=outcome,
            started_at=when(AT),
            ended_at=when(LATE),
            note="Grass",
            evidence=["https://riverton.example/1"],
            updated_at=when(LATE),
        )


def test_an_end_without_a_start_leaves_its_trace() -> None:
    given(projects.VIEW, ended()).shows(status="completed", title=None, started_at=None)


def test_a_record_stands_as_told() -> None:
    bags = recorded(
        quantity="22427",
        unit="bags",
        method="estimated",
        each=Each(quantity="20", unit="lb"),
        award=AWARD,
        project_id="project-1",
    )
    given(VIEW, bags).then(
        {
            "city": "riverton",
            "record_id": "impact-1",
            "metric_code": "litter_removed",
            "quantity": "22427",
            "unit": "bags",
            "each": {"quantity": "20", "unit": "lb"},
            "out_of": None,
            "method": "estimated",
            "done_on": "2026-04-01",
            "evidence": [],
            "neighbourhood_id": None,
            "project_id": "project-1",
            "award": {"city": "coalition", "award_id": "award-7"},
            "session_id": None,
            "asset_id": None,
            "recorded_at": when(AT),
            "told": 1,
            "voided_at": None,
            "void_reason": None,
            "void_note": None,
            "replaced_by": None,
            "updated_at": when(AT),
        }
    )


def test_a_record_is_never_edited_so_the_first_one_counts() -> None:
    history = [recorded(quantity="20"), recorded(quantity="900", at=LATE)]
    given(VIEW, *history).shows(quantity="20", told=2, recorded_at=when(AT), updated_at=when(LATE))
    assert tallied(BY_MONTH, *history) == {
        ("riverton", "2026-04", "", *POUNDS, "weighed"): {"records": 1, "thousandths": 20_000}
    }


def test_a_voided_record_counts_no_more_and_says_what_counts_instead() -> None:
    void = voided(at=LATE, note="It was kilograms", replaced_by="impact-2")
    for history in ([recorded(), void], [void, recorded()]):
        given(VIEW, *history).shows(
            voided_at=when(LATE),
            void_reason="wrong_unit",
            void_note="It was kilograms",
            replaced_by="impact-2",
            quantity="20",
        )
        assert tallied(BY_MONTH, *history) == {("riverton", "2026-04", "", *POUNDS, "weighed"): {"voided": 1}}


def test_a_void_of_nothing_known_counts_nowhere_and_is_kept() -> None:
    given(VIEW, voided()).shows(voided_at=when(AT), told=0, metric_code=None)
    assert tallied(BY_MONTH, voided()) == tallied(BY_THING, voided()) == {}


def test_sums_are_exact_and_kept_apart_by_all_that_may_not_be_mixed() -> None:
    history = [
        recorded("1", quantity="0.1", neighbourhood_id="north"),
        recorded("2", quantity="0.2", neighbourhood_id="north"),
        recorded("3", quantity="5", unit="kg"),
        recorded("4", quantity="7", method="estimated"),
        recorded("5", quantity="3", unit="bags", each=Each(quantity="20", unit="lb")),
        recorded("6", quantity="3", unit="bags", each=Each(quantity="13", unit="lb")),
        recorded("7", done_on="2025-12-31"),
    ]
    assert tallied(BY_MONTH, *history) == {
        ("riverton", "2026-04", "north", *POUNDS, "weighed"): {"records": 2, "thousandths": 300},
        ("riverton", "2026-04", "", "litter_removed", "kg", "", "weighed"): {
            "records": 1,
            "thousandths": 5_000,
        },
        ("riverton", "2026-04", "", *POUNDS, "estimated"): {"records": 1, "thousandths": 7_000},
        ("riverton", "2026-04", "", "litter_removed", "bags", "20 lb", "weighed"): {
            "records": 1,
            "thousandths": 3_000,
        },
        ("riverton", "2026-04", "", "litter_removed", "bags", "13 lb", "weighed"): {
            "records": 1,
            "thousandths": 3_000,
        },
        ("riverton", "2025-12", "", *POUNDS, "weighed"): {"records": 1, "thousandths": 20_000},
    }


def test_a_record_counts_for_each_thing_it_belongs_to() -> None:
    told = recorded(project_id="project-1", session_id="s1", asset_id="lot-44", award=AWARD)
    sums = {"records": 1, "thousandths": 20_000}
    assert tallied(BY_THING, told, recorded("of-nothing")) == {
        ("riverton", "project", "project-1", "riverton", *POUNDS): sums,
        ("riverton", "session", "s1", "riverton", *POUNDS): sums,
        ("riverton", "asset", "lot-44", "riverton", *POUNDS): sums,
        ("coalition", "award", "award-7", "riverton", *POUNDS): sums,
    }


def test_a_later_look_says_out_of_how_many() -> None:
    trees = {"metric_code": "trees_surviving_12_months", "unit": "trees", "method": "counted"}
    history = [
        recorded("1", quantity="21", out_of=OutOf(record_id="planted-1", quantity="25"), **trees),
        recorded("2", quantity="0", out_of=OutOf(record_id="planted-2", quantity="10"), **trees),
    ]
    assert tallied(BY_MONTH, *history) == {
        ("riverton", "2026-04", "", "trees_surviving_12_months", "trees", "", "counted"): {
            "records": 2,
            "thousandths": 21_000,
            "out_of": 35_000,
        }
    }
