"""Whether somebody is told, by which channel and when. Pure: everything that is known is given.

Asked twice: when a notice is looked at first, and again at the moment of sending.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from consumers.messages.templates import Template

Reason = Literal["no_consent", "no_contact", "erased", "outdated"]
Channel = Literal["email", "push", "in_app"]
"""`push` is the city's own messenger, which we hand the message to; `in_app`: it can be read on our pages."""
DIGEST: Final = "weekly_digest"
"""Who allows this purpose gets on Mondays what can wait."""
QUIET: Final = (time(21), time(8))
DIGEST_AT: Final = time(9)
UNTIL: Final = "until_at"
"""The field that says from when on a message makes no sense."""


@dataclass(frozen=True)
class Person:
    """What is known of a recipient at this moment."""

    zone: ZoneInfo
    """The clock they live by."""
    channel: Channel | None = None
    """What reaches them."""
    email: str | None = None
    consents: frozenset[str] = frozenset()
    lang: str | None = None
    erased: bool = False
    quiet: tuple[time, time] = QUIET
    """From when to when nothing that can wait is sent."""


@dataclass(frozen=True)
class Suppress:
    """They are not told, and why."""

    reason: Reason


@dataclass(frozen=True)
class Send:
    """They are told by this channel, not before `at`; in a digest, or by itself."""

    channel: Channel
    at: datetime
    digest: bool = False


def decide(
    template: Template, fields: Mapping[str, str], person: Person | None, at: datetime
) -> Suppress | Send:
    """What is to be done about a message at this moment; `person` is None for who gave no name."""
    if UNTIL in fields and datetime.fromisoformat(fields[UNTIL]) <= at:
        return Suppress("outdated")
    if person is None:
        return Send("in_app", at)  # it waits where their tracking code leads
    if person.erased:
        return Suppress("erased")
    if template.purpose is not None and template.purpose not in person.consents:
        return Suppress("no_consent")
    return Suppress("no_contact") if person.channel is None else _send(template, person, person.channel, at)


def _send(template: Template, person: Person, channel: Channel, at: datetime) -> Send:
    if template.urgency == "at_once":
        return Send(channel, at)
    if template.urgency == "any_day" and DIGEST in person.consents:
        return Send(channel, next_digest(at, person.zone), digest=True)
    return Send(channel, after_quiet(at, person.zone, person.quiet))


def after_quiet(at: datetime, zone: ZoneInfo, quiet: tuple[time, time]) -> datetime:
    """The moment, or the end of the quiet hours that it falls into."""
    start, end = quiet
    here = at.astimezone(zone)
    clock = here.time()
    asleep = start <= clock < end if start <= end else clock >= start or clock < end
    if not asleep:
        return at
    day = here.date() + timedelta(days=int(clock >= end))
    return datetime.combine(day, end, zone).astimezone(at.tzinfo)


def next_digest(at: datetime, zone: ZoneInfo) -> datetime:
    """The next Monday morning of the recipient, after this moment."""
    here = at.astimezone(zone)
    monday = here.date() + timedelta(days=-here.weekday() % 7)
    when = datetime.combine(monday, DIGEST_AT, zone)
    if when <= here:
        when = datetime.combine(monday + timedelta(days=7), DIGEST_AT, zone)
    return when.astimezone(at.tzinfo)
