"""What dashboards learn about ideas, their support and the city's answers."""

from projections.views import problems
from projections.views.ideas import BY_DAY, SUPPORT, SUPPORTS, VIEW
from projections.views.timeline import HISTORY_KEPT
from tests.support.build import (
    ANN,
    BEN,
    answer_asked,
    answer_overdue,
    answer_published,
    answered,
    idea_withdrawn,
    problem,
    submitted,
    support_withdrawn,
    supported,
    when,
)
from tests.support.builders.results import reached_idea
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"


def test_a_submitted_idea_stands_with_all_that_was_told() -> None:
    event = submitted("i3", at=EARLY, est_cost="1200.50", co_author_refs=(BEN,), neighbourhood_id="north")
    given(VIEW, event).then(
        {
            "city": "riverton",
            "idea_id": "i3",
            "title": "A bench",
            "summary": "Somewhere to sit",
            "category": "parks",
            "problem_id": None,
            "neighbourhood_id": "north",
            "est_cost": "1200.50",
            "co_authors": [BEN],
            "status": "submitted",
            "answer": None,
            "submitted_at": when(EARLY),
            "submitted_on": "2026-04-01",
            "decided_at": None,
            "answer_public_at": None,
            "answer_asked_at": None,
            "answer_overdue_at": None,
            "withdrawn_at": None,
            "updated_at": when(EARLY),
            "results": [],
            "history": [{"at": when(EARLY), "event_id": event.id, "change": "submitted", "notes": None}],
            "history_total": 1,
        }
    )


def test_the_last_answer_in_the_log_is_the_city_s_answer() -> None:
    after = given(
        VIEW,
        submitted(at=EARLY),
        answered(decision="evaluating", at=LATE),
        answered(decision="rejected", explanation="No room", at=EARLY, public_from=when(LATE)),
    )
    after.shows(
        status="rejected",
        answer={
            "decision": "rejected",
            "explanation": "No room",
            "answered_at": when(EARLY),
            "public_from": when(LATE),
        },
        updated_at=when(LATE),
    )
    assert [one["change"] for one in after.document["history"]] == ["submitted", "evaluating", "rejected"]


def test_an_answer_before_the_submission_is_kept_and_filled_in() -> None:
    given(VIEW, answered(decision="accepted")).shows(status="accepted", title=None, submitted_at=None)
    given(VIEW, answered(decision="accepted"), submitted()).shows(status="accepted", title="A bench")


def test_a_withdrawn_idea_stays_withdrawn_though_the_answer_is_kept() -> None:
    after = given(VIEW, submitted(), idea_withdrawn(reason="Moved away", at=LATE), answered())
    after.shows(status="withdrawn", withdrawn_at=when(LATE))
    assert after.document["answer"]["decision"] == "accepted"


def test_it_shows_when_an_answer_was_asked_for_was_overdue_and_became_public() -> None:
    told = [answer_asked(at=EARLY), answer_overdue(at=LATE), answer_published(at=LATE)]
    after = given(VIEW, submitted(at=EARLY), *told, answer_published(at=EARLY))
    after.shows(answer_asked_at=when(EARLY), answer_overdue_at=when(LATE), answer_public_at=when(LATE))
    after.shows(status="submitted", history_total=1, updated_at=when(LATE))


def test_the_first_decision_in_public_counts_for_the_time_to_answer() -> None:
    told = [
        submitted(at=EARLY),
        answered(decision="evaluating", at=EARLY),
        answered(decision="rejected", at=EARLY, public_from=when(LATE)),
        answered(decision="accepted", at="2026-04-09T08:00:00-04:00"),
    ]
    given(VIEW, *told[:2]).shows(decided_at=None)
    given(VIEW, *told).shows(decided_at=when(LATE))
    given(VIEW, answered(at=EARLY), submitted(at=LATE)).shows(decided_at=when(EARLY))


def test_ideas_are_counted_on_the_day_of_their_submission() -> None:
    on_time, too_late = "2026-06-30T08:00:00-04:00", "2026-06-30T08:00:00.001-04:00"
    told = [
        submitted("answered", at=EARLY),
        answered("answered", decision="rejected", at=on_time),
        submitted("too-late", at=EARLY),
        answered("too-late", at=too_late),
        submitted("open", at=LATE),
        submitted("withdrawn", at=LATE),
        idea_withdrawn("withdrawn"),
        answered("unknown"),
    ]
    assert tallied(BY_DAY, *told) == {
        ("riverton", "2026-04-01"): {"submitted": 2, "answered_in_90_days": 1, "accepted": 1},
        ("riverton", "2026-04-02"): {"submitted": 1, "withdrawn": 1},
        ("riverton", ""): {"accepted": 1},
    }


def test_an_accepted_idea_is_acted_on_when_a_result_of_it_has_begun() -> None:
    told = [submitted(at=EARLY), answered(at=LATE), reached_idea(percent=0)]
    day = ("riverton", "2026-04-01")
    assert "acted_on" not in tallied(BY_DAY, *told)[day]
    begun = reached_idea(percent=5, progressed_at=when(LATE))
    assert tallied(BY_DAY, *told, begun)[day]["acted_on"] == 1
    assert "acted_on" not in tallied(BY_DAY, submitted(at=EARLY), begun)[day]


def test_the_history_of_an_idea_is_bounded() -> None:
    document = given(VIEW, *[answered() for _ in range(HISTORY_KEPT + 1)]).document
    assert (len(document["history"]), document["history_total"]) == (HISTORY_KEPT, HISTORY_KEPT + 1)


def test_a_support_stands_in_a_document_of_its_own() -> None:
    after = given(SUPPORTS, supported("i1", at=EARLY, channel="paper"))
    assert list(after.documents) == [f"riverton/i1/{ANN}"]
    after.then(
        {
            "city": "riverton",
            "idea": "i1",
            "participant": ANN,
            "active": True,
            "since": when(EARLY),
            "channel": "paper",
        }
    )


def test_support_given_twice_counts_once_and_since_the_first_time() -> None:
    history = [supported(at=EARLY, channel="paper"), supported(at=LATE, channel="online")]
    given(SUPPORTS, *history).shows(since=when(EARLY), channel="paper")
    assert tallied(SUPPORT, *history) == {("riverton", "i1"): {"supporters": 1}}


def test_support_withdrawn_and_given_again_counts_once() -> None:
    history = [supported(at=EARLY), support_withdrawn(at=EARLY), supported(at=LATE)]
    given(SUPPORTS, *history).shows(active=True, since=when(LATE))
    assert tallied(SUPPORT, *history) == {("riverton", "i1"): {"supporters": 1}}


def test_withdrawn_support_does_not_count_even_where_it_was_never_given() -> None:
    given(SUPPORTS, support_withdrawn()).shows(active=False, channel=None)
    assert tallied(SUPPORT, support_withdrawn()) == {}
    assert tallied(SUPPORT, supported(), supported(by=BEN), support_withdrawn()) == {
        ("riverton", "i1"): {"supporters": 1}
    }


def test_a_problem_stands_as_worded_last() -> None:
    first = problem(at=EARLY, request_ids=("r1",))
    last = problem(at=LATE, statement="No shade at the stop", request_ids=("r1", "r2"))
    given(problems.VIEW, first, last).then(
        {
            "city": "riverton",
            "problem_id": "p1",
            "statement": "No shade at the stop",
            "who_is_affected": "Everyone who waits",
            "evidence": [],
            "request_ids": ["r1", "r2"],
            "defined_at": when(LATE),
            "definitions": 2,
            "results": [],
        }
    )
