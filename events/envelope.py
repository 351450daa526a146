"""The CloudEvents 1.0 envelope in townhall's profile: one event, valid by construction."""

from datetime import UTC, datetime
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, SerializeAsAny, model_validator

from events.scalars import City, EventId, Lang, LocalTime, Name, Pseudonym, Subject, Timestamp

PREFIX = "org.citiesofservice."
"""Reverse-DNS owner of every type: the coalition whose cities define what the events mean."""

DERIVED = "follow-ups"
"""The app that the `source` of derived events names, as in `urn:townhall:new-york:follow-ups`."""

Origin = Literal["live", "import", "backfill", "correction"]
_Token = EventId


class Payload(BaseModel):
    """The data of one event type.

    Unknown fields are ignored here, for readers; the edge refuses them (`extra="forbid"` when
    it validates). Values are strict: a number is never read from a text.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)

    needs_participant: ClassVar[bool] = False

    def expected_subject(self, participant: str | None) -> str | None:  # noqa: ARG002
        """The subject these data demand; None when any id will do."""
        return None


class Derived(Payload):
    """A fact that a rule of ours concluded from other events; told once, it is an event like any other.

    `rule` is its permanent name, `causationid` the event that led to it. Where the fact was concluded from
    another aggregate, the data name that one: the subject is the aggregate that is told.
    """

    rule: Name


class Part(BaseModel):
    """An object inside the data of an event."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class Event(BaseModel):
    """One CloudEvent. Its identity is (`city`, `source`, `id`); its order is that of its `key`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: _Token
    source: _Token
    type: _Token
    subject: Subject
    time: LocalTime
    city: City
    data: SerializeAsAny[Payload]
    correlationid: _Token | None = None
    causationid: _Token | None = None
    recordedtime: Timestamp | None = None
    lang: Lang | None = None
    participant: Pseudonym | None = None
    origin: Origin = "live"
    traceparent: _Token | None = None
    tracestate: _Token | None = None

    @model_validator(mode="after")
    def _data_fit_the_envelope(self) -> Self:
        if self.data.needs_participant and self.participant is None:
            msg = "participant: this type needs the pseudonym of the person who acted"
            raise ValueError(msg)
        expected = self.data.expected_subject(self.participant)
        if expected is not None and expected != self.subject:
            msg = f"subject: these data belong to subject {expected!r}"
            raise ValueError(msg)
        return self

    @property
    def key(self) -> str:
        """The Kafka key, `city/aggregate id`: one aggregate, one key, total order."""
        return f"{self.city}/{self.subject}"

    @property
    def at(self) -> datetime:
        """When it happened, in UTC: the form in which documents store a time."""
        return self.time.astimezone(UTC)

    @property
    def day(self) -> str:
        """The day on the city's own calendar, `YYYY-MM-DD`: `time` carries the city's offset."""
        return self.time.date().isoformat()
