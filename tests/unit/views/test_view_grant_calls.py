"""What dashboards learn about a grant call: its terms, its deadline now and before, and its ranking."""

from events.types.awards import AwardRef
from projections.views.grant_calls import VIEW
from tests.support.build import when
from tests.support.builders.grants import DEADLINE, EXTENDED, closed, extended, opened, ranked
from tests.support.spec import given

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-05-02T18:00:00-04:00"
LONGER = "2026-05-15T17:00:00-04:00"


def test_an_open_call_stands_with_all_its_terms() -> None:
    event = opened(
        at=EARLY,
        description="For blocks that help themselves",
        amount_min="200",
        amount_max="2000.5",
        eligibility=("group",),
        parent_award=AwardRef(city="coalition", award_id="award-0"),
    )
    given(VIEW, event).then(
        {
            "city": "riverton",
            "call_id": "call-1",
            "tier": "city_to_group",
            "parent_city": "coalition",
            "parent_award_id": "award-0",
            "title": "Mini-grants",
            "description": "For blocks that help themselves",
            "currency": "USD",
            "budget": "20000",
            "amount_min": "200",
            "amount_max": "2000.5",
            "criteria": [
                {"code": "need", "label": "Need", "weight": 2, "scale": 5},
                {"code": "plan", "label": "Plan", "weight": 1, "scale": 5},
            ],
            "eligibility": ["group"],
            "status": "open",
            "deadline_at": when(DEADLINE),
            "extensions": [],
            "opened_at": when(EARLY),
            "closed": None,
            "cancelled_at": None,
            "ranking": None,
            "updated_at": when(EARLY),
        }
    )


def test_an_extension_moves_the_deadline_and_says_what_was_told_before() -> None:
    after = given(VIEW, opened(), extended(at=LATE, reason="Few have heard of it"))
    after.shows(
        deadline_at=when(EXTENDED),
        extensions=[
            {
                "previous_deadline_at": when(DEADLINE),
                "deadline_at": when(EXTENDED),
                "reason": "Few have heard of it",
                "at": when(LATE),
            }
        ],
    )


def test_the_latest_deadline_holds_in_whatever_order_they_are_told() -> None:
    twice = extended(previous_deadline_at=EXTENDED, deadline_at=LONGER)
    for told in ([opened(), extended(), twice], [twice, extended(), opened()]):
        given(VIEW, *told).shows(deadline_at=when(LONGER), status="open", title="Mini-grants")


def test_a_call_is_closed_by_its_deadline() -> None:
    after = given(VIEW, opened(), closed(at=LATE, rule="grant_call.closes_at_deadline"))
    after.shows(
        status="closed",
        closed={
            "reason": "deadline",
            "deadline_at": when(DEADLINE),
            "rule": "grant_call.closes_at_deadline",
            "note": None,
            "at": when(LATE),
        },
    )


def test_a_closing_at_a_deadline_that_was_extended_is_outdated() -> None:
    """Whichever of both comes first: the one that closes at the new deadline closes."""
    given(VIEW, opened(), closed(), extended()).shows(status="open")
    given(VIEW, opened(), extended(), closed()).shows(status="open")
    given(VIEW, opened(), extended(), closed(deadline_at=when(EXTENDED))).shows(status="closed")


def test_cancelled_is_for_good() -> None:
    cancelled = closed(reason="cancelled", note="The money is gone", at=LATE)
    given(VIEW, opened(), cancelled, extended()).shows(status="cancelled", cancelled_at=when(LATE))
    given(VIEW, cancelled, closed()).shows(status="cancelled", title=None)


def test_the_ranking_told_last_stands() -> None:
    after = given(VIEW, ranked("call-1", ("app-2", 1, "1")), ranked("call-1", ("app-1", 1, "2.5"), at=LATE))
    assert after.document["ranking"] == {
        "rule": "grant_call.weighted_mean",
        "ranking": [{"application_id": "app-1", "rank": 1, "score": "2.5"}],
        "input_hash": None,
        "at": when(LATE),
    }
