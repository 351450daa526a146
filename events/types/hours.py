"""Volunteer hours. One entry is one aggregate: one person's time on one day, at a session or not."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from events.checks import exactly_one
from events.envelope import Payload
from events.scalars import Code, Day, Name, Pseudonym, Ref, Words

Minutes = Annotated[int, Field(ge=1, le=1440)]


class HoursLogged(Payload):
    """Time given to the city on one day. It counts once it is verified."""

    minutes: Minutes
    worked_on: Day
    source: Literal["check_in", "manual", "self", "import"]
    auto_checked_out: bool = False
    session_id: Ref | None = None
    attendance_id: Ref | None = None
    opportunity_id: Ref | None = None
    project_id: Ref | None = None
    group_id: Ref | None = None
    asset_id: Ref | None = None
    neighbourhood_id: Code | None = None

    @model_validator(mode="after")
    def _a_check_in_names_its_attendance(self) -> Self:
        attended = self.session_id is not None and self.attendance_id is not None
        if self.source == "check_in" and not attended:
            msg = "source: hours from a check-in name session_id and attendance_id"
            raise ValueError(msg)
        if self.auto_checked_out and self.source != "check_in":
            msg = "auto_checked_out: only hours from a check-in can be"
            raise ValueError(msg)
        return self


class HoursVerified(Payload):
    """So many minutes of the entry count, by someone's word or by a rule; verified again, the last counts.

    A rule does not outweigh someone's word, whether that verified the entry or rejected it.
    """

    minutes: Minutes
    verifier_ref: Pseudonym | None = None
    rule: Name | None = None

    @model_validator(mode="after")
    def _someone_answers_for_it(self) -> Self:
        exactly_one(verifier_ref=self.verifier_ref, rule=self.rule)
        return self


class HoursRejected(Payload):
    """The entry does not count."""

    verifier_ref: Pseudonym
    reason: Name
    note: Words | None = None
