"""What dashboards learn about ballot rounds and the ballots in them."""

from projections.views import ballot_rounds
from projections.views.ballots import BALLOTS, VIEW, VOTES
from tests.support.build import ANN, BEN, ballot, concluded, project, round_opened, when
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"


def test_an_opened_round_stands_with_its_projects_and_money_as_text() -> None:
    event = round_opened(
        "2026",
        projects=[project("12", "1000.10", lat=1.5, long=2.5)],
        currency="EUR",
        max_choices=3,
        at=EARLY,
    )
    given(ballot_rounds.VIEW, event).then(
        {
            "city": "riverton",
            "round_id": "2026",
            "title": "What first?",
            "vote_type": "approval",
            "rule": "greedy",
            "budget": "250",
            "currency": "EUR",
            "min_choices": None,
            "max_choices": 3,
            "score_threshold": None,
            "projects": [
                {
                    "project_id": "12",
                    "name": "Project 12",
                    "cost": "1000.10",
                    "category": None,
                    "lat": 1.5,
                    "long": 2.5,
                }
            ],
            "opened_at": when(EARLY),
            "concluded": None,
        }
    )


def test_a_conclusion_told_before_the_opening_is_kept() -> None:
    decision = {
        "rule": "greedy",
        "budget": None,
        "ranking": [],
        "selected": ["a"],
        "input_hash": None,
        "at": when(LATE),
    }
    conclusion = concluded(selected=["a"], at=LATE)
    given(ballot_rounds.VIEW, conclusion).shows(concluded=decision, title=None, projects=[], opened_at=None)
    given(ballot_rounds.VIEW, conclusion, round_opened(at=EARLY)).shows(
        concluded=decision, title="What first?", opened_at=when(EARLY)
    )


def test_a_ballot_stands_in_the_order_given() -> None:
    after = given(VIEW, ballot(("b", 2), ("a", 1), vote_type="cumulative", at=EARLY))
    assert list(after.documents) == [f"riverton/2026:{ANN}"]
    after.then(
        {
            "city": "riverton",
            "round": "2026",
            "participant": ANN,
            "vote_type": "cumulative",
            "choices": [{"project_id": "b", "points": 2}, {"project_id": "a", "points": 1}],
            "cast_at": when(EARLY),
            "casts": 1,
        }
    )


def test_a_ballot_cast_again_replaces_the_one_before() -> None:
    history = [ballot("a", "b", at=EARLY), ballot("c", at=LATE)]
    given(VIEW, *history).shows(choices=[{"project_id": "c", "points": None}], cast_at=when(LATE), casts=2)
    assert tallied(VOTES, *history) == {("riverton", "2026", "c"): {"votes": 1}}
    assert tallied(BALLOTS, *history) == {("riverton", "2026"): {"ballots": 1}}


def test_an_empty_ballot_is_a_ballot_without_votes() -> None:
    assert tallied(VOTES, ballot()) == {}
    assert tallied(BALLOTS, ballot()) == {("riverton", "2026"): {"ballots": 1}}


def test_votes_points_and_places_add_up_per_project() -> None:
    points = [
        ballot(("a", 3), ("b", 1), vote_type="cumulative"),
        ballot(("a", -1), vote_type="cumulative", by=BEN),
    ]
    assert tallied(VOTES, *points) == {
        ("riverton", "2026", "a"): {"votes": 2, "points": 2},
        ("riverton", "2026", "b"): {"votes": 1, "points": 1},
    }
    ordinal = [
        ballot("a", "b", "c", vote_type="ordinal"),
        ballot("c", "a", vote_type="ordinal", by=BEN),
    ]
    assert tallied(VOTES, *ordinal) == {
        ("riverton", "2026", "a"): {"votes": 2, "ranks": 1},
        ("riverton", "2026", "b"): {"votes": 1, "ranks": 1},
        ("riverton", "2026", "c"): {"votes": 2, "ranks": 2},
    }
