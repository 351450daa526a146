"""From what an app claims to an event: the city, the source and the clock are decided here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

from events.codec import MAX_EVENT_BYTES, FieldError, Undecodable, build, encode, fingerprint
from events.envelope import Derived, Event
from events.scalars import FIRST_YEAR, LAST_YEAR
from infra.keys import ApiKey
from infra.problems import ProblemError
from producers.http.bodies import Item

_STATUS: Final = {"not_json": 400, "too_large": 413}
_MAY_GROW: Final = MAX_EVENT_BYTES // 2
"""Data larger than this are measured as they will be stored: `1` is written `1.0` where a float belongs."""
_MINUTE: Final = timedelta(minutes=1)
_AHEAD: Final = timedelta(days=1)
"""How far a client's clock may be ahead: what has not happened is no event."""
_NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a key and the clock of its city."""

    key: ApiKey
    zone: ZoneInfo


def judge(
    items: Iterable[Item | Undecodable], sender: Sender, now: datetime
) -> Iterator[Event | ProblemError]:
    """A verdict per item, in order."""
    seen: dict[tuple[str, str], Event] = {}
    for item in items:
        try:
            event = _admit(item, sender, now)
            first = seen.setdefault((event.source, event.id), event)
            if first is not event:
                _must_say_the_same(first, event)
            verdict: Event | ProblemError = event
        except Undecodable as error:
            verdict = refused(error)
        except ProblemError as problem:
            verdict = problem
        yield verdict


def refused(error: Undecodable) -> ProblemError:
    """The problem that tells a client what is wrong with its event."""
    detail = (
        "This is no event of the contract. It was not stored. Mend what `errors` names and send it again."
    )
    return ProblemError(_STATUS.get(error.reason, 422), error.reason, detail, errors=error.errors)


def _admit(item: Item | Undecodable, sender: Sender, now: datetime) -> Event:
    if isinstance(item, Undecodable):
        raise item
    attributes = _claims(item.attributes, sender.key)
    attributes["recordedtime"] = now
    event = build(attributes, item.data, edge=True).event
    if isinstance(event.data, Derived):
        raise _forbidden("type", "events of this type follow from others by a rule; nobody else tells them")
    if event.time > now + _AHEAD:
        raise Undecodable("bad_envelope", [FieldError("/time", "lies more than a day in the future")])
    event = event.model_copy(update={"time": _on_the_citys_clock(event.time, sender.zone)})
    if len(item.data) > _MAY_GROW and (size := len(encode(event).value)) > MAX_EVENT_BYTES:
        detail = f"{size} bytes as they would be stored; the most is {MAX_EVENT_BYTES}"
        raise Undecodable("too_large", [FieldError("/data", detail)])
    return event


def _claims(raw: dict[str, Any], key: ApiKey) -> dict[str, Any]:
    """The attributes with the key's city and source; null is the same as absent (CloudEvents JSON)."""
    attributes = {name: value for name, value in raw.items() if value is not None}
    wrong = [name for name, value in attributes.items() if type(value) is not str]
    if wrong:
        errors = [FieldError(f"/{_escaped(name)}", "must be a text") for name in wrong[:20]]
        raise Undecodable("bad_envelope", errors)
    if attributes.setdefault("city", key.city) != key.city:
        raise _forbidden("city", f"this key speaks for {key.city} only; leave the attribute out")
    source = attributes.setdefault("source", key.source)
    if source != key.source and not source.startswith((f"{key.source}:", f"{key.source}/")):
        raise _forbidden("source", f"this key's source is {key.source}, alone or followed by : or / and more")
    return attributes


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")


def _forbidden(attribute: str, detail: str) -> ProblemError:
    return ProblemError(
        403,
        f"wrong_{attribute}",
        "This key may not publish this event. It was not stored.",
        errors=[FieldError(f"/{attribute}", detail)],
    )


def _on_the_citys_clock(time: datetime, zone: ZoneInfo) -> datetime:
    """The same moment with the city's offset of that moment, as a plain offset.

    Plain, because a time with a zone that falls into a repeated hour equals no other (PEP 495);
    whole minutes, because clocks before standard time had offsets that no RFC 3339 time can say.
    """
    offset = time.astimezone(zone).utcoffset()
    local = time.astimezone(timezone(_MINUTE * round((offset or _NONE) / _MINUTE)))
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        detail = f"on the city's clock the year must lie between {FIRST_YEAR} and {LAST_YEAR}"
        raise Undecodable("bad_envelope", [FieldError("/time", detail)])
    return local


def _must_say_the_same(first: Event, again: Event) -> None:
    """The same id twice in one batch: the same content counts once, other content is a conflict."""
    if fingerprint(first, encode(first).value) != fingerprint(again, encode(again).value):
        raise ProblemError(
            409,
            "conflict",
            "An event with this id and other content stands earlier in the batch. This one was not stored. "
            "Give each event an id of its own.",
            errors=[FieldError("/id", "used twice for different content")],
        )
