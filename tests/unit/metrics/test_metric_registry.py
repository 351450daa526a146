"""What every published number must hold, whatever it counts."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.envelope import Event
from events.scalars import NAME_PATTERN
from events.types.metrics import MetricSnapshot
from projections.core import DocumentView
from projections.metrics.core import NEIGHBOURHOOD, Distinct, Metric, Spans
from projections.metrics.measure import projections_of
from projections.metrics.registry import BY_CODE, METRICS
from projections.registry import VIEWS
from tests.support.histories import ANY_EVENT
from tests.support.histories_grants import GRANT_EVENT
from tests.support.histories_impact import IMPACT_EVENT
from tests.support.histories_participants import PARTICIPANT_EVENT
from tests.support.histories_volunteering import HOURS_EVENT, SESSION_EVENT
from tests.support.metrics import number, numbers, scope

EVENT = st.one_of(
    *(ANY_EVENT, GRANT_EVENT, IMPACT_EVENT, PARTICIPANT_EVENT, SESSION_EVENT, HOURS_EVENT),
)
EACH = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.code)


def test_codes_and_versions_are_permanent() -> None:
    """They stand in snapshots: a change of what is computed raises the version."""
    assert len(BY_CODE) == len(METRICS)
    assert {one.code: one.version for one in METRICS} == {
        "grants.applications_per_call": 1,
        "grants.award_rate": 1,
        "grants.decision_time.p50": 1,
        "grants.decision_time.p90": 1,
        "grants.disbursed_on_time": 1,
        "grants.pass_through.p50": 1,
        "grants.reports_on_time": 1,
        "grants.reviewers_split": 1,
        "grants.targets_met": 1,
        "ballots.last_round": 1,
        "ballots.last_round.per_thousand": 1,
        "ideas.acted_on": 1,
        "ideas.answered": 1,
        "results.completed": 1,
        "loops.closed": 1,
        "practices.days_to_adoption.p50": 1,
        "practices.days_to_adoption.p90": 1,
        "practices.taken_up": 1,
        "ideas.supporters": 1,
        "ideas.time_to_answer.p50": 1,
        "ideas.time_to_answer.p90": 1,
        "programs.satisfied": 1,
        "cost_leverage": 1,
        "impact.art_displays": 1,
        "impact.blocks_revitalised": 1,
        "impact.graffiti_removed": 1,
        "impact.litter_removed": 1,
        "impact.space_maintained": 1,
        "impact.space_repaired": 1,
        "impact.trees_planted": 1,
        "ladder.lead": 1,
        "ladder.steward": 1,
        "ladder.support": 1,
        "ladder.volunteer": 1,
        "participants": 1,
        "participants.per_thousand": 1,
        "reopen_rate": 1,
        "repeat_participants": 1,
        "return_90_days": 1,
        "trees_surviving.12_months": 1,
        "attendance.auto_checked_out": 1,
        "sessions.at_risk": 1,
        "sessions.filled": 1,
        "signups.cancelled_late": 1,
        "signups.follow_through": 1,
        "volunteer_hours": 1,
        "volunteer_hours.verified_share": 1,
        "volunteer_value.gbp": 1,
        "volunteer_value.usd": 1,
        "response_equity": 1,
        "sla.on_time": 1,
        "stewardship.check_ins_kept": 1,
        "stewardship.coverage": 1,
        "stewardship.lapse_rate": 1,
        "stewardship.priority_coverage": 1,
        "stewardship.readoption_days.p50": 1,
        "time_to_close.net.p50": 1,
        "time_to_close.net.p90": 1,
        "time_to_close.p50": 1,
        "time_to_close.p90": 1,
        "time_to_first_response.p50": 1,
        "time_to_first_response.p90": 1,
    }


@EACH
def test_a_definition_says_what_it_means(metric: Metric) -> None:
    assert re.fullmatch(NAME_PATTERN, metric.code)
    assert re.fullmatch(NAME_PATTERN, metric.unit)
    assert 0 <= metric.decimals <= 3
    assert metric.explanation.endswith(".")
    assert not metric.title.endswith(".")


@EACH
def test_it_asks_only_for_what_is_declared(metric: Metric) -> None:
    for ask in metric.asks(scope()).values():
        view = VIEWS[ask.view]
        declared = view.fields if isinstance(view, DocumentView) else view.dimensions
        named = {*ask.where, *ask.by}
        named |= (
            {ask.since, ask.until, *([ask.less] if ask.less else [])} if isinstance(ask, Spans) else set()
        )
        named |= {ask.of} if isinstance(ask, Distinct) else set()
        assert {name.split(".")[0] for name in named} <= {*declared}
        assert ask.where["city"] == "riverton"
        assert NEIGHBOURHOOD in declared or not metric.neighbourhoods


@EACH
def test_it_counts_documents_by_an_index(metric: Metric) -> None:
    """The first fields of some index are all asked for: the city, and the time where it has a window."""
    for ask in metric.asks(scope()).values():
        view = VIEWS[ask.view]
        if isinstance(view, DocumentView):
            timed = [name for name in ask.where if name.endswith("_at")] if metric.window != "stock" else []
            wanted = {"city", *timed[:1]}
            assert any({name for name, _ in index[: len(wanted)]} == wanted for index in view.indexes), (
                f"{metric.code}: {ask}"
            )


@EACH
@given(history=st.lists(EVENT, max_size=20))
@settings(max_examples=30, deadline=None)
def test_it_takes_any_history_and_fits_a_snapshot(metric: Metric, history: list[Event]) -> None:
    found = [number(metric.code, *history)]
    if metric.neighbourhoods:
        found += numbers(metric.code, *history).values()
    for one in found:
        told = (None if part is None else f"{part:f}" for part in (one.value, one.numerator, one.denominator))
        value, numerator, denominator = told
        MetricSnapshot(
            metric_code=metric.code,
            definition_version=metric.version,
            first_day="2026-04-01",
            last_day="2026-04-30",
            unit=metric.unit,
            value=value,
            numerator=numerator,
            denominator=denominator,
            suppressed=one.suppressed,
            completeness=one.completeness,
            as_of=(),
        )


def test_the_projections_of_a_number_are_those_of_the_views_it_asks() -> None:
    assert [one.name for one in projections_of([BY_CODE["sla.on_time"]], scope())] == ["requests"]
