"""The city's own selection beside the one computed from the ballots."""

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
