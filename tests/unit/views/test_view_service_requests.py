"""What dashboards learn about service requests."""

from projections.views.service_requests import BY_FLAG, BY_NEIGHBOURHOOD, BY_SERVICE, BY_STAGE, VIEW
from projections.views.timeline import HISTORY_KEPT
from tests.support.build import (
    acknowledged,
    acknowledgement_overdue,
    closed,
    confirmed,
    disputed,
    joined,
    merged,
    opened,
    original,
    promised,
    reopened,
    stage_changed,
    update_posted,
    when,
)
from tests.support.spec import given, tallied

EARLY, NOON, LATE = "2026-04-01T08:00:00-04:00", "2026-04-01T12:00:00-04:00", "2026-04-02T18:00:00-04:00"


def test_an_opened_request_stands_with_all_that_was_told() -> None:
    event = opened(
        "r7",
        at=NOON,
        description="Deep",
        lat=40.5,
        long=-74.25,
        neighbourhood_id="north",
        channel="mobile",
        media_url=("https://pictures.example/1.jpg",),
    )
    given(VIEW, event).then(
        {
            "city": "riverton",
            "request_id": "r7",
            "service_code": "pothole",
            "service_name": "Pothole",
            "service_subtype": None,
            "description": "Deep",
            "point": {"type": "Point", "coordinates": [-74.25, 40.5]},
            "address": None,
            "neighbourhood_id": "north",
            "channel": "mobile",
            "media": ["https://pictures.example/1.jpg"],
            "anonymous": False,
            "agency_responsible": None,
            "service_notice": None,
            "stage": "submitted",
            "status": "open",
            "local_status": None,
            "resolution_code": None,
            "opened_at": when(NOON),
            "acknowledged_at": None,
            "acknowledge_by": None,
            "acknowledgement_overdue_at": None,
            "expected_at": None,
            "closed_at": None,
            "updated_at": when(NOON),
            "overdue_at": None,
            "paused_seconds": 0,
            "paused_at": None,
            "results": [],
            "duplicate_of": None,
            "carried_followers": 0,
            "original_stage": None,
            "original_resolution": None,
            "duplicates": 0,
            "reopened": 0,
            "confirmed": 0,
            "disputed": 0,
            "updates": 0,
            "history": [
                {
                    "stage": "submitted",
                    "at": when(NOON),
                    "local_status": None,
                    "by": "reporter",
                    "notes": None,
                    "event_id": event.id,
                }
            ],
            "history_total": 1,
            "flags": [],
        }
    )


def test_the_whole_way_from_report_to_repair_is_kept() -> None:
    after = given(
        VIEW,
        opened(at=EARLY),
        acknowledged(at=NOON, agency_responsible="Roads", expected_datetime=when(LATE)),
        stage_changed(to="scheduled", label="Crew booked", status_notes="Thursday", at=NOON),
        closed(at=LATE, resolution_code="fixed"),
    )
    after.shows(
        stage="closed",
        status="closed",
        local_status=None,
        resolution_code="fixed",
        agency_responsible="Roads",
        acknowledged_at=when(NOON),
        expected_at=when(LATE),
        closed_at=when(LATE),
        updated_at=when(LATE),
        flags=[],
    )
    told = [(one["stage"], one["local_status"], one["by"]) for one in after.document["history"]]
    assert told == [
        ("submitted", None, "reporter"),
        ("acknowledged", None, "agency"),
        ("scheduled", "Crew booked", "agency"),
        ("closed", None, "agency"),
    ]


def test_a_request_closed_before_its_opening_is_told_is_filled_in_later_and_stays_closed() -> None:
    given(VIEW, closed(at=LATE)).shows(stage="closed", service_code=None, flags=["not_opened"])
    given(VIEW, closed(at=LATE), opened(at=EARLY)).shows(
        stage="closed", status="closed", service_code="pothole", opened_at=when(EARLY), flags=[]
    )


def test_the_log_decides_the_stage_and_not_the_time_of_the_event() -> None:
    after = given(
        VIEW,
        opened(at=EARLY),
        stage_changed(to="in_progress", label="Started", at=LATE),
        stage_changed(to="scheduled", label="Planned", at=NOON),
    )
    after.shows(stage="scheduled", local_status="Planned", updated_at=when(LATE), acknowledged_at=when(NOON))
    assert [one["at"] for one in after.document["history"]] == [when(EARLY), when(LATE), when(NOON)]


def test_only_what_the_agency_says_in_public_is_a_first_response() -> None:
    given(
        VIEW,
        opened(at=EARLY),
        update_posted(at=NOON, author_kind="reporter"),
        update_posted(at=NOON, author_kind="agency", is_public=False),
        stage_changed(to="referred", label="Routed", actor_kind="system", at=NOON),
    ).shows(acknowledged_at=None, updates=2)
    given(VIEW, opened(at=EARLY), update_posted(at=NOON, author_kind="agency")).shows(
        acknowledged_at=when(NOON)
    )


def test_a_reopened_request_is_open_and_no_longer_closed_at_any_time() -> None:
    given(VIEW, opened(at=EARLY), closed(at=NOON), disputed(at=NOON), reopened(at=LATE)).shows(
        stage="reopened",
        status="open",
        reopened=1,
        disputed=1,
        closed_at=None,
        resolution_code=None,
        flags=[],
    )


