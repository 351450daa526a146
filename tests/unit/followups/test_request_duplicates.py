"""Duplicates hear how their original goes on, through chains, and whatever circle they make ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.followups import request_duplicates
from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.requests import ServiceRequestDuplicateJoined, ServiceRequestOriginalProgressed
from tests.support.build import acknowledged, closed, joined, merged, opened, original, reopened
from tests.support.build import stage_changed as moved
from tests.support.follow_ups import Story

DUPLICATES = next(one for one in FOLLOW_UPS if one.name == "request_duplicates")


def story(*events: Event) -> Story:
    return Story(DUPLICATES).told(*events)


def heard(told: Story) -> list[tuple[str, str, str | None]]:
    """Who heard what of their original, in order."""
    return [
        (event.subject, event.data.stage, event.data.resolution_code)
        for event in told.published
        if isinstance(event.data, ServiceRequestOriginalProgressed)
    ]


def test_a_duplicate_joins_its_original_on_the_key_of_that() -> None:
    merge = merged("d", into="o")
    (event,) = story(merge).published
    assert event.data == ServiceRequestDuplicateJoined(rule="duplicate.joins_original", request_id="d")
    assert (event.key, event.time, event.causationid) == ("riverton/o", merge.time, merge.id)


def test_it_hears_that_the_original_is_taken_on_closed_and_reopened_each_once() -> None:
    told = story(merged("d", into="o"), acknowledged("o"), acknowledged("o"))
    told.told(closed("o"), closed("o"), reopened("o"), closed("o", resolution_code="not_responsible"))
    assert heard(told) == [
        ("d", "acknowledged", None),
        ("d", "closed", "fixed"),
        ("d", "reopened", None),
        ("d", "closed", "not_responsible"),
    ]
    assert all(event.participant is None for event in told.published)


def test_stages_tell_the_same() -> None:
    told = story(merged("d", into="o"), moved("o", to="acknowledged", label="a"))
    told.told(moved("o", to="in_progress", label="b"), moved("o", to="closed", label="c"))
    assert heard(told) == [("d", "acknowledged", None), ("d", "closed", None)]


def test_who_joins_what_is_closed_already_is_told_at_once_and_what_is_taken_on_not() -> None:
    assert heard(story(closed("o"), merged("d", into="o"))) == [("d", "closed", "fixed")]
    assert heard(story(acknowledged("o"), merged("d", into="o"))) == []
    assert heard(story(closed("o"), reopened("o"), merged("d", into="o"))) == []


def test_a_chain_passes_on_what_it_hears() -> None:
    told = story(merged("c", into="b"), merged("b", into="a"), closed("b", resolution_code="duplicate"))
    assert heard(told) == []
    told.told(closed("a"))
    assert heard(told) == [("b", "closed", "fixed"), ("c", "closed", "fixed")]
    last = told.published[-1].data
    assert isinstance(last, ServiceRequestOriginalProgressed)
    assert (last.original_id, last.through) == ("b", ("a",))


def test_who_joins_a_duplicate_whose_original_is_closed_is_told_at_once() -> None:
    assert heard(story(merged("b", into="a"), closed("a"), merged("c", into="b"))) == [
        ("b", "closed", "fixed"),
        ("c", "closed", "fixed"),
    ]


def test_what_a_duplicate_does_of_its_own_is_not_told() -> None:
    told = story(merged("c", into="b"), merged("b", into="a"), closed("b"), reopened("b"))
    assert heard(told) == []


def test_who_has_gone_on_to_another_original_no_longer_listens() -> None:
    told = story(merged("c", into="b"), merged("b", into="a"), merged("b", into="x"), closed("a"))
    assert heard(told) == [("b", "closed", "fixed")]  # it stands there, and nobody passes it on
    told.told(closed("x", resolution_code="not_responsible"))
    assert heard(told)[1:] == [("b", "closed", "not_responsible"), ("c", "closed", "not_responsible")]


def test_merged_again_into_the_same_or_into_itself_joins_nothing() -> None:
    assert len(story(merged("d", into="o"), merged("d", into="o")).published) == 1
    assert story(merged("d", into="d")).published == []


def test_that_it_was_taken_on_is_no_news_after_the_closing() -> None:
    assert heard(story(merged("d", into="o"), closed("o"), acknowledged("o"))) == [("d", "closed", "fixed")]


def test_an_original_of_which_nothing_was_told_has_its_duplicates_all_the_same() -> None:
    assert heard(story(merged("d", into="o"), opened("d"), closed("o"))) == [("d", "closed", "fixed")]


@pytest.mark.parametrize("size", [2, 3, 7])
def test_a_circle_ends(size: int) -> None:
    ring = [merged(f"r{n}", into=f"r{(n + 1) % size}") for n in range(size)]
    told = story(*ring[1:], closed("r0"), ring[0], closed("r1"), reopened("r0"))
    assert len(told.published) < 4 * size


def test_two_that_run_after_each_other_in_a_circle_do_not_run_for_ever() -> None:
    """What came from outside stands in the log in two orders when the circle closes."""
    told = story(joined("a", duplicate="b"), joined("b", duplicate="a"), merged("b", into="a"))
    told.told(original("b", of="a", stage="closed", resolution_code="fixed", through=("o",)))
    assert heard(told) == []
    told.told(merged("a", into="b"), original("a", of="b", stage="reopened", through=("o",)))
    assert len(heard(told)) < 4


def test_a_chain_of_any_length_ends_after_so_many_links() -> None:
    length = request_duplicates.MOST_LINKS + 5
    told = story(*(merged(f"r{n + 1}", into=f"r{n}") for n in range(length)), closed("r0"))
    assert [subject for subject, _, _ in heard(told)] == [f"r{n + 1}" for n in range(21)]


def test_the_number_of_duplicates_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_duplicates, "MOST", 3)
    told = Story(DUPLICATES).told(*(joined("o", duplicate=f"d{n}") for n in range(5)))
    assert (told.state["duplicates"], told.state["not_followed"]) == (["d0", "d1", "d2"], 2)


def test_a_duplicate_that_found_no_room_is_still_told_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_duplicates, "MOST", 0)
    assert heard(story(closed("o"), merged("d", into="o"))) == [("d", "closed", "fixed")]


NAMES = st.sampled_from(["a", "b", "c", "d"])
ANY = st.one_of(
    st.builds(lambda one, into: merged(one, into=into), NAMES, NAMES),
    st.builds(closed, NAMES),
    st.builds(reopened, NAMES),
    st.builds(acknowledged, NAMES),
)


@given(st.lists(ANY, max_size=14))
@settings(max_examples=150, deadline=None)
def test_whatever_is_merged_it_ends_and_repeats_change_nothing(events: list[Event]) -> None:
    told = story(*events)
    published = list(told.published)
    assert len(published) <= 4 * 4 * len(events)
    assert told.told(*events, *published).published == published
