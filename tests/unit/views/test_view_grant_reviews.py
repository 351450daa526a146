"""What counts of the reviews of an application, and why the rest does not."""

from itertools import permutations

from events.envelope import Event
from projections.views.grant_reviews import REFUSALS_KEPT, SUBMISSIONS_KEPT, VIEW
from tests.support.build import when
from tests.support.builders.grants import REVIEWER, conflict, recused, refused, reviewed
from tests.support.spec import given

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-03T08:00:00-04:00"
SCORES = [{"criterion": "need", "score": 4}, {"criterion": "plan", "score": 3}]


def test_a_review_stands_in_a_document_of_its_own() -> None:
    event = reviewed(at=EARLY, text_ref="t1")
    after = given(VIEW, event)
    assert list(after.documents) == [f"riverton/app-1/{REVIEWER}"]
    said = {"scores": SCORES, "recommendation": "award", "text_ref": "t1"}
    after.then(
        {
            "city": "riverton",
            "application_id": "app-1",
            "reviewer": REVIEWER,
            "counts": True,
            "not_counted": None,
            **said,
            "submitted_at": when(EARLY),
            "conflict": None,
            "recused": False,
            "submissions": [{"review_id": event.id, **said, "at": when(EARLY)}],
            "refusals": [],
            "updated_at": when(EARLY),
        }
    )


def test_submitted_again_the_scores_replace_those_before() -> None:
    given(VIEW, reviewed(need=1), reviewed(need=4, at=LATE)).shows(scores=SCORES, submitted_at=when(LATE))


def test_a_conflict_takes_effect_on_what_is_said_before_and_after() -> None:
    for told in permutations([reviewed(), conflict(), reviewed()]):
        given(VIEW, *told).shows(counts=False, not_counted="conflict", conflict="family")


def test_a_conflict_that_only_a_review_tells_is_one_for_good() -> None:
    given(VIEW, reviewed(conflict_declared=True), reviewed()).shows(counts=False, conflict="declared")


def test_who_steps_back_counts_no_more() -> None:
    for told in permutations([reviewed(), recused()]):
        given(VIEW, *told).shows(counts=False, not_counted="recused", scores=SCORES)


def _again(event: Event, name: str) -> Event:
    return event.model_copy(update={"id": name})


def test_a_review_refused_after_the_determination_leaves_the_one_before_it() -> None:
    before, after = _again(reviewed(), "before"), _again(reviewed(need=0), "after")
    refusal = refused(review_id="after", reason="determined")
    given(VIEW, before, after, refusal).shows(counts=True, scores=SCORES)
    given(VIEW, before, refusal, after).shows(counts=True, scores=SCORES)
    given(VIEW, after, refusal).shows(counts=False, not_counted="refused", scores=None)


def test_a_conflict_without_a_review_is_known() -> None:
    given(VIEW, conflict(at=LATE)).shows(not_counted="conflict", scores=None, updated_at=when(LATE))
    given(VIEW, refused(reason="determined")).shows(not_counted="refused")


def test_what_was_submitted_and_refused_is_bounded() -> None:
    many = [reviewed() for _ in range(SUBMISSIONS_KEPT + 1)]
    document = given(VIEW, *many).document
    assert [one["review_id"] for one in document["submissions"]] == [event.id for event in many[1:]]
    told = [refused(review_id=f"r{number}") for number in range(REFUSALS_KEPT + 1)]
    assert len(given(VIEW, *told).document["refusals"]) == REFUSALS_KEPT
