"""Keys that the data demand, and what practices, metrics, follow-ups and results must say."""

import pytest
from pydantic import ValidationError

from events.types.followups import FollowupQueued
from events.types.participants import ParticipantErased
from tests.support.build import ANN, BEN, event, told
from tests.support.builders import city, impact, participants, practices, results


def test_what_a_participant_allows_stands_on_the_participants_own_key() -> None:
    for tell in (participants.consent, participants.language, participants.acted, participants.erased):
        assert tell(ANN).key == f"riverton/{ANN}"
        with pytest.raises(ValidationError, match="these data belong to subject"):
            event(BEN, tell(ANN).data, participant=ANN)
        with pytest.raises(ValidationError, match="participant"):
            event(ANN, tell(ANN).data)


def test_an_erasure_says_nothing_but_that_it_happened() -> None:
    assert ParticipantErased.model_fields == {}


def test_a_follow_up_stands_on_its_recipients_key_who_may_have_a_tracking_code_only() -> None:
    tracked = participants.queued("track-1")
    assert (tracked.subject, tracked.participant) == ("track-1", None)
    assert event(ANN, tracked.data, participant=ANN)
    with pytest.raises(ValidationError, match="these data belong to subject"):
        event(BEN, tracked.data, participant=ANN)


def test_no_message_goes_out_without_its_language() -> None:
    data = participants.queued().data.model_dump()
    with pytest.raises(ValidationError, match="lang"):
        told(FollowupQueued, ANN, {**data, "lang": None})


def test_the_same_id_in_two_families_is_two_contents() -> None:
    keys = {city.flagged("idea", "7").key, city.flagged("service_request", "7").key}
    assert keys == {"riverton/idea:7", "riverton/service_request:7"}
    with pytest.raises(ValidationError, match="these data belong to subject"):
        event("7", city.moderated("idea", "7").data)


def test_a_suppressed_number_is_not_told_by_any_of_its_parts() -> None:
    assert city.snapshot(suppressed=True)
    assert city.snapshot(value="0", numerator="0", denominator="13")
    for part in ("value", "numerator", "denominator"):
        with pytest.raises(ValidationError, match="no value, numerator or denominator may be told"):
            city.snapshot(suppressed=True, **{part: "0"})


def test_a_snapshot_stands_on_the_key_of_its_metric() -> None:
    assert city.snapshot("sla.on_time").key == "riverton/sla.on_time"
    with pytest.raises(ValidationError, match="these data belong to subject"):
        event("participants", city.snapshot("sla.on_time").data)


def test_a_period_does_not_end_before_it_begins() -> None:
    assert city.snapshot(first_day="2026-03-31")
    with pytest.raises(ValidationError, match="last_day must not come before first_day"):
        city.snapshot(first_day="2026-04-01")


def test_a_practice_measures_something_and_each_metric_once() -> None:
    for tell in (practices.published, practices.outcome):
        with pytest.raises(ValidationError, match="measures"):
            tell(measures=())
        with pytest.raises(ValidationError, match="a metric is named twice"):
            tell(measures=(practices.MOWN, practices.MOWN))


@pytest.mark.parametrize("quantity", [20, 20.5, "20,5", "-1", "1e3"])
def test_a_quantity_is_decimal_text(quantity: object) -> None:
    with pytest.raises(ValidationError, match="quantity"):
        impact.recorded(quantity=quantity)  # type: ignore[arg-type] # what an app may send


@pytest.mark.parametrize("percent", [-1, 101, 49.5, "50"])
def test_progress_is_a_whole_share(percent: object) -> None:
    with pytest.raises(ValidationError, match="percent"):
        results.progressed(percent=percent)  # type: ignore[arg-type] # what an app may send


def test_progress_reaches_each_source_on_its_own_key() -> None:
    reached = [results.reached_idea(), results.reached_problem(), results.reached_request()]
    assert [one.key for one in reached] == ["riverton/i1", "riverton/p1", "riverton/r1"]
