"""What volunteers learn about opportunities and their sessions."""

from projections.views.opportunities import SESSIONS_KEPT, VIEW
from tests.support.build import when
from tests.support.builders.volunteering import opportunity_cancelled, published, session_added
from tests.support.spec import given

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"
SATURDAY, SUNDAY = "2026-04-11T09:00:00-04:00", "2026-04-12T09:00:00-04:00"


def test_an_opportunity_stands_with_all_that_was_told() -> None:
    told = published(at=EARLY, description="Bring boots", group_id="friends", neighbourhood_id="north")
    given(VIEW, told).then(
        {
            "city": "riverton",
            "opportunity_id": "opp-1",
            "title": "Clean the bank",
            "description": "Bring boots",
            "activity": "cleanup",
            "organisation": None,
            "group_id": "friends",
            "project_id": None,
            "neighbourhood_id": "north",
            "roles": [
                {
                    "role_id": "crew",
                    "title": "Crew",
                    "commitment": None,
                    "min_age": None,
                    "skills": [],
                    "requirements": [],
                    "accessibility": [],
                    "remote": False,
                }
            ],
            "sessions": [],
            "last_starts_at": None,
            "listed_at": when(EARLY),
            "status": "published",
            "published_at": when(EARLY),
            "cancelled_at": None,
            "cancel_reason": None,
            "cancel_note": None,
            "updated_at": when(EARLY),
        }
    )


def test_published_again_the_last_words_count_since_the_first_time() -> None:
    after = given(VIEW, published(at=EARLY, project_id="p1"), published(at=LATE, title="Clean both banks"))
    after.shows(title="Clean both banks", project_id=None, published_at=when(EARLY), updated_at=when(LATE))


def test_sessions_stand_in_the_order_of_their_starts() -> None:
    after = given(
        VIEW, session_added(session="s2", starts_at=SUNDAY), session_added(session="s1", starts_at=SATURDAY)
    )
    after.shows(
        sessions=[
            {"session_id": "s1", "starts_at": when(SATURDAY)},
            {"session_id": "s2", "starts_at": when(SUNDAY)},
        ],
        last_starts_at=when(SUNDAY),
        listed_at=when(SUNDAY),
        status="announced",
    )


def test_a_session_with_another_start_takes_its_own_place() -> None:
    moved = given(VIEW, session_added(starts_at=SUNDAY), session_added(starts_at=SATURDAY))
    moved.shows(sessions=[{"session_id": "s1", "starts_at": when(SATURDAY)}], last_starts_at=when(SATURDAY))


def test_the_sessions_that_start_last_are_kept() -> None:
    many = [
        session_added(session=f"s{n}", starts_at=f"{2027 + n % 100}-0{1 + n // 100}-01T00:00:00Z")
        for n in range(SESSIONS_KEPT)
    ]
    document = given(VIEW, *many, session_added(session="old", starts_at=SATURDAY)).document
    assert len(document["sessions"]) == SESSIONS_KEPT
    assert "old" not in {one["session_id"] for one in document["sessions"]}


def test_a_cancellation_is_final() -> None:
    after = given(VIEW, opportunity_cancelled(at=LATE, note="Flood"), published(at=LATE))
    after.shows(status="cancelled", title="Clean the bank", cancel_reason="weather", cancel_note="Flood")
