"""What the public sees of a document, and what it never sees."""

from datetime import timedelta
from typing import Any

import orjson

from projections.api import published
from projections.views import ideas, service_requests
from tests.support import build
from tests.support.spec import given

OWN_WORDS = "by the blue door"
HERE: dict[str, Any] = {"long": -73.956789, "lat": 40.731234}


def _detail(**data: Any) -> str:
    report = build.opened(description=OWN_WORDS, address="12 Elm Street", **HERE, **data)
    back = build.reopened(reason=OWN_WORDS, by="reporter")
    request = given(service_requests.VIEW, report, back).document
    return published.request_detail(request, None).model_dump_json()


def test_an_anonymous_report_shows_neither_words_nor_address_nor_the_exact_place() -> None:
    shown = orjson.loads(_detail(anonymous=True))
    assert (shown["description"], shown["address"]) == (None, None)
    assert (shown["long"], shown["lat"]) == (-73.957, 40.731)
    assert OWN_WORDS not in _detail(anonymous=True)


def test_a_report_under_ones_own_name_shows_where_and_what() -> None:
    shown = orjson.loads(_detail())
    assert (shown["description"], shown["address"]) == (OWN_WORDS, "12 Elm Street")
    assert (shown["long"], shown["lat"]) == (HERE["long"], HERE["lat"])


def test_what_a_reporter_wrote_on_reopening_is_not_repeated_while_the_citys_notes_are() -> None:
    closed = build.closed(status_notes="Painted over.")
    request = given(service_requests.VIEW, build.opened(), closed, build.reopened(reason=OWN_WORDS)).document
    notes = [change.notes for change in published.request_detail(request, None).history]
    assert notes == [None, "Painted over.", None]


def test_a_map_feature_of_an_anonymous_report_is_rounded() -> None:
    request = given(service_requests.VIEW, build.opened(anonymous=True, **HERE)).document
    assert published.feature(request).geometry.coordinates == (-73.957, 40.731)


def test_an_answer_is_hidden_until_the_moment_the_city_made_it_public() -> None:
    public = build.when("2026-05-01T12:00:00-04:00")
    idea = given(ideas.VIEW, build.submitted(), build.answered(public_from=public)).document
    before = published.idea(idea, 3, public - timedelta(seconds=1))
    after = published.idea(idea, 3, public)
    assert (before.answer, before.status) == (None, "submitted")
    assert after.answer is not None
    assert after.status == "accepted"


def test_a_withdrawn_idea_keeps_its_place_and_loses_its_words() -> None:
    told = (build.submitted(title=OWN_WORDS), build.idea_withdrawn(reason=OWN_WORDS))
    idea = given(ideas.VIEW, *told).document
    shown = published.idea(idea, 3, build.when(build.AT))
    assert (shown.status, shown.title, shown.summary) == ("withdrawn", None, None)
    assert OWN_WORDS not in shown.model_dump_json()


def test_no_pseudonym_is_published_with_an_idea() -> None:
    idea = given(ideas.VIEW, build.submitted(co_author_refs=(build.BEN,))).document
    assert build.BEN not in published.idea(idea, 1, build.when(build.AT)).model_dump_json()


def test_of_a_hidden_report_neither_words_nor_address_are_shown_and_its_course_is() -> None:
    report = build.opened(description=OWN_WORDS, address=OWN_WORDS, **HERE)
    request = given(service_requests.VIEW, report, build.closed(status_notes="Painted over.")).document
    shown = published.request_detail(request, None, is_hidden=True)
    assert OWN_WORDS not in shown.model_dump_json()
    assert (shown.hidden, shown.stage, shown.history[-1].notes) == (True, "closed", "Painted over.")
    assert OWN_WORDS not in published.service_request(request, is_hidden=True).model_dump_json()


def test_of_a_hidden_idea_the_answer_stays() -> None:
    told = (build.submitted(title=OWN_WORDS, summary=OWN_WORDS), build.answered(explanation="No room."))
    idea = given(ideas.VIEW, *told).document
    shown = published.idea(idea, 3, build.when(build.AT), is_hidden=True)
    assert (shown.hidden, shown.title, shown.summary, shown.status) == (True, None, None, "accepted")
    assert shown.answer is not None
    assert shown.answer.explanation == "No room."
    assert OWN_WORDS not in shown.model_dump_json()
