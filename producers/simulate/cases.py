"""All that can be done about a service request: told and noted in one go."""

from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal

from events.envelope import Event
from events.stages import ResolutionCode, Stage
from events.types.requests import (
    ResolutionConfirmed,
    ResolutionDisputed,
    ServiceRequestAcknowledged,
    ServiceRequestClosed,
    ServiceRequestMerged,
    ServiceRequestOpened,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
    ServiceRequestUpdatePosted,
)
from events.types.service_levels import level_of
from producers.simulate import duplicates
from producers.simulate.levels import level
from producers.simulate.people import Person
from producers.simulate.reported import Change, Request
from producers.simulate.reporting import Reporter
from producers.simulate.services import SERVICES, Service
from producers.simulate.town import Town

HOUR: Final = timedelta(hours=1)
_CHANNELS: Final = ("mobile", "web", "phone", "sms", "email", "in_person")
_LABELS: Final[dict[Stage, str]] = {
    "investigating": "Under review",
    "scheduled": "In progress - The request has been scheduled.",
    "in_progress": "Crew on site",
    "on_hold": "Waiting for parts",
}


class Case:
    """One request: what is done about it is told and noted in one go."""

    def __init__(self, town: Town, id_: str, dice: Random) -> None:
        self.town = town
        self.dice = dice
        self.id = id_
        self.service = _service(town, dice)
        self.reporter: Person | None = None
        self.truth: Request

    def opened(self, found: datetime) -> None:
        """Somebody reports it."""
        town, dice = self.town, self.dice
        self.reporter = town.people.someone(dice, town.today)
        by = self.reporter.ref if self.reporter and dice.random() < 0.7 else None
        data = self._report(found, anonymous=by is None or dice.random() < 0.1)
        event = town.tell(self.id, data, by, at=found, lang="en" if data.description else None)
        hears = Reporter(town, self.id, by)
        self.truth = Request(town.id, self.id, data, by, hears, event.at, agency=data.agency_responsible)
        town.truth.kept(Request)[event.key] = self.truth
        self.truth.history.append(Change("submitted", None, "reporter", None, event))
        self.truth.hears.received(event.at, data.expected_datetime)
        self._expect(data.expected_datetime)
        if data.expected_datetime is None:
            self._ask(event.at)

    def _ask(self, at: datetime) -> None:
        """What the city promises for the service counts as long as it has named no time itself."""
        code, opened_at = self.service.code, self.truth.opening.requested_datetime
        self.town.follows(
            "service_level.asked",
            level_of(code),
            at,
            service_code=code,
            request_id=self.id,
            opened_at=opened_at,
        )
        known = level(self.town, code)
        known.asked += 1
        answer_by, expected = (opened_at + hours * HOUR if hours else None for hours in known.hours)
        if answer_by or expected:
            self.town.follows(
                "service_request.promised",
                self.id,
                at,
                acknowledge_by=answer_by,
                expected_datetime=expected,
            )
        if answer_by:
            self.truth.answer_by = answer_by
            self.town.once(answer_by, self._still_unanswered, answer_by)
        self._expect(expected)

    def _still_unanswered(self, by: datetime) -> None:
        if self.truth.first_response is None:
            self.town.follows("service_request.acknowledgement_overdue", self.id, by, acknowledge_by=by)
            self.truth.unanswered_at = by
            self.truth.noted(by)

    def _report(self, found: datetime, *, anonymous: bool) -> ServiceRequestOpened:
        town, dice = self.town, self.dice
        parts = town.place.neighbourhoods
        home = self.reporter.neighbourhood if self.reporter and dice.random() < 0.6 else None
        part = next((one for one in parts if one.id == home), None) or dice.choice(parts)
        seen = dice.random()
        return ServiceRequestOpened(
            service_code=self.service.code,
            service_name=self.service.name,
            description=self.service.words if seen < 0.8 else None,
            lat=round(part.lat + dice.uniform(-0.006, 0.006), 6) if seen < 0.9 else None,
            long=round(part.long + dice.uniform(-0.008, 0.008), 6) if seen < 0.9 else None,
            address=f"{dice.randint(1, 180)} {part.id.replace('-', ' ').title()} Road"
            if seen < 0.5
            else None,
            neighbourhood_id=part.id if seen < 0.97 else None,
            media_url=(f"https://pictures.example/{town.id}/{self.id}.jpg",) if seen < 0.2 else (),
            channel=dice.choices(_CHANNELS, (40, 28, 18, 4, 6, 4))[0],
            agency_responsible=self.service.agency if seen > 0.6 else None,
            requested_datetime=found,
            expected_datetime=self._deadline() if dice.random() < 0.15 else None,
            anonymous=anonymous,
        )

    def acknowledged(self, notice: str | None = None) -> None:
        """An agency takes it on and, mostly, names a time; with a notice that time is a later one."""
        expected = self._deadline() if notice or self.dice.random() < 0.6 else None
        said = notice or ("On our list." if self.dice.random() < 0.3 else None)
        data = ServiceRequestAcknowledged(
            agency_responsible=self.service.agency, service_notice=said, expected_datetime=expected
        )
        event = self.town.tell(self.id, data)
        self.truth.agency, self.truth.notice = self.service.agency, said or self.truth.notice
        before, self.truth.solved = self.truth.expected, False
        self._answered(event)
        self._changed(event, "acknowledged", "agency", said)
        self._expect(expected)
        self.truth.hears.taken_on(event.at, expected, before)
        duplicates.moved(self.town, self.truth, "acknowledged", None, event.at)

    def moved(self, stage: Stage) -> None:
        """It stands in another stage."""
        label = _LABELS[stage]
        data = ServiceRequestStageChanged(
            from_stage=self.truth.stage, to_stage=stage, local_status=label, actor_kind="agency"
        )
        event = self.town.tell(self.id, data)
        self.truth.solved = False
        self._answered(event)
        self._changed(event, stage, "agency", None, label)
        self.truth.hears.moved(event.at, stage)

    def update(self) -> None:
        """Somebody writes about it, not always for everyone."""
        kind: Literal["agency", "reporter"] = "agency" if self.dice.random() < 0.6 else "reporter"
        public = self.dice.random() < 0.8
        number = self.truth.updates = self.truth.updates + 1
        data = ServiceRequestUpdatePosted(
            text_ref=f"text-{self.id}-{number}", author_kind=kind, is_public=public
        )
        event = self.town.tell(self.id, data, self.truth.reporter if kind == "reporter" else None)
        self._noted(event)
        if kind == "agency" and public:
            self._answered(event)
            self.truth.hears.written_to(event.at)

    def seen_before(self) -> Request | None:
        """A request of the same kind, reported not long ago: mostly open and in the same part of town.

        At times it is one that was joined with another one itself, or that is closed already.
        """
        mine, chance = self.truth.opening, self.dice.random()
        same = [
            one
            for one in reversed(list(self.town.truth.kept(Request).values())[-400:])
            if one.city == self.town.id and one.id != self.id
            if one.opening.service_code == mine.service_code
        ]
        if chance < 0.3:
            return next((one for one in same if one.duplicate_of is not None), None)
        near = (one for one in same if one.opening.neighbourhood_id == mine.neighbourhood_id)
        return next((one for one in near if one.open or chance < 0.6), None)

    def merged(self, original: Request) -> None:
        """It is the same as another one."""
        followers = self.dice.choice([0, 1, 1, 3])
        data = ServiceRequestMerged(duplicate_of=original.id, carried_followers=followers)
        self.town.after("service_request.closed", original.id)
        event = self.town.tell(self.id, data)
        self._noted(event)
        self.truth.duplicate_of, self.truth.followers = original.id, followers
        self.truth.hears.joined(event.at)
        duplicates.joined(self.town, self.truth, original, event.at)

    def closed(self, code: ResolutionCode, done: datetime | None = None) -> None:
        """The city says that it is done, perhaps some hours after it was."""
        notes = "Done." if self.dice.random() < 0.5 else None
        at = done or self.town.now
        data = ServiceRequestClosed(resolution_code=code, status_notes=notes, closed_datetime=at)
        event = self.town.tell(self.id, data, at=at)
        self._answered(event)
        self._changed(event, "closed", "agency", notes)
        self.truth.resolution, self.truth.closed_at = code, event.at
        self.truth.solved = self.truth.solved or code != "duplicate"
        self.truth.hears.closed(event.at, code)
        duplicates.moved(self.town, self.truth, "closed", code, event.at)

    def confirmed(self) -> None:
        """Whoever looked found it gone."""
        self._noted(self.town.tell(self.id, ResolutionConfirmed(survey_id=self._survey()), self._asked()))
        self.truth.confirmed += 1

    def disputed(self) -> None:
        """Whoever looked found it still there: what the city said was done is open again."""
        neighbour = self.town.people.someone(self.dice, self.town.today) if self.dice.random() < 0.2 else None
        who = neighbour.ref if neighbour else self._asked()
        event = self.town.tell(self.id, ResolutionDisputed(survey_id=self._survey()), who)
        self._noted(event)
        self.truth.disputed += 1
        if self.truth.solved and not self.truth.open:
            by = "reporter" if who in (None, self.truth.reporter) else "other"
            reason = "Somebody looked, and it is still there."
            self.town.follows("service_request.reopened", self.id, event.at, reason=reason, by=by)
            self._open_again(event, by, reason, by_rule=True)

    def reopened(self, by: Literal["reporter", "agency"]) -> None:
        """It begins anew."""
        reason = "It is as it was before."
        who = self.truth.reporter if by == "reporter" else None
        event = self.town.tell(self.id, ServiceRequestReopened(reason=reason, by=by), who)
        self._open_again(event, by, reason)

    def _open_again(self, event: Event, by: str, reason: str, *, by_rule: bool = False) -> None:
        self._changed(event, "reopened", by, reason, by_rule=by_rule)
        self.truth.resolution = self.truth.closed_at = None
        self.truth.reopened += 1
        self.truth.solved = False
        self.truth.hears.reopened(event.at)
        duplicates.moved(self.town, self.truth, "reopened", None, event.at)

    def _survey(self) -> str:
        return f"survey-{self.id}-{self.truth.confirmed + self.truth.disputed + 1}"

    def _asked(self) -> str | None:
        return self.truth.reporter

    def _deadline(self) -> datetime:
        """At five in the afternoon of a working day that lies ahead."""
        clock, days = self.town.clock, max(1, self.service.days + self.dice.randint(-1, 3))
        return clock.at(clock.working_day(clock.day(self.town.now), days), 17)

    def _expect(self, expected: datetime | None) -> None:
        if expected is not None and expected != self.truth.expected:
            self.truth.expected = expected
            self.town.once(expected, self._held, expected)

    def _held(self, expected: datetime) -> None:
        """At the time that the city named: whether it is done, and whether that time still holds.

        A time that was named, given up and named again is told once.
        """
        told = expected in self.truth.overdue
        if self.truth.open and self.truth.expected == expected and not told:
            hours = (expected - self.truth.opening.requested_datetime) // HOUR
            self.town.follows(
                "service_request.overdue",
                self.id,
                expected,
                expected_datetime=expected,
                sla_hours=hours,
            )
            self.truth.overdue.append(expected)
            self.truth.noted(expected)
            self.truth.hears.late(expected, expected)

    def _answered(self, event: Event) -> None:
        first = self.truth.first_response
        self.truth.first_response = event.at if first is None else min(first, event.at)

    def _changed(
        self,
        event: Event,
        stage: Stage,
        by: str,
        notes: str | None,
        label: str | None = None,
        *,
        by_rule: bool = False,
    ) -> None:
        self._noted(event)
        if label is not None or stage != self.truth.stage:
            self.truth.label = label
        self.truth.stage = stage
        self.truth.history.append(Change(stage, label, by, notes, event, by_rule))

    def _noted(self, event: Event) -> None:
        self.truth.noted(event.at)


def _service(town: Town, dice: Random) -> Service:
    warm = town.clock.season(town.today) >= 1
    return dice.choices(SERVICES, [one.summer if warm else one.winter for one in SERVICES])[0]
