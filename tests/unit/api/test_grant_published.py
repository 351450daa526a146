"""What the public sees of grants, and what it never sees."""

from typing import Any

import pytest

from projections import grants_ranking
from projections.api import grant_models, present
from projections.api import grant_published as published
from projections.api.models import Answer
from projections.read import Cell
from projections.views import awards, grant_applications, grant_calls, grant_reviews
from tests.support.build import when
from tests.support.builders.awards import granted, paid, report_extended, reported, target
from tests.support.builders.grants import (
    EXTENDED,
    applied,
    closed,
    conflict,
    determined,
    extended,
    opened,
    ranked,
    reviewed,
)
from tests.support.spec import given, tallied

HUSHED = "the words of someone who was dismissed"
TOLD = (("app-1", 1, "2.2"), ("app-2", 2, "1.8"))


def cells(*events: Any) -> list[Cell]:
    tally = grant_applications.BY_CALL
    return [
        Cell(dict(zip(tally.dimensions, key, strict=True)), {**dict.fromkeys(tally.measures, 0), **sums})
        for key, sums in tallied(tally, *events).items()
    ]


@pytest.mark.parametrize(
    ("thousandths", "text"), [(0, "0"), (1, "0.001"), (100, "0.1"), (1_850_500, "1850.5"), (2_000, "2")]
)
def test_a_sum_is_decimal_text(thousandths: int, text: str) -> None:
    assert present.decimal_text(thousandths) == text


def test_a_call_says_how_many_applied_and_what_of_it_was_accepted() -> None:
    call = given(
        grant_calls.VIEW, opened(), extended(reason=HUSHED), closed(deadline_at=when(EXTENDED))
    ).document
    sums = cells(applied(), applied("app-2", amount="0.5"), determined(amount="1000.25"))
    shown = published.call(call, sums, None, None)
    assert (shown.applications, shown.accepted, shown.determined, shown.status) == (2, 1, 1, "closed")
    assert [one.model_dump() for one in shown.asked] == [
        {"currency": "USD", "requested": "1500.5", "accepted": "1000.25"}
    ]
    assert shown.extensions[0].deadline_at == when(EXTENDED)
    assert shown.closed_at is not None
    assert HUSHED not in shown.model_dump_json()


def test_a_call_that_was_extended_after_its_closing_is_open_and_has_no_closing() -> None:
    call = given(grant_calls.VIEW, opened(), closed(), extended()).document
    assert published.call(call, [], None, None).closed_at is None


def ranking(reviewers: int, *others: Any, told: Any = TOLD) -> Any:
    call = given(grant_calls.VIEW, opened(), ranked("call-1", *told)).document
    reviews = [
        reviewed(app, by=f"reviewer-pseudonym-{number}", need=need)
        for app, need in (("app-1", 4), ("app-2", 3))
        for number in range(reviewers)
    ]
    documents = given(grant_reviews.VIEW, *reviews, *others).documents.values()
    computed = grants_ranking.ranking(call, ("app-1", "app-2"), documents)
    return published.ranking(call["ranking"], {"app-1": "Mend our block"}, computed, reviewers)


def test_a_ranking_tells_what_only_accepted_applications_are_about() -> None:
    shown = ranking(2)
    assert [(one.id, one.title, one.accepted) for one in shown.ranking] == [
        ("app-1", "Mend our block", True),
        ("app-2", None, False),
    ]
    assert "reviewer" not in shown.model_dump_json()


def test_a_ranking_says_whether_it_can_be_computed_again() -> None:
    assert ranking(2).same is True
    assert ranking(2, conflict("app-1", by="reviewer-pseudonym-0")).same is True  # the others say the same
    assert ranking(2, reviewed("app-2", by="reviewer-pseudonym-0", need=0)).same is False
    assert ranking(1, told=TOLD[:1]).same is False
    assert ranking(1).computed_hash != ranking(2).computed_hash


def test_how_far_few_reviewers_differ_is_not_told() -> None:
    assert ranking(4).spread is None
    assert ranking(5).spread == "0"


def test_an_order_that_was_not_computed_is_shown_as_told() -> None:
    call = given(grant_calls.VIEW, ranked("call-1", *TOLD)).document
    shown = published.ranking(call["ranking"], {}, None, 9)
    assert (shown.same, shown.computed_hash, shown.highest, shown.spread) == (None, None, None, None)


def test_an_award_shows_what_is_paid_owed_and_reached() -> None:
    events = [granted(targets=(target(),)), paid(amount="700.5"), report_extended(), reported(text_ref="t1")]
    document = given(awards.VIEW, *events).document
    shown = published.award_detail({**document, "title": "Mend our block"}, None, 0, None)
    assert (shown.title, shown.paid, shown.amount) == ("Mend our block", "700.5", "1500")
    assert (shown.instalments[0].paid_on, shown.instalments[0].on_time) == (None, None)
    assert (shown.reports[0].on_time, shown.reports[0].extensions) == (True, 1)
    assert (shown.targets[0].actual, shown.targets[0].met) == ("2412.5", True)
    assert "t1" not in shown.model_dump_json()


def test_no_answer_has_a_field_for_a_reviewer_or_for_what_money_a_float_would_be() -> None:
    models = [one for one in vars(grant_models).values() if isinstance(one, type) and issubclass(one, Answer)]
    names = {(name, str(field.annotation)) for one in models for name, field in one.model_fields.items()}
    assert not [name for name, _ in names if "reviewer" in name or name == "text_ref"]
    assert not [name for name, kind in names if "float" in kind]
