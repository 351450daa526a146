"""What the city's systems learn about a participant, and how participants are counted."""

import itertools
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from events.envelope import Event
from projections.ladder import RUNG_OF, RUNGS
from projections.views.participant_counts import BY_NEIGHBOURHOOD, BY_PERIOD, BY_RUNG, LADDER, TALLIES
from projections.views.participants import AREAS_KEPT, PURPOSES_KEPT, VIEW
from tests.support.build import ANN, AT, BEN, when
from tests.support.builders.participants import (
    acted,
    consent,
    erased,
    erasure_requested,
    language,
)
from tests.support.histories_participants import ACTED_EVENT, PARTICIPANT_EVENT
from tests.support.spec import Sums, given, tallied

EARLY, LATE = "2026-03-31T23:30:00-04:00", "2026-05-02T18:00:00-04:00"
NOBODY: dict[str, Any] = {
    "city": "riverton",
    "participant": None,
    "consents": [],
    "preferred_lang": None,
    "lang_at": None,
    "erasure_requested_at": None,
    "erasure_due_at": None,
    "erased_at": None,
    "first_acted_at": None,
    "last_acted_at": None,
    "actions": [],
    "months": [],
    "updated_at": None,
}


def test_who_took_part_stands_with_when_and_in_what() -> None:
    given(VIEW, acted(at=AT, neighbourhood_id="north"), acted(at=EARLY), acted(at=AT)).then(
        {
            **NOBODY,
            "participant": ANN,
            "first_acted_at": when(EARLY),
            "last_acted_at": when(AT),
            "actions": [
                {
                    "action": "idea.submitted",
                    "count": 3,
                    "first_at": when(EARLY),
                    "first_on": "2026-03-31",
                    "last_at": when(AT),
                }
            ],
            "months": [
                {"month": "2026-03", "actions": 1, "days": [31], "rungs": ["support"], "neighbourhoods": []},
                {
                    "month": "2026-04",
                    "actions": 2,
                    "days": [1],
                    "rungs": ["support"],
                    "neighbourhoods": ["north"],
                },
            ],
            "updated_at": when(AT),
        }
    )


def test_a_consent_is_as_it_was_changed_last_in_time() -> None:
    yes, no = consent(at=EARLY, notice="2026-01"), consent(at=LATE, granted=False)
    for history in ([yes, no], [no, yes]):
        given(VIEW, *history, consent(purpose="research", at=AT)).shows(
            consents=[
                {"purpose": "follow_ups.email", "granted": False, "notice": None, "at": when(LATE)},
                {"purpose": "research", "granted": True, "notice": None, "at": when(AT)},
            ]
        )


def test_of_two_changes_at_one_moment_the_last_in_the_log_counts() -> None:
    document = given(VIEW, consent(), consent(granted=False)).document
    assert [one["granted"] for one in document["consents"]] == [False]


def test_the_purposes_that_are_kept_are_bounded() -> None:
    many = [consent(purpose=f"purpose_{number:03}") for number in range(PURPOSES_KEPT + 1)]
    document = given(VIEW, *many).document
    assert len(document["consents"]) == PURPOSES_KEPT


def test_a_language_is_the_one_wished_last_in_time() -> None:
    for history in itertools.permutations([language(at=EARLY, lang="es"), language(at=LATE, lang="tr")]):
        given(VIEW, *history).shows(preferred_lang="tr", lang_at=when(LATE))


def test_an_erasure_is_due_by_the_earliest_time_that_was_promised() -> None:
    told = [erasure_requested(at=AT, due=LATE), erasure_requested(at=EARLY, due=AT)]
    for history in itertools.permutations(told):
        given(VIEW, *history).shows(erasure_requested_at=when(EARLY), erasure_due_at=when(AT), erased_at=None)


@for_any(
    before=st.lists(PARTICIPANT_EVENT, max_size=6),
    after=st.lists(PARTICIPANT_EVENT, max_size=6),
)
def test_of_who_was_erased_nothing_stays_and_nothing_comes_back(
    before: list[Event], after: list[Event]
) -> None:
    mine = [[one for one in events if one.subject == ANN] for events in (before, after)]
    told = [one for one in mine[0] if one.type != erased().type]
    given(VIEW, *told, erased(at=LATE), *mine[1]).then({**NOBODY, "erased_at": when(LATE)})
    for tally in TALLIES:
        assert tallied(tally, *told, erased(at=LATE), *mine[1]) == {}


