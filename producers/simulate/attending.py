"""The day of a session: who comes, who does not, who forgets to check out, and a tablet that is offline."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

from events.types.volunteering import AttendanceCheckedIn, AttendanceCheckedOut, CheckMethod
from producers.simulate import hours, impact
from producers.simulate.clock import moment_between
from producers.simulate.people import Person
from producers.simulate.sessions import Attendance, Session, Signup
from producers.simulate.town import Town

GRACE: Final = timedelta(minutes=15)
HOUR: Final = timedelta(hours=1)


class Attending:
    """What happens at one session; it is told and noted in one go."""

    def __init__(self, town: Town, truth: Session, people: dict[str, Person]) -> None:
        self.town = town
        self.truth = truth
        self._people = people
        self._offline = town.dice(truth.id, "tablet").random() < 0.06
        self._held_back: list[Callable[[], None]] = []

    def people_set_out(self, starts_at: datetime) -> None:
        """Whoever comes is on the way, and some who did not sign up."""
        if not self.truth.holds(starts_at):
            return
        dice = self.town.dice(self.truth.id, "day", starts_at)
        for signup in self.truth.placed:
            if dice.random() < self._people[signup.participant].reliable:
                early = starts_at - timedelta(minutes=10) + moment_between(dice, timedelta(minutes=30))
                self.town.once(early, self._comes, signup, self._people[signup.participant], dice)
        for _ in range(dice.choice([0, 0, 0, 1, 2])):
            late = starts_at + moment_between(dice, timedelta(minutes=50))
            self.town.once(late, self._walks_in, dice)
        if self._offline:
            back = self.truth.terms.ends_at + dice.randint(2, 30) * HOUR + moment_between(dice, HOUR)
            self.town.once(back, self._online_again)

    def _comes(self, signup: Signup, person: Person, dice: Random) -> None:
        if signup.placed:  # or has given up on the way
            self._there(signup, person, dice)

    def _walks_in(self, dice: Random) -> None:
        person = self.town.people.someone(dice, self.town.today, lambda one: one.ref not in self._people)
        if person is not None:
            self._people[person.ref] = person
            self._there(None, person if dice.random() < 0.8 else None, dice)

    def _there(self, signup: Signup | None, person: Person | None, dice: Random) -> None:
        id_ = f"attendance-{len(self.truth.attendances) + len(self._held_back) + 1}"
        methods: tuple[CheckMethod, ...] = ("qr", "leader", "self")
        (method,) = dice.choices(methods, (6, 3, 1))
        who = person.ref if person else None
        self._record(partial(self._checked_in, id_, signup, who, method, self.town.now))
        if dice.random() < (person.careful if person else 0.5):
            ends = self.truth.terms.ends_at - timedelta(minutes=20)
            left = max(self.town.now + HOUR / 4, ends) + moment_between(dice, timedelta(minutes=30))
            self.town.once(left, self._leaves, id_, who, method)

    def _leaves(self, id_: str, who: str | None, method: CheckMethod) -> None:
        self._record(partial(self._checked_out, id_, who, method, self.town.now))

    def _record(self, act: Callable[[], None]) -> None:
        """The leader's tablet tells it, at once or when it is online again."""
        if self._offline:
            self._held_back.append(act)
        else:
            act()

    def _checked_in(
        self, id_: str, signup: Signup | None, who: str | None, method: CheckMethod, at: datetime
    ) -> None:
        named = signup.id if signup else None
        data = AttendanceCheckedIn(
            attendance_id=id_,
            signup_id=named,
            walk_in=None if signup else True,
            method=method,
            checked_in_at=at,
        )
        told = self.town.tell(self.truth.id, data, who, at=at).at
        self.truth.attendances[id_] = Attendance(id_, who, named, method, at, told)
        if signup is not None:
            signup.came_at = at
            signup.last_told = max(signup.last_told or told, told)

    def _checked_out(self, id_: str, who: str | None, method: CheckMethod, at: datetime) -> None:
        attendance = self.truth.attendances[id_]
        data = AttendanceCheckedOut(attendance_id=id_, method=method, checked_out_at=at)
        attendance.told_out = self.town.tell(self.truth.id, data, who, at=at).at
        attendance.went, attendance.method_out = at, method
        hours.attended(self.town, self.truth, attendance, at)

    def is_over(self, starts_at: datetime) -> None:
        """A quarter of an hour after the end: who did not come, and who is assumed to have gone."""
        if not self.truth.holds(starts_at):
            return
        ends = self.truth.terms.ends_at
        for signup in self.truth.placed:
            if signup.came_at is None:
                self._follows(
                    "attendance.no_show", signup.participant, signup_id=signup.id, session_ended_at=ends
                )
                signup.missed, signup.last_told = ends, ends + GRACE
                self._must_hear_of_absence(signup)
        self._assumed_to_have_gone()
        impact.session_held(self.town, self.truth)

    def _must_hear_of_absence(self, signup: Signup) -> None:
        terms = self.truth.terms
        told, at = {"starts_at": terms.starts_at.isoformat()}, terms.ends_at + GRACE
        self.town.must_hear([signup.participant], "session_missed", terms.opportunity_id, at, **told)

    def _follows(self, name: str, who: str | None, **data: Any) -> None:
        """At the end of the grace."""
        self.town.follows(name, self.truth.id, self.truth.terms.ends_at + GRACE, who, **data)

    def _online_again(self) -> None:
        self.town.world.steps.cut(self.town.now)  # of what comes at once now, nothing follows in between
        for act in self._held_back:
            act()
        self._held_back.clear()
        self._assumed_to_have_gone()

    def _assumed_to_have_gone(self) -> None:
        ends = self.truth.terms.ends_at
        for one in self.truth.attendances.values():
            if one.went is None:
                said = {"attendance_id": one.id, "method": "auto", "checked_out_at": ends}
                self._follows("attendance.checked_out", one.participant, **said)
                one.went, one.method_out, one.told_out = ends, "auto", ends + GRACE
                hours.attended(self.town, self.truth, one, ends + GRACE)
