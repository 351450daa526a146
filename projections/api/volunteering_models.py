"""What the read API answers of opportunities, sessions and hours. Nobody who signed up or came is named."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from projections.api.models import Answer, AsOf, Next

SUPPRESSED = "null where it would tell about single persons"


class Role(Answer):
    """Something a volunteer can be, and what it asks."""

    role_id: str
    title: str | None = Field(description="null where the city hid the words")
    commitment: str | None
    min_age: int | None
    skills: list[str]
    requirements: list[str]
    accessibility: list[str]
    remote: bool


class Opportunity(Answer):
    """Something that a city or a group looks for volunteers for."""

    city: str
    id: str
    title: str | None = Field(description="null where it is not told yet, or the city hid the words")
    activity: str | None
    organisation: str | None
    group_id: str | None
    project_id: str | None
    neighbourhood_id: str | None
    status: Literal["announced", "published", "cancelled"]
    last_starts_at: datetime | None = Field(description="when its last session starts")
    published_at: datetime | None
    hidden: bool = Field(description="whether the city hid its words")


class Opportunities(Answer):
    """Opportunities of a city; those whose last session is latest stand first."""

    opportunities: list[Opportunity]
    next: Next
    as_of: AsOf


class Session(Answer):
    """A session and how full it is."""

    city: str
    id: str
    opportunity_id: str | None
    title: str | None = Field(description="of its opportunity; null where not known or hidden")
    role_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    place: str | None
    lat: float | None
    long: float | None
    remote: bool
    accessibility: list[str]
    min_age: int | None
    status: Literal["announced", "scheduled", "cancelled"]
    cancel_reason: str | None
    capacity: int | None = Field(description="places; null for no limit")
    signed_up: int = Field(description="sign-ups that have a place")
    places_left: int | None = Field(description="never below 0; null for no limit")
    waiting: int = Field(description="sign-ups on the waiting list")
    waiting_list: bool = Field(description="whether who comes too late can wait for a place")
    min_attendance: int | None
    at_risk: bool = Field(description="within 48 hours of the start fewer were expected than it needs")


class Sessions(Answer):
    """Sessions of a city that are not cancelled."""

    sessions: list[Session]
    next: Next
    as_of: AsOf


class SessionDetail(Session):
    """A session, and how many came."""

    came: int | None = Field(description=f"sign-ups whose volunteer came; {SUPPRESSED}")
    no_shows: int | None = Field(description=f"sign-ups whose volunteer did not come; {SUPPRESSED}")
    walk_ins: int | None = Field(description=f"volunteers who came without a sign-up; {SUPPRESSED}")
    as_of: AsOf


class OpportunityDetail(Opportunity):
    """An opportunity with what it asks, and its sessions still to come, the next first, at most 100."""

    description: str | None
    roles: list[Role]
    cancelled_at: datetime | None
    cancel_reason: str | None
    cancel_note: str | None
    sessions: list[Session]
    as_of: AsOf


class WorkOfMonth(Answer):
    """Volunteer time of a month of the work, on the city's own calendar."""

    month: str
    volunteers: int | None = Field(description=f"whose minutes these are, at most; {SUPPRESSED}")
    verified_minutes: int | None = Field(description=f"minutes that count; {SUPPRESSED}")


class WorkOfYear(Answer):
    """Volunteer time of a year of the work."""

    year: str
    volunteers: int | None = Field(description=f"whose minutes these are, at most; {SUPPRESSED}")
    verified_minutes: int | None = Field(description=f"minutes that count; {SUPPRESSED}")
    logged_minutes: int | None = Field(description=f"minutes logged, whatever became of them; {SUPPRESSED}")


class Hours(Answer):
    """Volunteer time of a city by year and by month of the work. Only verified minutes count."""

    city: str
    years: list[WorkOfYear]
    months: list[WorkOfMonth] = Field(description="of these years; those without any left out")
    as_of: AsOf
