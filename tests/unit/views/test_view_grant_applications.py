"""What dashboards learn about applications: what is asked for, what was asked back, what was determined."""

from typing import Any

from projections.views.grant_applications import BY_CALL, BY_NEIGHBOURHOOD, VIEW
from projections.views.timeline import HISTORY_KEPT
from tests.support.build import when
from tests.support.builders.awards import target
from tests.support.builders.grants import answered, applied, asked, determined, progressed, withdrawn
from tests.support.spec import given, tallied

EARLY, LATE, LATEST = (f"2026-04-0{day}T08:00:00-04:00" for day in (1, 3, 9))
DISMISSED: dict[str, Any] = {"outcome": "dismissed", "reason": "No plan", "amount": None, "currency": None}


def test_an_application_stands_with_all_that_was_told() -> None:
    event = applied(at=EARLY, neighbourhood_id="north", problem_id="p1", text_ref="t1", targets=(target(),))
    given(VIEW, event).then(
        {
            "city": "riverton",
            "application_id": "app-1",
            "call_id": "call-1",
            "applicant_city": None,
            "applicant_group_id": "g1",
            "title": "Mend our block",
            "text_ref": "t1",
            "amount": "1500",
            "currency": "USD",
            "neighbourhood_id": "north",
            "problem_id": "p1",
            "targets": [{"metric_code": "litter_removed", "unit": "lb", "target": "2000"}],
            "status": "submitted",
            "queries": [],
            "determination": None,
            "award_id": None,
            "submitted_at": when(EARLY),
            "withdrawn_at": None,
            "determined_at": None,
            "updated_at": when(EARLY),
        }
    )


def test_the_award_made_for_it_is_known_once_anything_came_of_that() -> None:
    before = given(VIEW, applied(at=EARLY), determined(at=LATE))
    after = given(VIEW, applied(at=EARLY), determined(at=LATE), progressed(at=LATEST))
    before.shows(award_id=None, status="accepted")
    after.shows(award_id="award-1", status="accepted", updated_at=when(LATEST))


def test_a_question_stays_open_until_it_is_answered() -> None:
    question = asked(at=LATE, due_at=when(LATEST))
    given(VIEW, applied(at=EARLY), question).shows(status="info_requested")
    after = given(VIEW, applied(at=EARLY), question, answered(at=LATEST))
    after.shows(
        status="submitted",
        queries=[
            {
                "query_id": "q1",
                "text_ref": "text-q1",
                "due_at": when(LATEST),
                "asked_at": when(LATE),
                "answer_ref": "text-a1",
                "answered_at": when(LATEST),
            }
        ],
    )
    assert given(VIEW, answered(at=LATEST), question, applied(at=EARLY)).document == after.document


def test_the_questions_of_an_application_are_bounded() -> None:
    told = [asked(query=f"q{number}") for number in range(HISTORY_KEPT + 1)]
    queries = given(VIEW, *told).document["queries"]
    assert (len(queries), queries[0]["query_id"]) == (HISTORY_KEPT, "q1")


def test_the_last_determination_holds_and_the_first_ends_the_wait() -> None:
    pending = determined(outcome="accepted_pending_info", amount="1000", at=LATE)
    after = given(VIEW, applied(at=EARLY), pending, determined(amount="1200.5", at=LATEST))
    after.shows(status="accepted", determined_at=when(LATE))
    assert after.document["determination"] == {
        "outcome": "accepted",
        "amount": "1200.5",
        "currency": "USD",
        "reason": None,
        "ranking_ref": None,
        "at": when(LATEST),
    }


def test_determined_before_it_was_submitted_both_times_are_kept() -> None:
    given(VIEW, determined(at=EARLY)).shows(status="accepted", submitted_at=None, title=None)
    after = given(VIEW, determined(at=EARLY), applied(at=LATE))
    after.shows(submitted_at=when(LATE), determined_at=when(EARLY))


def test_taken_back_is_for_good() -> None:
    given(VIEW, applied(), withdrawn(at=LATE), determined()).shows(
        status="withdrawn", withdrawn_at=when(LATE)
    )


def test_a_call_counts_what_was_asked_for_and_what_became_of_it() -> None:
    history = [
        applied("app-1", amount="1500.001"),
        applied("app-2", amount="200"),
        applied("app-3", amount="300"),
        applied("app-4", amount="0.5", currency="EUR"),
        applied("app-5", call="call-2"),
        determined("app-1", amount="1000"),
        determined("app-2", **DISMISSED),
        withdrawn("app-3"),
    ]
    assert tallied(BY_CALL, *history) == {
        ("riverton", "call-1", "USD"): {
            "submitted": 3,
            "withdrawn": 1,
            "determined": 2,
            "accepted": 1,
            "requested": 1_700_001,
            "accepted_amount": 1_000_000,
        },
        ("riverton", "call-1", "EUR"): {"submitted": 1, "requested": 500},
        ("riverton", "call-2", "USD"): {"submitted": 1, "requested": 1_500_000},
    }


def test_what_is_taken_back_after_it_was_accepted_counts_as_taken_back_alone() -> None:
    history = [applied(), determined(), withdrawn()]
    assert tallied(BY_CALL, *history) == {("riverton", "call-1", "USD"): {"submitted": 1, "withdrawn": 1}}


def test_money_accepted_counts_in_its_own_currency_and_neighbourhood() -> None:
    history = [
        applied(neighbourhood_id="north"),
        determined(amount="10", currency="EUR"),
        determined("app-9"),
    ]
    assert tallied(BY_NEIGHBOURHOOD, *history) == {
        ("riverton", "north", "USD"): {
            "submitted": 1,
            "determined": 1,
            "accepted": 1,
            "requested": 1_500_000,
        },
        ("riverton", "north", "EUR"): {"accepted_amount": 10_000},
        ("riverton", "", "USD"): {"accepted_amount": 1_500_000},
    }
