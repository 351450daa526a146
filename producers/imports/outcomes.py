"""What becomes of the rows of a file: pure data between the readers of formats and the run."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from pydantic import ValidationError

from events.codec import Undecodable, encode
from events.envelope import Event, Payload
from events.registry import BY_PAYLOAD
from infra.mongo import Database
from infra.settings import Settings

_ID_BYTES: Final = 18


class ImportRefused(ValueError):
    """The file as a whole cannot be imported; nothing of it was published."""


@dataclass(frozen=True, slots=True)
class Preface:
    """Events that belong to the file and to none of its rows."""

    events: tuple[Event, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row (counted from 1) and its events, in the order in which they must stand in the log."""

    row: int
    events: tuple[Event, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that gives no event; `raw` is the row as the file has it, to be mended by hand."""

    row: int
    reason: str
    raw: Any


Outcome = Preface | Accepted | Rejected


@dataclass(frozen=True, slots=True)
class Mint:
    """Makes the events of one file: ids and pseudonyms are keyed, so that nobody can guess back.

    An id is derived from all that the event says, and from `updated` where the source gives it. The
    same row gives the same event, which counts once; a row that was changed gives another event,
    never a conflict.
    """

    key: bytes
    city: str
    system: str
    zone: tzinfo

    @property
    def source(self) -> str:
        """The CloudEvents `source`, as in `urn:townhall:krakow:pabulib`."""
        return f"urn:townhall:{self.city}:{self.system}"

    def participant(self, source_id: str) -> str:
        """The pseudonym of a person of this city; another city gives another one."""
        return self._keyed(f"participant|{self.city}|{source_id}")

    def event(
        self,
        subject: str,
        time: datetime,
        data: Payload,
        participant: str | None = None,
        updated: datetime | None = None,
        *,
        revision: int | None = None,
    ) -> Event:
        """One imported event; `updated` and `revision` tell it from an earlier one that says the same.

        Raises ValidationError or Undecodable where the contract refuses it.
        """
        type_ = BY_PAYLOAD[type(data)].type
        said = f"{type_}|{subject}|{time.astimezone(UTC).isoformat()}|{participant or ''}|"
        content = data.__pydantic_serializer__.to_json(data, exclude_none=True).decode()
        if updated is not None:
            content += f"|{updated.astimezone(UTC).isoformat()}"
        if revision is not None:
            content += f"|{revision}"
        event = Event(
            id=self._keyed(f"event|{self.source}|{said}{content}"),
            source=self.source,
            type=type_,
            subject=subject,
            time=time,
            city=self.city,
            data=data,
            participant=participant,
            origin="import",
        )
        encode(event)  # refused here it costs its own row; in the publisher it would end the whole import
        return event

    def _keyed(self, text: str) -> str:
        digest = hmac.digest(self.key, text.encode(), "sha256")
        return urlsafe_b64encode(digest[:_ID_BYTES]).decode()


Outcomes = Callable[[Mint], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read; `outcomes` maps its rows, lazily, once city and clock are known.

    `zone` is the time zone a new city gets when nobody names one; None when only a person can
    tell. `zone_note` says what is doubtful about it.
    """

    system: str
    city: str
    city_name: str
    country: str | None
    zone: str | None
    zone_note: str | None
    round_id: str | None
    rows: int | None
    outcomes: Outcomes
    against: Callable[[Database, Settings], Awaitable[Outcomes]] | None = None
    """Looks up what is known before anything is published; gives `outcomes` that compare with it."""


def why(error: ValidationError | Undecodable) -> str:
    """The reasons of a refusal, without the refused values: they may be personal."""
    if isinstance(error, Undecodable):
        return str(error)
    details = error.errors(include_url=False, include_context=False, include_input=False)
    parts = [f"{'.'.join(str(step) for step in item['loc'])}: {item['msg']}" for item in details[:5]]
    return "; ".join(part.removeprefix(": ") for part in parts)
