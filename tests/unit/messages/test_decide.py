"""Who is told, by which channel and when."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from consumers.messages.decide import Person, Reason, Send, Suppress, after_quiet, decide, next_digest
from consumers.messages.templates import Template

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 4, 1, 16, tzinfo=UTC)  # a Wednesday, in New York at 12
NIGHT = datetime(2026, 4, 2, 3, tzinfo=UTC)  # 23 o'clock there
RECEIPT = Template("receipt", "idea", "receipt", "at_once", None)
NEWS = Template("news", "idea", "progress", "any_day", "updates")
REMINDER = Template("reminder", "session", "reminder", "by_day", "reminders")


def person(*consents: str, erased: bool = False, reachable: bool = True) -> Person:
    return Person(NEW_YORK, "email" if reachable else None, consents=frozenset(consents), erased=erased)


@pytest.mark.parametrize(
    ("who", "template", "why"),
    [
        (person(), NEWS, "no_consent"),
        (person("reminders"), NEWS, "no_consent"),
        (person("updates", erased=True), NEWS, "erased"),
        (person(erased=True), RECEIPT, "erased"),
        (person("updates", reachable=False), NEWS, "no_contact"),
        (person(reachable=False), RECEIPT, "no_contact"),
    ],
)
def test_nobody_is_told_against_their_will_or_out_of_reach(
    who: Person, template: Template, why: Reason
) -> None:
    assert decide(template, {}, who, NOON) == Suppress(why)


def test_what_somebody_did_this_minute_is_answered_at_any_hour() -> None:
    assert decide(RECEIPT, {}, person(), NIGHT) == Send("email", NIGHT)


def test_what_can_wait_waits_while_they_sleep() -> None:
    morning = datetime(2026, 4, 2, 12, tzinfo=UTC)
    assert decide(NEWS, {}, person("updates"), NOON) == Send("email", NOON)
    assert decide(NEWS, {}, person("updates"), NIGHT) == Send("email", morning)
    assert decide(REMINDER, {}, person("reminders"), NIGHT) == Send("email", morning)


def test_a_digest_takes_what_can_wait_any_day_and_nothing_else() -> None:
    monday = datetime(2026, 4, 6, 13, tzinfo=UTC)
    who = person("updates", "reminders", "weekly_digest")
    assert decide(NEWS, {}, who, NOON) == Send("email", monday, digest=True)
    assert decide(REMINDER, {}, who, NOON) == Send("email", NOON)
    assert decide(RECEIPT, {}, who, NOON) == Send("email", NOON)


def test_who_gave_no_name_finds_it_where_the_code_leads() -> None:
    assert decide(NEWS, {}, None, NIGHT) == Send("in_app", NIGHT)


def test_a_reminder_of_what_is_over_is_not_sent() -> None:
    fields = {"until_at": "2026-04-01T16:00:00+00:00"}
    assert decide(REMINDER, fields, person("reminders"), NOON) == Suppress("outdated")
    assert decide(REMINDER, fields, None, NOON) == Suppress("outdated")
    before = datetime(2026, 4, 1, 15, 59, tzinfo=UTC)
    assert decide(REMINDER, fields, person("reminders"), before) == Send("email", before)


@pytest.mark.parametrize(
    ("at", "quiet", "then"),
    [
        ("2026-04-01T20:59", ("21:00", "08:00"), "2026-04-01T20:59"),
        ("2026-04-01T21:00", ("21:00", "08:00"), "2026-04-02T08:00"),
        ("2026-04-02T07:59", ("21:00", "08:00"), "2026-04-02T08:00"),
        ("2026-04-02T08:00", ("21:00", "08:00"), "2026-04-02T08:00"),
        ("2026-04-01T13:30", ("13:00", "15:00"), "2026-04-01T15:00"),
        ("2026-04-01T15:00", ("13:00", "15:00"), "2026-04-01T15:00"),
        ("2026-04-01T03:00", ("08:00", "08:00"), "2026-04-01T03:00"),
        # The clock is put forward: at 3:00 it is quiet still, at 8:00 no longer.
        ("2026-03-08T03:30", ("21:00", "08:00"), "2026-03-08T08:00"),
        # Quiet until an hour that does not exist: the same moment by the clock before.
        ("2026-03-08T01:30", ("21:00", "02:30"), "2026-03-08T03:30"),
    ],
)
def test_quiet_hours_go_by_their_own_clock(at: str, quiet: tuple[str, str], then: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=NEW_YORK).astimezone(UTC)
    start, end = map(time.fromisoformat, quiet)
    found = after_quiet(moment, NEW_YORK, (start, end))
    assert found.astimezone(NEW_YORK).isoformat()[:16] == then
    assert found.tzinfo is UTC
    assert found >= moment


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-04-06T08:59", "2026-04-06T09:00"),
        ("2026-04-06T09:00", "2026-04-13T09:00"),
        ("2026-04-12T23:00", "2026-04-13T09:00"),
        ("2026-03-07T12:00", "2026-03-09T09:00"),
    ],
)
def test_a_digest_comes_on_monday_morning(at: str, then: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=NEW_YORK).astimezone(UTC)
    assert next_digest(moment, NEW_YORK).astimezone(NEW_YORK).isoformat()[:16] == then
