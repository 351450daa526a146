"""Things of the city that people take care of: what there is, and who takes an interest on which day."""

from datetime import date, timedelta
from random import Random
from typing import Final

from events.types.stewardship import AssetRegistered, AssetUpdated
from producers.simulate import groups
from producers.simulate.care import Care, pick
from producers.simulate.people import Person
from producers.simulate.town import Town

THINGS: Final = 45
_KINDS: Final = ("drain", "drain", "tree", "tree", "planter", "bench", "book_box")
_FEED: Final = "public_works"


class Stewardship:
    """All things of one city."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._things: list[Care] = []

    def begin(self, day: date) -> None:
        """What happens to things today."""
        dice = self._town.dice("things", day)
        if (day - self._town.world.first_day).days < 3:
            for number in range(int(THINGS * self._town.place.activity / 3)):
                moment = self._town.clock.working(self._town.now, 0, dice)
                self._town.once(moment, self._registered, f"asset-{day:%y%m%d}-{number:03d}")
        self._taken_up(day, dice)
        self._changed(day, dice)

    def _registered(self, id_: str) -> None:
        dice = self._town.dice(id_, "facts")
        part = dice.choice(self._town.place.neighbourhoods)
        data = AssetRegistered(
            asset_type=dice.choice(_KINDS),
            name=f"No. {dice.randint(1, 999)}" if dice.random() < 0.4 else None,
            feed=_FEED,
            external_id=id_.removeprefix("asset-"),
            lat=round(part.lat + dice.uniform(-0.005, 0.005), 6),
            long=round(part.long + dice.uniform(-0.005, 0.005), 6),
            neighbourhood_id=part.id if dice.random() < 0.95 else None,
            priority=dice.random() < 0.15,
            not_adoptable_because="under_repair" if dice.random() < 0.05 else None,
        )
        self._things.append(Care(self._town, id_, data))

    def _taken_up(self, day: date, dice: Random) -> None:
        """Free things find somebody; of those that have one, some another who waits, or does not know."""
        town = self._town
        for _ in range(town.often(0.35 * town.clock.season(day), dice)):
            town.once(town.clock.waking(day, dice), self._interest, town.dice("interest", day, dice.random()))

    def _interest(self, dice: Random) -> None:
        person = self._town.people.someone(dice, self._town.today)
        free = [one for one in self._things if one.truth.free]
        taken = [one for one in self._things if one.truth.adoption is not None]
        if person is None:
            return
        if free and dice.random() < 0.75:
            self._adopted(dice.choice(free), person, dice)
        elif (thing := pick(dice, taken)) is not None:
            if dice.random() < 0.9:
                self._waits(thing, person, dice)
            else:
                thing.adopted(person)

    def _adopted(self, thing: Care, person: Person, dice: Random) -> None:
        """By one, or by one who leads a group for all of it."""
        town, group = self._town, groups.of(self._town, dice) if dice.random() < 0.2 else None
        leader = town.people.by_ref[group.leader] if group else person
        if group is not None and town.people.takes_part(leader, town.today):
            thing.adopted(leader, group=group.id)
        else:
            thing.adopted(person)

    def _waits(self, thing: Care, person: Person, dice: Random) -> None:
        """Most of those who cannot have it wait for it, each once."""
        adoption = thing.truth.adoption
        known = {entry.participant for entry in thing.truth.waiting} | {adoption and adoption.steward}
        if person.ref not in known and dice.random() < 0.8:
            thing.queue.joined(person)

    def _changed(self, day: date, dice: Random) -> None:
        """Now and then a steward gives up or passes it on, a thing is lost or found, its facts change."""
        town, ways = self._town, (self._released, self._passed_on, self._retired, self._found, self._updated)
        rates = (0.03, 0.02, 0.008, 0.006, 0.03)
        for way, rate in zip(ways, rates, strict=True):
            for _ in range(town.often(rate, dice)):
                town.once(town.clock.working(town.now, 0, dice), way, town.dice(way.__name__, day))

    def _standing(self) -> list[Care]:
        return [one for one in self._things if one.truth.adoption is not None]

    def _released(self, dice: Random) -> None:
        thing = pick(dice, self._standing())
        if thing is not None and thing.truth.adoption is not None:
            thing.released(thing.truth.adoption)

    def _passed_on(self, dice: Random) -> None:
        thing = pick(dice, self._standing())
        if thing is None or thing.truth.adoption is None:
            return
        adoption, group = thing.truth.adoption, groups.of(self._town, dice)
        person = self._town.people.someone(dice, self._town.today, lambda one: one.ref != adoption.steward)
        if group is not None and dice.random() < 0.4:
            thing.transferred(adoption, None, group.id)
        elif person is not None:
            thing.transferred(adoption, person, None)

    def _retired(self, dice: Random) -> None:
        thing = pick(dice, [one for one in self._things if one.truth.retired is None])
        if thing is not None:
            thing.retired(dice.choice(["removed", "replaced", "missing_from_feed"]))

    def _found(self, dice: Random) -> None:
        since = self._town.now - timedelta(days=5)
        lost = [one for one in self._things if (one.truth.retired_at or self._town.now) < since]
        thing = pick(dice, lost)
        if thing is not None:
            thing.registered_again()

    def _updated(self, dice: Random) -> None:
        """The city knows better: a name, or that it may be adopted now."""
        thing = pick(dice, [one for one in self._things if one.truth.retired is None])
        if thing is not None:
            facts = {**dict(thing.truth.data), "name": f"No. {dice.randint(1, 999)}"}
            thing.updated(AssetUpdated(**{**facts, "not_adoptable_because": None}))
