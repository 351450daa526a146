"""What dashboards learn about programs."""

from projections.views.program_feedback import RATINGS, VIEW
from tests.support.build import AT, feedback, when
from tests.support.spec import given, tallied


def test_feedback_stands_as_given() -> None:
    given(VIEW, feedback("f9", program="library", rating=2, themes=["hours"])).then(
        {
            "city": "riverton",
            "feedback_id": "f9",
            "program_id": "library",
            "rating": 2,
            "themes": ["hours"],
            "text_ref": None,
            "submitted_at": when(AT),
        }
    )


def test_ratings_add_up_per_program() -> None:
    history = [feedback("f1", rating=5), feedback("f2", rating=2), feedback("f3", program="pool", rating=1)]
    assert tallied(RATINGS, *history) == {
        ("riverton", "summer-camp"): {"responses": 2, "rating_sum": 7, "r5": 1, "r2": 1},
        ("riverton", "pool"): {"responses": 1, "rating_sum": 1, "r1": 1},
    }


def test_feedback_given_again_under_the_same_id_counts_once_with_its_last_rating() -> None:
    history = [feedback("f1", rating=5), feedback("f1", rating=1)]
    assert tallied(RATINGS, *history) == {
        ("riverton", "summer-camp"): {"responses": 1, "rating_sum": 1, "r1": 1}
    }