def test_reopened_by_a_local_label_counts_like_reopened_by_an_event() -> None:
    given(VIEW, opened(), closed(), stage_changed(to="reopened", label="Reopened")).shows(
        stage="reopened", reopened=1, closed_at=None
    )


def test_a_label_stays_as_long_as_its_stage_does() -> None:
    labelled = stage_changed(to="closed", label="Completed", at=NOON)
    given(VIEW, opened(at=EARLY), labelled, closed(at=LATE)).shows(
        local_status="Completed", closed_at=when(LATE)
    )
    given(VIEW, opened(at=EARLY), labelled).shows(closed_at=when(NOON), resolution_code=None)


def test_a_label_told_after_the_closing_does_not_move_its_time_or_resolution() -> None:
    told_late = stage_changed(to="closed", label="Completed", at=LATE)
    given(VIEW, opened(at=EARLY), closed(at=NOON), told_late).shows(
        closed_at=when(NOON), resolution_code="fixed", local_status="Completed"
    )


def test_what_was_promised_stands_until_another_promise_is_told() -> None:
    promised = opened(agency_responsible="Roads", expected_datetime=when(LATE))
    given(VIEW, promised, acknowledged(agency_responsible="Parks")).shows(
        agency_responsible="Parks", expected_at=when(LATE)
    )
    given(VIEW, acknowledged(agency_responsible="Parks"), opened(at=EARLY)).shows(agency_responsible="Parks")


def test_a_merge_names_the_original_and_closes_nothing() -> None:
    given(VIEW, opened(), merged(into="r2", followers=3)).shows(
        duplicate_of="r2", carried_followers=3, stage="submitted"
    )


def test_confirmations_and_disputes_are_counted() -> None:
    given(VIEW, opened(), closed(), confirmed(), confirmed(), disputed()).shows(confirmed=2, disputed=1)


def test_a_request_closed_before_it_was_opened_is_flagged_and_counted() -> None:
    history = [opened(at=LATE), closed(at=LATE, closed_on=EARLY)]
    given(VIEW, *history).shows(flags=["closed_before_opened"])
    assert tallied(BY_FLAG, *history) == {("riverton", "closed_before_opened"): {"count": 1}}


def test_a_closing_time_on_a_request_that_is_not_closed_is_flagged() -> None:
    given(VIEW, opened(), closed(), stage_changed(to="on_hold", label="Pending")).shows(
        stage="on_hold", closed_at=when("2026-04-01T09:30:00-04:00"), flags=["closed_at_but_open"]
    )


def test_history_is_bounded_and_says_how_much_there_was() -> None:
    moves = [stage_changed(to="in_progress", label=f"Step {n}") for n in range(HISTORY_KEPT + 5)]
    document = given(VIEW, opened(), *moves).document
    assert len(document["history"]) == HISTORY_KEPT
    assert document["history_total"] == HISTORY_KEPT + 6
    assert document["history"][-1]["local_status"] == f"Step {HISTORY_KEPT + 4}"


def test_dashboards_count_requests_by_stage_service_and_neighbourhood() -> None:
    history = [
        opened("r1", neighbourhood_id="north"),
        opened("r2"),
        opened("r3", service_code="graffiti"),
        closed("r1"),
        closed("r4"),
    ]
    assert tallied(BY_STAGE, *history) == {
        ("riverton", "closed"): {"count": 2},
        ("riverton", "submitted"): {"count": 2},
    }
    assert tallied(BY_SERVICE, *history) == {
        ("riverton", "pothole"): {"open": 1, "total": 2},
        ("riverton", "graffiti"): {"open": 1, "total": 1},
        ("riverton", ""): {"total": 1},
    }
    assert tallied(BY_NEIGHBOURHOOD, *history) == {
        ("riverton", "north"): {"total": 1},
        ("riverton", ""): {"open": 2, "total": 3},
    }


def test_what_the_service_level_promises_counts_until_the_city_names_a_time_itself() -> None:
    told = opened(at=EARLY), promised(by=NOON, done=LATE, at=EARLY)
    given(VIEW, *told).shows(acknowledge_by=when(NOON), expected_at=when(LATE))
    named = acknowledged(expected_datetime=when(NOON))
    given(VIEW, *told, named).shows(expected_at=when(NOON))
    given(VIEW, told[0], named, told[1]).shows(expected_at=when(NOON))


def test_an_answer_that_was_promised_and_is_late_is_shown() -> None:
    given(VIEW, opened(at=EARLY), acknowledgement_overdue(by=NOON)).shows(
        acknowledgement_overdue_at=when(NOON), acknowledged_at=None, stage="submitted"
    )


def test_a_request_shows_its_duplicates_and_a_duplicate_how_its_original_stands() -> None:
    given(VIEW, opened(), joined(duplicate="r2"), joined(duplicate="r3")).shows(duplicates=2)
    done = original(of="r1", stage="closed", resolution_code="fixed")
    given(VIEW, opened(), merged(into="r1"), done).shows(
        original_stage="closed", original_resolution="fixed", stage="submitted", closed_at=None
    )
    again = original(of="r1", stage="reopened")
    given(VIEW, opened(), merged(into="r1"), done, again).shows(
        original_stage="reopened", original_resolution=None
    )
