"""The city's own selection beside the one computed from the ballots."""

from typing import Any

from events.envelope import Event
from projections.api import rounds
from projections.outcome import outcome
from projections.views import ballot_rounds
from tests.support import build
from tests.support.spec import given

VOTES = {"a": {"votes": 3}, "b": {"votes": 2}, "c": {"votes": 1}}


def _result(*told: Event) -> rounds.Result:
    document = dict(given(ballot_rounds.VIEW, *told).document)
    return rounds.Result(document, outcome(document, VOTES, 3), None)


def _marks(*told: Event) -> dict[str, str | None]:
    return {row.standing.project_id: row.mark and row.mark.words for row in rounds.rows(_result(*told)).shown}


def _long(projects: int, **data: Any) -> Event:
    return build.round_opened(projects=[build.project(f"{n:03}") for n in range(projects)], **data)


def test_nothing_is_decided_before_the_city_has_decided() -> None:
    assert rounds.decided(_result(build.round_opened())) is None


def test_the_projects_on_which_city_and_rule_differ_are_named_and_unknown_ones_by_their_id() -> None:
    found = _result(build.round_opened(), build.concluded(selected=["a", "c", "gone"]))
    assert found.outcome.selected == ("a", "b")
    told = rounds.decided(found)
    assert told is not None
    assert (told.city_only, told.computed_only) == (["Project c", "gone"], ["Project b"])


def test_where_the_rule_is_not_computed_nothing_differs() -> None:
    opened = build.round_opened(rule="equalshares/add1")
    told = rounds.decided(_result(opened, build.concluded(rule="equalshares/add1", selected=["c"])))
    assert told == (frozenset({"c"}), [], [])


def test_while_the_city_has_not_told_its_decision_only_the_rule_selects() -> None:
    assert _marks(build.round_opened()) == {
        "a": "Selected by the rule",
        "b": "Selected by the rule",
        "c": "Not selected by the rule",
    }


def test_where_city_and_rule_differ_each_project_says_who_selected_it() -> None:
    assert _marks(build.round_opened(), build.concluded(selected=["a", "c"])) == {
        "a": "Selected",
        "b": "Selected by the rule only",
        "c": "Selected by the city only",
    }


def test_where_the_rule_is_not_computed_only_the_city_selects() -> None:
    opened = build.round_opened(rule="unknown")
    marks = {"a": "Not selected by the city", "b": "Selected by the city", "c": "Not selected by the city"}
    assert _marks(opened, build.concluded(selected=["b"])) == marks
    assert set(_marks(opened).values()) == {None}


def test_many_projects_that_nobody_selected_are_folded_and_few_are_not() -> None:
    few = rounds.rows(_result(_long(2 + rounds.FOLD_OVER, budget="200")))
    many = rounds.rows(_result(_long(3 + rounds.FOLD_OVER, budget="200")))
    assert (len(few.shown), len(few.folded)) == (2 + rounds.FOLD_OVER, 0)
    assert [row.standing.selected for row in many.shown] == [True, True]
    assert {row.standing.selected for row in many.folded} == {False}
    assert len(many.folded) == 1 + rounds.FOLD_OVER


def test_a_project_that_only_the_rule_selected_is_not_folded() -> None:
    concluded = build.concluded(selected=["000", "029"])
    found = rounds.rows(_result(_long(30, budget="200"), concluded))
    assert [row.standing.project_id for row in found.shown] == ["000", "001", "029"]


def test_where_no_selection_is_known_or_none_was_made_the_first_are_shown() -> None:
    for opened in (_long(40, rule="unknown"), _long(40, budget="0")):
        found = rounds.rows(_result(opened))
        assert [len(part) for part in found] == [rounds.FIRST, 40 - rounds.FIRST]
        assert [row.standing.project_id for row in (*found.shown, *found.folded)] == [
            f"{n:03}" for n in range(40)
        ]
