"""Moderation: what some thought should not stand, and what the city made of it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final, Literal

from events.envelope import Event
from events.types.moderation import ContentFlagged, ContentModerated
from producers.simulate.agenda import Life
from producers.simulate.ideas import Idea
from producers.simulate.reported import Request
from producers.simulate.town import Town

PER_DAY: Final = 0.08
_REASONS: Final = ("insult", "advertising", "names_a_person")
Action = Literal["hide", "restore", "redact"]


@dataclass
class Content:
    """What is so of one piece of content."""

    city: str
    kind: str
    id: str
    flags: int = 0
    hidden: bool = False
    redacted: bool = False
    changes: list[tuple[str, str, Event]] = field(default_factory=list)
    """`flagged` or the action, the reason, and the event."""


def begin(town: Town, day: date) -> None:
    """What is flagged today, an idea or a request."""
    dice = town.dice("moderation", day)
    for number in range(town.often(PER_DAY, dice)):
        if (found := _found(town, dice)) is not None:
            own = town.dice("moderated", day, number)
            town.begin(_life(town, *found, own), town.clock.waking(day, dice))


def _found(town: Town, dice: Random) -> tuple[str, str] | None:
    """Of the things told in the last weeks one, of a kind and id."""
    since = town.now - timedelta(days=21)
    ideas = [
        ("idea", one.id)
        for one in town.truth.kept(Idea).values()
        if one.city == town.id and one.submitted_at > since
    ]
    requests = [
        ("service_request", one.id)
        for one in town.truth.kept(Request).values()
        if one.city == town.id and one.opening.requested_datetime > since
    ]
    return dice.choice(dice.choice([ideas or requests, requests or ideas]) or [None])


def _life(town: Town, kind: str, id_: str, dice: Random) -> Life:
    content = town.truth.kept(Content).setdefault(town.key(f"{kind}:{id_}"), Content(town.id, kind, id_))
    for _ in range(dice.choice([1, 1, 2, 4])):
        _flagged(town, content, dice)
        yield town.now + timedelta(minutes=dice.randint(5, 600), milliseconds=dice.randint(1, 999))
    if dice.random() < 0.8:
        yield town.clock.working(town.now, dice.choice([0, 0, 1, 2]), dice)
        _moderated(town, content, dice.choice(["hide", "redact"]), dice.choice(_REASONS))
        if dice.random() < 0.3:
            yield town.clock.working(town.now, dice.randint(1, 9), dice)
            _moderated(town, content, "restore", "no_breach")


def _flagged(town: Town, content: Content, dice: Random) -> None:
    person = town.people.someone(dice, town.today)
    content.flags += 1
    data = ContentFlagged(
        content_kind=content.kind,
        content_id=content.id,
        reason=dice.choice(_REASONS),
        text_ref=f"text-flag-{content.id}-{content.flags}" if dice.random() < 0.4 else None,
    )
    event = town.tell(f"{content.kind}:{content.id}", data, person.ref if person else None)
    content.changes.append(("flagged", data.reason, event))


def _moderated(town: Town, content: Content, action: Action, reason: str) -> None:
    data = ContentModerated(content_kind=content.kind, content_id=content.id, action=action, reason=reason)
    event = town.tell(f"{content.kind}:{content.id}", data)
    content.changes.append((action, reason, event))
    if action == "redact":
        content.redacted = True
    else:
        content.hidden = action == "hide"
