"""What `/v1/webhooks` takes and answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from consumers.webhooks.addresses import MAX_URL
from consumers.webhooks.deliveries import Status
from consumers.webhooks.dial import Outcome
from consumers.webhooks.endpoints import MOST_TYPES

Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URL),
    Field(description="https, at port 443 or 8443 of a host of the internet"),
]
Types = Annotated[
    list[Annotated[str, StringConstraints(max_length=100)]],
    Field(
        min_length=1, max_length=MOST_TYPES, description="`idea.submitted`, a family like `ideas`, or `all`"
    ),
]


class Asked(BaseModel):
    """An endpoint that is to be made."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    types: Types


class Change(BaseModel):
    """What is to be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    types: Types | None = None
    enabled: bool | None = None


class Period(BaseModel):
    """A time by when deliveries were written."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime
    until: AwareDatetime


class EndpointShown(BaseModel):
    """One endpoint."""

    id: str
    city: str
    url: str
    types: list[str]
    enabled: bool
    disabled_because: Literal["by_hand", "gone", "failing"] | None = Field(
        description="`gone`: the receiver said 410; `failing`: every attempt of five days has failed"
    )
    created_at: datetime
    failing_since: datetime | None = Field(
        description="when the first attempt failed after the last good one"
    )
    paused_until: datetime | None = Field(description="the receiver asked for time")
    pending: int = Field(default=0, description="deliveries that wait for an attempt")
    exhausted: int = Field(default=0, description="deliveries that all attempts have failed for")


class Made(EndpointShown):
    """A new endpoint."""

    secret: str = Field(description="`whsec_...`, shown only now: what the receiver verifies signatures with")


class Listed(BaseModel):
    """All endpoints of a city, the oldest first."""

    items: list[EndpointShown]


class Secret(BaseModel):
    """A new secret."""

    secret: str = Field(description="shown only now")


class Sent(BaseModel):
    """A message on its way."""

    id: str = Field(description="its `webhook-id`")


class Replayed(BaseModel):
    """How many are on their way again."""

    deliveries: int


class Attempt(BaseModel):
    """One attempt."""

    at: datetime
    ms: int | None = Field(default=None, description="null: under way, or its sender died")
    outcome: Outcome | None = None
    status: int | None = Field(default=None, description="the HTTP status, where there was one")


class DeliveryShown(BaseModel):
    """One delivery with its last attempts."""

    id: str = Field(description="its `webhook-id`")
    type: str
    at: datetime = Field(description="when it was written")
    status: Status
    next_at: datetime | None
    attempts: int
    tried: list[Attempt]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """A row as it is shown."""
        shown = {name: row[name] for name in cls.model_fields if name != "id"}
        return cls(id=row["message"], **shown)


class Log(BaseModel):
    """Deliveries, the latest first."""

    items: list[DeliveryShown]
    next: str | None = Field(description="`after` of the next page; null at the end")
