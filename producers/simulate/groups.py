"""Community groups: formed, joined and left, led by one member after another."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Final, Literal

from events.types.groups import GroupFormed, GroupLeaderChanged, GroupMemberJoined, GroupMemberLeft
from producers.simulate.agenda import Life
from producers.simulate.people import Person
from producers.simulate.town import Town

PER_DAY: Final = 0.03
AT_THE_BEGINNING: Final = 4
"""Groups of each city in the first days."""
_NAMES: Final = ("Friends of {where}", "{where} gardeners", "{where} repair circle", "Clean {where}")


By = Literal["member", "leader", "city"]


@dataclass
class Member:
    """Whether a participant belongs to a group, and since when that is so."""

    belongs: bool
    since: datetime
    joined: datetime | None = None
    left_by: By | None = None


@dataclass
class Group:
    """What is so of one group."""

    city: str
    id: str
    data: GroupFormed
    formed_at: datetime
    leader: str
    leader_since: datetime
    leaders: int = 1
    """How often a leader was named."""
    members: dict[str, Member] = field(default_factory=dict)
    """Those who joined or left; the leader belongs to it without."""

    @property
    def belonging(self) -> list[str]:
        """Everyone who belongs to it, the leader first."""
        others = [ref for ref, member in self.members.items() if member.belongs and ref != self.leader]
        return [self.leader, *others]


def begin(town: Town, day: date) -> None:
    """Who forms a group today."""
    dice = town.dice("groups", day)
    early = (day - town.world.first_day).days < AT_THE_BEGINNING
    for number in range(1 if early else town.often(PER_DAY, dice)):
        town.begin(_life(town, f"group-{day:%y%m%d}-{number}"), town.clock.waking(day, dice))


def of(town: Town, dice: Random) -> Group | None:
    """A group of the city, if there is one."""
    mine = [one for one in town.truth.kept(Group).values() if one.city == town.id]
    return dice.choice(mine) if mine else None


def _life(town: Town, id_: str) -> Life:
    dice = town.dice(id_)
    group = _formed(town, id_, dice)
    if group is None:
        return
    for _ in range(dice.randint(6, 28)):
        yield town.clock.waking(town.today + timedelta(days=dice.choice([1, 1, 2, 4, 9, 20])), dice)
        what = dice.random()
        if what < 0.8 or len(group.belonging) < 4:
            _joined(town, group, dice)
        elif what < 0.94:
            _left(town, group, dice)
        else:
            _led_by(town, group, dice.choice(group.belonging[1:]))


def _formed(town: Town, id_: str, dice: Random) -> Group | None:
    leader = town.people.someone(dice, town.today)
    if leader is None:
        return None
    where = leader.neighbourhood.replace("-", " ").title()
    data = GroupFormed(
        name=dice.choice(_NAMES).format(where=where),
        purpose="To look after what is ours." if dice.random() < 0.7 else None,
        neighbourhood_id=leader.neighbourhood,
        leader_ref=leader.ref,
    )
    event = town.tell(id_, data, leader.ref)
    group = Group(town.id, id_, data, event.at, leader.ref, event.at)
    town.truth.kept(Group)[event.key] = group
    town.must_hear([leader.ref], "group_formed", id_, event.at)
    return group


def _joined(town: Town, group: Group, dice: Random) -> None:
    """Some join again where they belong already: that is nothing new."""
    person: Person | None = town.people.someone(dice, town.today, lambda one: one.ref != group.leader)
    if person is None:
        return
    _joins(town, group, person.ref)


def _joins(town: Town, group: Group, who: str) -> None:
    event = town.tell(group.id, GroupMemberJoined(), who)
    before = group.members.get(who)
    if before is None or not before.belongs:
        group.members[who] = Member(belongs=True, since=event.at, joined=event.at)
        town.must_hear([group.leader], "group_member_joined", group.id, event.at)


def _left(town: Town, group: Group, dice: Random) -> None:
    who = dice.choice(group.belonging[1:])
    by: By = "city" if dice.random() < 0.05 else "member"
    event = town.tell(group.id, GroupMemberLeft(by=by), who)
    member = group.members[who]
    member.belongs, member.since, member.left_by = False, event.at, by


def _led_by(town: Town, group: Group, who: str) -> None:
    """Whoever led it before stays: one who led from the beginning joins, since that was never told."""
    former = group.leader
    event = town.tell(group.id, GroupLeaderChanged(leader_ref=who), former)
    group.leader, group.leader_since = who, event.at
    group.leaders += 1
    town.must_hear([who], "group_led", group.id, event.at)
    joined = [one for one, member in group.members.items() if member.belongs and one != who]
    town.must_hear(joined, "group_has_new_leader", group.id, event.at)
    if former not in group.members:
        _joins(town, group, former)
