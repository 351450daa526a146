"""The registry, and what every read model in it must hold for any history at all."""

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from events.envelope import Event
from events.registry import EVENT_TYPES
from projections.core import DocumentTally, DocumentView
from projections.registry import BY_NAME, OWNER, PROJECTIONS, VIEWS
from tests.support import histories_results
from tests.support.histories import ANY_EVENT, BALLOT_EVENT, IDEA_EVENT, REQUEST_EVENT
from tests.support.histories_grants import APPLICATION_EVENT, AWARD_EVENT, GRANT_EVENT, REVIEW_EVENT
from tests.support.histories_impact import IMPACT_EVENT, PROJECT_EVENT
from tests.support.histories_messages import MESSAGE_EVENT, SNAPSHOT_EVENT
from tests.support.histories_participants import PARTICIPANT_EVENT
from tests.support.histories_stewardship import STEWARDSHIP_EVENT
from tests.support.histories_volunteering import HOURS_EVENT, OPPORTUNITY_EVENT, SESSION_EVENT
from tests.support.spec import assert_difference_rule, given

DOCUMENT_VIEWS = [view for one in PROJECTIONS for view in one.documents]
DOCUMENT_TALLIES = [tally for one in PROJECTIONS for tally in one.document_tallies]
KINDS = (
    *(REQUEST_EVENT, IDEA_EVENT, BALLOT_EVENT, ANY_EVENT),
    *(PROJECT_EVENT, IMPACT_EVENT, PARTICIPANT_EVENT, MESSAGE_EVENT, SNAPSHOT_EVENT, STEWARDSHIP_EVENT),
    *(APPLICATION_EVENT, REVIEW_EVENT, AWARD_EVENT, GRANT_EVENT),
    *(OPPORTUNITY_EVENT, SESSION_EVENT, HOURS_EVENT),
    *histories_results.KINDS,
)
# Most histories are about one kind of aggregate, or few of its events would ever meet.
HISTORIES = st.one_of(*(st.lists(kind, max_size=12) for kind in KINDS))


def test_names_of_views_and_groups_are_unique() -> None:
    names = [view.name for one in PROJECTIONS for view in (*one.documents, *one.tallies)]
    assert len(set(names)) == len(names) == len(VIEWS) == len(OWNER)
    assert len({one.group for one in PROJECTIONS}) == len(PROJECTIONS) == len(BY_NAME)


def test_stored_names_are_permanent() -> None:
    """Renaming one of these abandons a checkpoint and its collections: raise the version instead."""
    assert {one.group for one in PROJECTIONS} == {
        "townhall.requests.v3",
        "townhall.participation.v3",
        "townhall.impact.v1",
        "townhall.participants.v1",
        "townhall.followups.v2",
        "townhall.metrics.v1",
        "townhall.stewardship.v1",
        "townhall.volunteering.v1",
        "townhall.pulse.v2",
        "townhall.grants.v2",
        "townhall.results.v1",
        "townhall.groups.v1",
        "townhall.practices.v1",
        "townhall.moderation.v1",
    }
    assert set(VIEWS) == {
        "adoptions",
        "adoptions_by_state",
        "asset_coverage",
        "asset_needs",
        "asset_readoptions",
        "assets",
        "attendance",
        "attendance_by_day",
        "award_regrants",
        "awards",
        "ballot_rounds",
        "ballots",
        "followups",
        "followups_by_status",
        "grant_applications",
        "grant_applications_by_call",
        "grant_applications_by_neighbourhood",
        "grant_calls",
        "grant_instalments",
        "grant_reports",
        "grant_reviews",
        "grant_targets",
        "grants_awarded",
        "grants_disbursed",
        "grants_regranted",
        "group_members",
        "group_memberships",
        "groups",
        "groups_by_neighbourhood",
        "hours",
        "hours_by_cause",
        "hours_by_day",
        "idea_support",
        "idea_supports",
        "ideas",
        "ideas_by_day",
        "impact_by_month",
        "impact_by_thing",
        "impact_records",
        "ladder",
        "metric_snapshots",
        "moderated_content",
        "moderation_by_kind",
        "opportunities",
        "participants",
        "participants_by_neighbourhood",
        "participants_by_period",
        "participants_by_rung",
        "practice_adoption_days",
        "practice_diffusion",
        "practices",
        "problems",
        "program_feedback",
        "program_ratings",
        "projects",
        "pulse",
        "requests_by_flag",
        "requests_by_neighbourhood",
        "requests_by_service",
        "requests_by_stage",
        "result_progress",
        "results",
        "round_ballots",
        "service_levels",
        "service_requests",
        "session_attendance",
        "session_signups",
        "sessions",
        "sessions_by_day",
        "signups",
        "signups_by_day",
        "stewardship_by_month",
        "volunteer_attendance",
        "volunteer_hours",
        "volunteer_signups",
        "votes_by_project",
        "waitlist_entries",
    }


ALSO_READ_BY = {
    "adoption.started": "assets",
    "adoption.refused": "assets",
    "stewardship.checked_in": "assets",
    "adoption.lapsed": "assets",
    "adoption.released": "assets",
    "adoption.transferred": "assets",
    "adoption.waitlist_joined": "assets",
    "adoption.waitlist_left": "assets",
    "attendance.checked_in": "signups",
    "award.regranted": "awards",
}
"""Types that a second document needs: who has a thing is decided in the order of the thing's own events, who
came settles the sign-up, whose no-show it outweighs, and an award keeps when its money first went on."""


def test_every_event_type_reaches_one_document_of_a_projection_that_reads_its_topic() -> None:
    for entry in EVENT_TYPES:
        readers = [view.name for view in DOCUMENT_VIEWS if entry.type in view.handles]
        own = [view for view in readers if view != ALSO_READ_BY.get(entry.name)]
        assert len(own) == 1, f"{entry.name} reaches {readers}"
        assert entry.topic in OWNER[own[0]].topics


@pytest.mark.parametrize("view", DOCUMENT_VIEWS, ids=lambda view: view.name)
@for_any(history=HISTORIES)
@settings(max_examples=60, deadline=None)
def test_documents_take_any_history(view: DocumentView, history: list[Event]) -> None:
    """`given` holds the view to its rules: pure, storable, with exactly the fields it declares."""
    given(view, *history)


@pytest.mark.parametrize("tally", DOCUMENT_TALLIES, ids=lambda tally: tally.name)
@for_any(history=HISTORIES, seed=st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_tallies_are_exact_by_difference(tally: DocumentTally, history: list[Event], seed: int) -> None:
    assert_difference_rule(tally, history, seed)


@pytest.mark.parametrize("view", DOCUMENT_VIEWS, ids=lambda view: view.name)
def test_indexes_name_declared_fields(view: DocumentView) -> None:
    for index in view.indexes:
        for field, _ in index:
            assert field.split(".")[0] in {*view.fields, "_id"}, f"{view.name}: {field}"