def test_a_document_is_bounded_though_names_come_from_outside() -> None:
    many = [
        acted(action=f"made.up_{number}", neighbourhood_id=f"area-{number:03}")
        for number in range(AREAS_KEPT + 10)
    ]
    document = given(VIEW, *many).document
    assert document["actions"] == []
    assert len(document["months"][0]["neighbourhoods"]) == AREAS_KEPT
    assert document["months"][0]["actions"] == AREAS_KEPT + 10


def test_a_participant_counts_once_in_a_month_and_once_in_a_year() -> None:
    history = [acted(at=EARLY), acted(at=AT), acted(at=AT), acted(at=LATE), acted(BEN, at=AT)]
    assert tallied(BY_PERIOD, *history) == {
        ("riverton", "month", "2026-03"): {"participants": 1, "first_time": 1, "returned": 1},
        ("riverton", "month", "2026-04"): {"participants": 2, "first_time": 1},
        ("riverton", "month", "2026-05"): {"participants": 1},
        ("riverton", "year", "2026"): {"participants": 2, "first_time": 2, "returned": 1},
    }


@pytest.mark.parametrize(
    ("again", "returned"),
    [
        (AT, False),  # the same day is no return
        ("2026-04-02T00:00:00-04:00", True),
        ("2026-06-30T23:59:59-04:00", True),  # 90 days later
        ("2026-07-01T00:00:00-04:00", False),
    ],
)
def test_a_return_is_another_day_within_ninety_days(again: str, *, returned: bool) -> None:
    for history in itertools.permutations([acted(at=AT), acted(at=again)]):
        assert tallied(BY_PERIOD, *history)["riverton", "month", "2026-04"].get("returned", 0) == returned


def test_a_late_event_of_an_earlier_month_makes_that_one_the_first() -> None:
    history = [acted(at=LATE), acted(at=AT)]
    assert tallied(BY_PERIOD, *history)["riverton", "month", "2026-04"] == {
        "participants": 1,
        "first_time": 1,
        "returned": 1,
    }
    assert tallied(BY_PERIOD, *history)["riverton", "month", "2026-05"] == {"participants": 1}


def test_participants_count_where_what_they_took_part_in_is() -> None:
    history = [acted(neighbourhood_id="north"), acted(at=LATE, neighbourhood_id="north"), acted(BEN)]
    assert tallied(BY_NEIGHBOURHOOD, *history) == {
        ("riverton", "month", "2026-04", "north"): {"participants": 1},
        ("riverton", "month", "2026-05", "north"): {"participants": 1},
        ("riverton", "year", "2026", "north"): {"participants": 1},
    }


def test_participants_count_on_each_rung_they_stood_on() -> None:
    history = [acted(action="idea.supported"), acted(at=LATE, action="adoption.started")]
    assert tallied(BY_RUNG, *history) == {
        ("riverton", "month", "2026-04", "support"): {"participants": 1},
        ("riverton", "month", "2026-05", "steward"): {"participants": 1},
        ("riverton", "year", "2026", "support"): {"participants": 1},
        ("riverton", "year", "2026", "steward"): {"participants": 1},
    }


def test_the_ladder_shows_who_climbed_after_giving_feedback() -> None:
    history = [
        acted(at=EARLY, action="idea.supported"),  # before any feedback
        acted(at=AT, action="service_request.opened"),
        acted(at=LATE, action="signup.registered"),
        acted(BEN, at=LATE, action="program_feedback.submitted"),
    ]
    for told in itertools.permutations(history):
        assert tallied(LADDER, *told) == {
            ("riverton", "2026-04", "feedback"): {"participants": 1},
            ("riverton", "2026-04", "volunteer"): {"participants": 1},
            ("riverton", "2026-05", "feedback"): {"participants": 1},
        }


def test_every_rung_can_be_reached() -> None:
    assert set(RUNG_OF.values()) == set(RUNGS)


@for_any(history=st.lists(ACTED_EVENT, max_size=25))
def test_counts_are_those_of_sets_and_of_no_order(history: list[Event]) -> None:
    """Held against sets of people, which would grow without bound."""
    expected: Sums = {}
    for span, length in (("month", 7), ("year", 4)):
        for period in {event.day[:length] for event in history}:
            here = {event.subject for event in history if event.day.startswith(period)}
            first = {
                who for who in here if min(e.day for e in history if e.subject == who).startswith(period)
            }
            found = {"participants": len(here)} | ({"first_time": len(first)} if first else {})
            expected["riverton", span, period] = found
    for order in (history, history[::-1]):
        cells = tallied(BY_PERIOD, *order)
        assert {
            key: {m: n for m, n in sums.items() if m != "returned"} for key, sums in cells.items()
        } == expected
    assert [tallied(tally, *history) for tally in TALLIES] == [
        tallied(tally, *history[::-1]) for tally in TALLIES
    ]
