"""Service requests, the confirmation of their resolution, and feedback on programs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from events.checks import both_or_none
from events.envelope import Derived, Payload
from events.scalars import (
    Code,
    Count,
    Label,
    Latitude,
    Longitude,
    Name,
    Place,
    Ref,
    Subject,
    Timestamp,
    Url,
    Words,
)
from events.stages import ResolutionCode, Stage

Channel = Literal["web", "mobile", "phone", "sms", "email", "in_person", "other", "unknown"]


class ServiceRequestOpened(Payload):
    """Someone reported a problem to the city."""

    service_code: Code
    service_name: Label
    service_subtype: Label | None = None
    description: Words | None = None
    lat: Latitude | None = None
    long: Longitude | None = None
    address: Place | None = None
    neighbourhood_id: Code | None = None
    media_url: Annotated[tuple[Url, ...], Field(max_length=20)] = ()
    channel: Channel = "unknown"
    agency_responsible: Label | None = None
    requested_datetime: Timestamp
    expected_datetime: Timestamp | None = None
    anonymous: bool = False

    @model_validator(mode="after")
    def _a_point_has_two_coordinates(self) -> Self:
        both_or_none(lat=self.lat, long=self.long)
        return self


class ServiceRequestAcknowledged(Payload):
    """An agency took the request on."""

    agency_responsible: Label
    service_notice: Label | None = None
    expected_datetime: Timestamp | None = None


class ServiceRequestStageChanged(Payload):
    """The request moved; the city's own label is kept verbatim."""

    from_stage: Stage | None = None
    to_stage: Stage
    local_status: Label
    status_notes: Words | None = None
    actor_kind: Literal["agency", "reporter", "system"]


class ServiceRequestUpdatePosted(Payload):
    """Someone wrote about the request; the words stand behind `text_ref`."""

    text_ref: Ref
    author_kind: Literal["agency", "reporter", "other"]
    is_public: bool


class ServiceRequestMerged(Payload):
    """The request is a duplicate; its followers follow the original."""

    duplicate_of: Ref
    carried_followers: Count = 0


class ServiceRequestClosed(Payload):
    """The city considers the request done, and says how."""

    resolution_code: ResolutionCode
    status_notes: Words | None = None
    closed_datetime: Timestamp


class ServiceRequestReopened(Payload):
    """A closed request is open again; `rule` names what concluded so where nobody told it."""

    reason: Words
    by: Literal["reporter", "other", "agency"]
    rule: Name | None = None


class ServiceRequestOverdue(Payload):
    """The city expected to be done by now, and the request is open; told once for each such time.

    `sla_hours` are the whole hours from the report to that time, where the report is known.
    """

    expected_datetime: Timestamp
    sla_hours: Count | None = None


class ServiceRequestPromised(Derived):
    """What the service level in force promises for this request.

    `expected_datetime` counts like a time that the city names itself, and only until it does.
    """

    acknowledge_by: Timestamp | None = None
    expected_datetime: Timestamp | None = None


class ServiceRequestAcknowledgementOverdue(Derived):
    """The city promised an answer by now, and there is none; told once."""

    acknowledge_by: Timestamp


class ServiceRequestDuplicateJoined(Derived):
    """Another request was found to be a duplicate of this one, and follows it from here on."""

    request_id: Subject


class ServiceRequestOriginalProgressed(Derived):
    """The request of which this one is a duplicate was taken on, closed or reopened.

    Where that one is a duplicate itself, it passes on what it heard; `through` names whom it came through
    before, so that a circle of duplicates ends.
    """

    original_id: Subject
    through: Annotated[tuple[Subject, ...], Field(max_length=20)] = ()
    stage: Literal["acknowledged", "closed", "reopened"]
    resolution_code: ResolutionCode | None = None


class ResolutionConfirmed(Payload):
    """A participant looked: the problem is gone."""

    survey_id: Ref
    still_present: Literal[False] = False


class ResolutionDisputed(Payload):
    """A participant looked: the problem is still there."""

    survey_id: Ref
    still_present: Literal[True] = True


class ProgramFeedbackSubmitted(Payload):
    """A participant rated a program of the city; the words stand behind `text_ref`."""

    program_id: Code
    rating: Annotated[int, Field(ge=1, le=5)]
    themes: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    text_ref: Ref | None = None
