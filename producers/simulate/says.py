"""What each message is, said a second time: what it is about, what must be allowed, how long it can wait."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Waits = Literal["not", "till morning", "till Monday"]
"""`till Monday` holds for who asked for one message a week; for others it is the morning as well."""


class Says(NamedTuple):
    """One message."""

    about: str
    kind: str
    consent: str | None
    waits: Waits


_ANSWER: Final = (None, "not")
_CONCERNS: Final = (None, "till morning")
_REMINDS: Final = ("reminders", "till morning")
_PRESSING: Final = ("updates", "till morning")
_NEWS: Final = ("updates", "till Monday")
_ALL: Final[tuple[tuple[str, str, tuple[str | None, Waits], str], ...]] = (
    ("service_request", "receipt", _ANSWER, "request_received"),
    (
        "service_request",
        "progress",
        _NEWS,
        (
            "request_acknowledged request_expected request_moved request_update request_overdue "
            "request_joined request_reopened request_original_acknowledged request_original_reopened "
            "request_result_progressed"
        ),
    ),
    (
        "service_request",
        "outcome",
        _NEWS,
        "request_closed request_original_closed request_result_completed",
    ),
    ("program_feedback", "receipt", _ANSWER, "feedback_received"),
    ("problem", "receipt", _ANSWER, "problem_received"),
    ("problem", "progress", _NEWS, "problem_result_progressed"),
    ("problem", "outcome", _NEWS, "problem_result_completed"),
    ("idea", "receipt", _ANSWER, "idea_received"),
    (
        "idea",
        "progress",
        _NEWS,
        (
            "idea_answer_asked idea_looked_into idea_result_progressed supported_idea_answered "
            "supported_idea_result_progressed"
        ),
    ),
    ("idea", "outcome", _NEWS, "idea_answered idea_result_finished"),
    ("idea", "notice", _NEWS, "idea_withdrawn supported_idea_withdrawn"),
    ("group", "receipt", _ANSWER, "group_formed"),
    ("group", "notice", _NEWS, "group_member_joined group_led group_has_new_leader"),
    ("participant", "notice", _NEWS, "volunteer_milestone steward_milestone"),
    ("opportunity", "receipt", _ANSWER, "signup_confirmed signup_waiting"),
    ("opportunity", "notice", _CONCERNS, "signup_promoted signup_removed session_changed session_cancelled"),
    ("opportunity", "reminder", _REMINDS, "session_reminder"),
    ("opportunity", "notice", _PRESSING, "session_at_risk session_missed"),
    ("opportunity", "outcome", _NEWS, "session_thanks"),
    ("hours", "outcome", _NEWS, "hours_verified hours_rejected"),
    ("asset", "receipt", _ANSWER, "adoption_started adoption_refused adoption_given_back adoption_waiting"),
    (
        "asset",
        "notice",
        _CONCERNS,
        "adoption_transferred adoption_ended adoption_lapsed adoption_offered adoption_waiting_ended",
    ),
    ("asset", "reminder", _REMINDS, "check_in_due check_in_overdue"),
    ("application", "receipt", _ANSWER, "application_received application_withdrawn"),
    ("application", "notice", _CONCERNS, "application_question review_refused"),
    ("application", "outcome", _NEWS, "application_determined"),
    ("application", "notice", _PRESSING, "award_paid"),
    ("application", "reminder", _REMINDS, "report_due report_overdue"),
)


def _each() -> Iterator[tuple[str, Says]]:
    for about, kind, (consent, waits), names in _ALL:
        for name in names.split():
            yield name, Says(about, kind, consent, waits)


SAYS: Final = dict(_each())
