"""How one thing of the city fares: adopted, looked after, forgotten, given up, passed on, offered again."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from events.envelope import Payload
from events.types.stewardship import (
    AdoptionReleased,
    AdoptionStarted,
    AdoptionTransferred,
    AssetRegistered,
    AssetRetired,
    AssetUpdated,
    StewardshipCheckedIn,
)
from producers.simulate.assets import Adoption, Asset, Ending, Visit
from producers.simulate.clock import moment_between
from producers.simulate.people import Person
from producers.simulate.queue import Queue
from producers.simulate.town import Town

LAPSE_AFTER: Final = 3
HOUR: Final = timedelta(hours=1)
_NEEDS: Final = ("water", "tools", "repair", "pickup")
_TASKS: Final = ("cleaned", "watered", "weeded", "looked")


class Care:
    """One thing and its stewards; what they do is told and noted in one go."""

    def __init__(self, town: Town, id_: str, data: AssetRegistered) -> None:
        self.town = town
        self.dice = town.dice(id_)
        event = town.tell(id_, data)
        self.truth = Asset(town.id, id_, data, event.at, event.at)
        town.truth.kept(Asset)[event.key] = self.truth
        self.queue = Queue(town, self.truth, self.adopted)
        self._stewards: dict[str, Person] = {}

    def registered_again(self) -> None:
        """It was found: the city has it after all."""
        data = AssetRegistered(**dict(self.truth.data))
        self.truth.registered_at = self._tell(data)
        self.truth.revision += 1
        self.truth.data, self.truth.retired, self.truth.retired_at = data, None, None

    def updated(self, data: AssetUpdated) -> None:
        """The city knows better now."""
        self._tell(data)
        self.truth.data = data
        self.truth.revision += 1

    def retired(self, reason: str) -> None:
        """The city has it no more, and whoever took care of it or waited for it is told."""
        if self.truth.retired is not None:
            return
        data = AssetRetired(reason=reason)
        at = self._tell(data)
        self.truth.revision += 1
        self.truth.retired, self.truth.retired_at, self.truth.seen = data, at, None
        if (adoption := self.truth.adoption) is not None:
            told = {"reason": "asset_retired", "retired_because": reason}
            self._follows("adoption.released", at, adoption, **told)
            self._hears(adoption, "adoption_ended", at, reason=reason)
            adoption.retired_because = reason
            self._ended(adoption, at, "asset_retired")
        self.truth.free_since = None
        self.queue.dissolved(at)

    # Adoptions

    def adopted(self, person: Person, entry: str | None = None, group: str | None = None) -> None:
        """The person takes care of it from now on, alone or for a group, unless somebody does or waits."""
        id_ = f"adoption-{self.truth.id}-{len(self.truth.gone) + len(self.truth.adoptions) + 1}"
        data = AdoptionStarted(
            adoption_id=id_,
            group_id=group,
            nickname="Our own" if self.dice.random() < 0.3 else None,
            cadence_days=self.dice.choice([7, 14, 14, 21, 30, 60]),
            obligations=("look", "clean") if self.dice.random() < 0.5 else (),
            entry_id=entry,
        )
        event = self.town.tell(self.truth.id, data, person.ref)
        at = self._noted(event.at)
        adoption = Adoption(
            self.town.id, self.truth.id, id_, data, person.ref, group, at, event.day, at, at, at
        )
        self.town.truth.kept(Adoption)[f"{event.key}/{id_}"] = adoption
        self._stewards[person.ref] = person
        if (reason := self._refusal(data, person)) is not None:
            self._follows("adoption.refused", at, adoption, reason=reason)
            self._hears(adoption, "adoption_refused", at, reason=reason)
            self._over(adoption, at, "refused")
            return
        self._began(adoption, at)
        self._hears(adoption, "adoption_started", at, cadence_days=str(data.cadence_days))
        self.queue.served(at)
        self._comes_now_and_then(adoption)

    def _refusal(self, data: AdoptionStarted, person: Person) -> str | None:
        thing = self.truth
        if thing.retired is not None:
            return "asset_retired"
        if thing.adoption is not None:
            return "taken"
        if thing.data.not_adoptable_because is not None:
            return "not_adoptable"
        first = thing.waiting[0] if thing.waiting else None
        if first is None or first.id == data.entry_id:
            return None
        same = first.participant == person.ref and data.group_id is None
        return None if same else "others_wait"

    def _began(self, adoption: Adoption, at: datetime) -> None:
        free = self.truth.free_since
        seconds = None if free is None else int((at - free).total_seconds())
        self.truth.adoptions.append((adoption, seconds))
        self.truth.adoption, self.truth.free_since = adoption, None
        self._expect(adoption)

    def _ended(self, adoption: Adoption, at: datetime, by: Ending) -> None:
        self._over(adoption, at, by)
        self.truth.adoption, self.truth.free_since = None, at
        self.queue.reconsidered(at)

    def _over(self, adoption: Adoption, at: datetime, by: Ending) -> None:
        adoption.ended_at, adoption.ended_by = at, by
        adoption.ended_on = self.town.clock.day(at).isoformat()
        adoption.last_told = max(adoption.last_told, at)
        self.truth.gone.append(adoption.id)
        self._noted(at)

    def released(self, adoption: Adoption) -> None:
        """The steward gives it up, or the city takes it back."""
        if adoption.ended_at is None:
            by: Any = "by_steward" if self.dice.random() < 0.8 else "by_city"
            who = adoption.steward if by == "by_steward" else None
            at = self._tell(AdoptionReleased(adoption_id=adoption.id, reason=by), who)
            if by == "by_steward":
                self._hears(adoption, "adoption_given_back", at)
            else:
                self._hears(adoption, "adoption_ended", at, reason="by_city")
            self._ended(adoption, at, by)

    def transferred(self, adoption: Adoption, to: Person | None, group: str | None) -> None:
        """It goes on with somebody else."""
        if adoption.ended_at is not None:
            return
        to_ref = to.ref if to else None
        data = AdoptionTransferred(adoption_id=adoption.id, to_ref=to_ref, to_group_id=group)
        at = self._tell(data, adoption.steward)
        adoption.steward, adoption.group = to_ref, group
        adoption.transferred += 1
        if to is not None:
            self._stewards[to.ref] = to
            self._hears(adoption, "adoption_transferred", at, cadence_days=str(adoption.data.cadence_days))
        adoption.counts_from = max(adoption.counts_from, at)
        self._cared(adoption, at)

    # Check-ins

    def _comes_now_and_then(self, adoption: Adoption) -> None:
        """The steward means to come about when it is due, and sometimes does."""
        if adoption.ended_at is not None:
            return
        person = self._stewards.get(adoption.steward or "")
        careful = person.careful if person else 0.6
        due = adoption.next_due
        early = due - adoption.grace * self.dice.uniform(0, 1.6)
        day = self.town.clock.day(early + (adoption.grace * 2) * self.dice.random())
        moment = max(self.town.clock.waking(day, self.dice), self.town.now + HOUR)
        if self.dice.random() < careful * 0.95:
            late = 5 * HOUR if self.dice.random() < 0.06 else timedelta()
            self.town.once(moment + late, self._visited, adoption, moment)
        else:
            self.town.once(due + adoption.grace + HOUR, self._comes_now_and_then, adoption)

    def _visited(self, adoption: Adoption, at: datetime) -> None:
        if adoption.ended_at is not None:
            return
        data = self._report(adoption)
        who = adoption.steward or self._somebody_of_the_group()
        event = self.town.tell(self.truth.id, data, who, at=at)
        self._noted(event.at)
        visit = Visit(event.at, data)
        self.truth.visits.append(visit)
        if self.truth.seen is None or self.truth.seen.at <= event.at:
            self.truth.seen = visit
        adoption.check_ins += 1
        adoption.minutes += data.minutes or 0
        self._kept(adoption, event.at, event.day[:7])
        self._cared(adoption, event.at)
        self.town.once(self.town.now + moment_between(self.dice, HOUR), self._comes_now_and_then, adoption)

    def _report(self, adoption: Adoption) -> StewardshipCheckedIn:
        dice = self.dice
        condition: Any = dice.choices(["good", "attention", "urgent"], (82, 14, 4))[0]
        needs = () if condition == "good" else tuple(dice.sample(_NEEDS, dice.choice([1, 1, 2])))
        return StewardshipCheckedIn(
            adoption_id=adoption.id,
            condition=condition,
            tasks_done=tuple(sorted(dice.sample(_TASKS, dice.choice([1, 2])))),
            needs=needs,
            minutes=dice.choice([None, 10, 20, 45]),
        )

    def _somebody_of_the_group(self) -> str:
        person = self.town.people.someone(self.dice, self.town.today)
        return person.ref if person else self.town.people.all[0].ref

    def _kept(self, adoption: Adoption, at: datetime, month: str) -> None:
        """Whether this was the visit that was due: of a due date told as missed, or of the one that comes."""
        excused = next(
            (one for one in adoption.misses if one[0] - adoption.cadence < at <= one[0] + adoption.grace),
            None,
        )
        if excused is not None:
            adoption.misses.remove(excused)
            adoption.count(excused[1], missed=-1)
        expected = adoption.counts_from + adoption.cadence - adoption.grace
        kept = excused is not None or at >= expected
        if kept:
            adoption.counts_from = max(adoption.counts_from, at)
        adoption.count(month, check_ins=1, kept=int(kept))

    def _cared(self, adoption: Adoption, at: datetime) -> None:
        adoption.cared_at = max(adoption.cared_at, at)
        adoption.last_told = max(adoption.last_told, at)
        adoption.missed = [due for due in adoption.missed if due - adoption.cadence >= adoption.cared_at]
        self._expect(adoption)

    def _expect(self, adoption: Adoption) -> None:
        """The clock brings the next due date, unless somebody comes before."""
        due = adoption.next_due
        self.town.once(due, self._due, adoption, due)

    def _due(self, adoption: Adoption, due: datetime) -> None:
        if adoption.ended_at is None and adoption.next_due == due and due not in adoption.due_told:
            self._follows("adoption.check_in_due", due, adoption, due_at=due)
            until = (due + adoption.grace).isoformat()
            self._hears(adoption, "check_in_due", due, due_at=due.isoformat(), until_at=until)
            adoption.due_told.append(due)
            self.town.once(due + adoption.grace, self._overdue, adoption, due)

    def _overdue(self, adoption: Adoption, due: datetime) -> None:
        if adoption.ended_at is not None or adoption.next_due != due:
            return
        at = due + adoption.grace
        adoption.missed.append(due)
        missed = len(adoption.missed)
        self._follows("adoption.check_in_overdue", at, adoption, due_at=due, missed=missed)
        month = self.town.clock.day(at).isoformat()[:7]
        adoption.overdue_told += 1
        adoption.misses.append((due, month))
        adoption.count(month, missed=1)
        adoption.counts_from = max(adoption.counts_from, due)
        if missed == LAPSE_AFTER:
            self._follows("adoption.lapsed", at, adoption, due_at=due, missed=missed)
            self._hears(adoption, "adoption_lapsed", at, missed=str(missed))
            self._ended(adoption, at, "lapsed")
        else:
            left, until = str(LAPSE_AFTER - missed), (at + adoption.cadence).isoformat()
            self._hears(adoption, "check_in_overdue", at, due_at=due.isoformat(), left=left, until_at=until)
            self._expect(adoption)

    # Telling

    def _tell(self, data: Payload, by: str | None = None) -> datetime:
        return self._noted(self.town.tell(self.truth.id, data, by).at)

    def _noted(self, at: datetime) -> datetime:
        self.truth.last_told = max(self.truth.last_told, at)
        return at

    def _follows(self, name: str, at: datetime, adoption: Adoption, **data: Any) -> None:
        said = {"adoption_id": adoption.id, **data}
        self.town.follows(name, self.truth.id, at, adoption.steward, **said)
        adoption.last_told = max(adoption.last_told, at)

    def _hears(self, adoption: Adoption, template: str, at: datetime, **fields: str) -> None:
        """The steward must be told, where that is a person."""
        if adoption.steward is not None:
            self.town.must_hear([adoption.steward], template, self.truth.id, at, **fields)


def pick(dice: Random, things: list[Care]) -> Care | None:
    """One of them, if there is any."""
    return dice.choice(things) if things else None
