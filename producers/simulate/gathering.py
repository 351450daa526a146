"""How a session comes about: its terms, who signs up, waits and gives up, and whether they are enough."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from events.envelope import Payload
from events.types.volunteering import (
    SessionCancelled,
    SessionChanged,
    SessionScheduled,
    SignupCancelled,
    SignupPromoted,
    SignupRegistered,
)
from producers.simulate.agenda import Life
from producers.simulate.attending import GRACE, HOUR, Attending
from producers.simulate.clock import moment_between
from producers.simulate.people import Person
from producers.simulate.sessions import Session, Signup
from producers.simulate.town import Town

AHEAD: Final = timedelta(hours=48)
DAY: Final = timedelta(days=1)
_COMES: Final = 0.8
"""The share of those with a place that a session counts on, however reliable they really are."""


class Gathering:
    """One session until it begins; what is done about it is told and noted in one go."""

    def __init__(self, town: Town, id_: str, terms: SessionScheduled, organiser: str | None) -> None:
        self.town = town
        self.dice = town.dice(id_)
        self.people: dict[str, Person] = {}
        event = town.tell(id_, terms, organiser)
        self.truth = Session(town.id, id_, terms, event.at, event.at, event.at, organiser)
        town.truth.kept(Session)[event.key] = self.truth
        self._day = Attending(town, self.truth, self.people)

    def begin(self) -> None:
        """From now on people sign up."""
        self._opens()
        self._arm()
        self.town.begin(self._signing_up(self.town.dice(self.truth.id, "signups")))
        fate = self.dice.random()
        if fate < 0.08:
            self.town.once(self._before(5, self.dice), self._grows)
        elif fate < 0.12:
            self.town.once(self._before(6, self.dice), self._postponed)
        elif fate < 0.3:
            self.town.once(self._before(self.dice.choice([0, 1]), self.dice), self._lets_in)
        elif fate < 0.35:
            self.town.once(self._before(self.dice.choice([1, 3]), self.dice), self.cancelled, "weather")
        elif fate < 0.4:
            self.town.once(self._before(self.dice.choice([0, 2, 4]), self.dice), self._elsewhere)

    def cancelled(self, reason: str) -> None:
        """It does not take place."""
        if self.truth.cancelled is None and self.town.now < self.truth.terms.starts_at:
            data = SessionCancelled(reason=reason)
            at = self.truth.cancelled_at = self._tell(data)
            self.truth.cancelled = data
            until, whom = self.truth.terms.ends_at, self.truth.standing
            self._hear(whom, "session_cancelled", at, reason=reason, until_at=until.isoformat())

    def _opens(self) -> None:
        """The opportunity learns of the session, and of its start."""
        terms, told_at = self.truth.terms, self.truth.last_told
        self.truth.terms_told_at = told_at
        self.town.follows(
            "opportunity.session_added",
            terms.opportunity_id,
            told_at,
            session_id=self.truth.id,
            starts_at=terms.starts_at,
        )

    def _arm(self) -> None:
        """What the clock brings with the start and the end as they are told now."""
        terms = self.truth.terms
        self.town.once(terms.starts_at - AHEAD, self._comes_up, terms.starts_at)
        self.town.once(terms.starts_at - DAY, self._is_tomorrow, terms.starts_at)
        self.town.once(terms.starts_at - HOUR / 2, self._day.people_set_out, terms.starts_at)
        self.town.once(terms.ends_at + GRACE, self._day.is_over, terms.starts_at)

    def _before(self, days: int, dice: Random) -> datetime:
        """A waking moment so many days before the start, an hour at least."""
        starts = self.truth.terms.starts_at
        moment = self.town.clock.waking(self.town.clock.day(starts) - timedelta(days=days), dice)
        return min(moment, starts - HOUR - moment_between(dice, HOUR))

    def _tell(self, data: Payload, by: str | None = None, at: datetime | None = None) -> datetime:
        told = self.town.tell(self.truth.id, data, by, at=at).at
        if isinstance(data, SessionScheduled | SessionChanged | SessionCancelled):
            self.truth.last_told = max(self.truth.last_told, told)
        return told

    def _hear(self, signups: Iterable[Signup], template: str, at: datetime, **fields: str) -> None:
        """These people must be told this, with the start, from which on most of it is no news."""
        starts = self.truth.terms.starts_at.isoformat()
        whom = [one.participant for one in signups]
        told = {"starts_at": starts, "until_at": starts, **fields}
        self.town.must_hear(whom, template, self.truth.terms.opportunity_id, at, **told)

    # Terms

    def _grows(self) -> None:
        """There is room for three more."""
        if self.truth.cancelled is None and self.truth.terms.capacity is not None:
            self._changed(capacity=self.truth.terms.capacity + 3)

    def _postponed(self) -> None:
        """It begins a day later."""
        if self.truth.cancelled is None:
            terms, day = self.truth.terms, timedelta(days=1)
            self._changed(starts_at=terms.starts_at + day, ends_at=terms.ends_at + day)
            self._must_hear_of_change("time")
            self._opens()
            self._arm()

    def _elsewhere(self) -> None:
        """It takes place where there is a roof."""
        if self.truth.cancelled is None:
            self._changed(place=f"{self.truth.terms.neighbourhood_id} school")
            self._must_hear_of_change("place")

    def _must_hear_of_change(self, what: str) -> None:
        ends = self.truth.terms.ends_at.isoformat()
        self._hear(self.truth.standing, "session_changed", self.truth.last_told, ends_at=ends, what=what)

    def _changed(self, **named: object) -> None:
        terms = SessionChanged(**{**dict(self.truth.terms), **named})
        self._tell(terms)
        self.truth.terms = terms
        self.truth.changes += 1
        self._reconsidered(self.truth.last_told)

    # Signing up

    def _signing_up(self, dice: Random) -> Life:
        """For as many as there are places, or a few more or less; the last of them hours before."""
        for days in sorted((self._days_before(dice) for _ in range(self._interest(dice))), reverse=True):
            moment = self._before(days, dice)
            if moment > self.town.now:
                yield moment
            if self.truth.cancelled is not None:
                return
            self._signs_up(dice)

    def _interest(self, dice: Random) -> int:
        return max(1, int((self.truth.terms.capacity or 12) * dice.uniform(0.5, 1.6)))

    def _days_before(self, dice: Random) -> int:
        return min(20, int(dice.expovariate(1 / 6)))

    def _signs_up(self, dice: Random) -> None:
        person = self.town.people.someone(dice, self.town.today, lambda one: one.ref not in self.people)
        full = self.truth.free == 0 or bool(self.truth.waiting)
        if person is None or (full and not self.truth.terms.waiting_list):
            return
        self.people[person.ref] = person
        id_ = f"signup-{len(self.truth.signups) + 1}"
        told = self._tell(SignupRegistered(signup_id=id_, waitlisted=full), person.ref)
        signup = Signup(id_, person.ref, told, full, last_told=told)
        self.truth.signups[id_] = signup
        if full:
            self._hear([signup], "signup_waiting", told, position=str(len(self.truth.waiting)))
        else:
            self._hear([signup], "signup_confirmed", told)
        self._reconsidered(told)
        if dice.random() < 0.14:
            last = self.truth.terms.starts_at - HOUR
            span = max(HOUR, last - self.town.now)
            moment = self.town.now + moment_between(dice, span)
            self.town.once(
                moment, self._gives_up, signup, "participant" if dice.random() < 0.9 else "organiser"
            )

    def _gives_up(self, signup: Signup, by: Literal["participant", "organiser"]) -> None:
        starts = self.truth.terms.starts_at
        if self.truth.cancelled is not None or self.town.now >= starts:
            return
        hours = (starts - self.town.now) // HOUR
        data = SignupCancelled(signup_id=signup.id, notice_hours=hours, by=by)
        signup.cancelled_at = signup.last_told = self._tell(data, signup.participant)
        signup.cancelled_by, signup.notice_hours = by, hours
        if by == "organiser":
            self._hear([signup], "signup_removed", signup.cancelled_at)
        self._reconsidered(signup.cancelled_at)

    def _reconsidered(self, at: datetime) -> None:
        """Whoever waits longest gets a place that is free; then whether those with a place are enough."""
        if self.town.now >= self.truth.terms.starts_at:
            return
        for signup in self.truth.waiting[: self.truth.free]:
            self.town.follows("signup.promoted", self.truth.id, at, signup.participant, signup_id=signup.id)
            self._hear([signup], "signup_promoted", at)
            signup.promoted_at = signup.last_told = at
            signup.promoted_by = "rule"
        self._at_risk(at)

    def _lets_in(self) -> None:
        """The organiser finds a place for the one who came last, although there is none."""
        if self.truth.cancelled is None and self.truth.waiting:
            signup = self.truth.waiting[-1]
            at = self._tell(SignupPromoted(signup_id=signup.id), signup.participant)
            self._hear([signup], "signup_promoted", at)
            signup.promoted_at = signup.last_told = at
            signup.promoted_by = "organiser"
            self._reconsidered(at)

    # Time

    def _comes_up(self, starts_at: datetime) -> None:
        if self.truth.holds(starts_at):
            at = starts_at - AHEAD
            self.town.follows("session.coming_up", self.truth.id, at, starts_at=starts_at)
            self.truth.coming_up = starts_at
            self.truth.last_told = max(self.truth.last_told, at)
            self._at_risk(at)

    def _is_tomorrow(self, starts_at: datetime) -> None:
        if self.truth.holds(starts_at):
            at = starts_at - DAY
            self.town.follows("session.coming_up", self.truth.id, at, starts_at=starts_at)
            self.truth.last_told = max(self.truth.last_told, at)
            self._hear(self.truth.placed, "session_reminder", at)

    def _at_risk(self, at: datetime) -> None:
        """Told once of each start, when it comes up or later; before that there is time to find more."""
        terms, placed = self.truth.terms, len(self.truth.placed)
        told_before = self.truth.risk is not None and self.truth.risk["starts_at"] == terms.starts_at
        if self.truth.coming_up != terms.starts_at or told_before:
            return
        if round(placed * _COMES * 10) < (terms.min_attendance or 0) * 10:
            risk: dict[str, Any] = {
                "starts_at": terms.starts_at,
                "expected": f"{placed * _COMES:.1f}".removesuffix(".0"),
                "signed_up": placed,
                "min_attendance": terms.min_attendance,
            }
            self.town.follows("session.at_risk", self.truth.id, at, **risk)
            self._organiser_hears(at, risk)
            self.truth.risk = {**risk, "at": at}
            self.truth.last_told = max(self.truth.last_told, at)

    def _organiser_hears(self, at: datetime, risk: dict[str, Any]) -> None:
        if self.truth.organiser is not None:
            starts = self.truth.terms.starts_at.isoformat()
            told = {name: str(value) for name, value in risk.items() if name != "starts_at"}
            told |= {"starts_at": starts, "until_at": starts}
            about = self.truth.terms.opportunity_id
            self.town.must_hear([self.truth.organiser], "session_at_risk", about, at, **told)
