"""Grants in two tiers: the coalition grants to cities, and cities grant the money again to their groups."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from events.types.awards import AwardRef
from events.types.grants import GrantCallOpened
from producers.simulate.agenda import Life
from producers.simulate.calls import CRITERIA, Applicant, Calling
from producers.simulate.granting import Award
from producers.simulate.groups import Group
from producers.simulate.town import Jurisdiction, Town

EVERY: Final = timedelta(days=170)
OPEN: Final = timedelta(days=12)


def coalition_grants(coalition: Jurisdiction, towns: Sequence[Town]) -> Life:
    """Twice a year cities may apply, and what they get they grant again."""
    start = coalition.clock.at(coalition.world.first_day + timedelta(days=2), 9)
    number = 0
    while True:
        yield start + number * EVERY
        number += 1
        dice = coalition.dice("call", number)
        calling = Calling(coalition, f"blocks-{number}", _to_cities(coalition))
        cities = [Applicant(town.city.name, city=town.id) for town in towns if dice.random() < 0.9]
        coalition.begin(calling.life(cities))
        for town in towns:
            town.begin(_again(town, calling), coalition.now + timedelta(days=30))


def _to_cities(coalition: Jurisdiction) -> GrantCallOpened:
    return GrantCallOpened(
        tier="coalition_to_city",
        title="Love your block",
        description="Two years of small things that residents do themselves.",
        currency="USD",
        budget="300000",
        amount_min="40000",
        amount_max="100000",
        criteria=CRITERIA,
        eligibility=("city",),
        deadline_at=coalition.clock.at((coalition.now + OPEN).date(), 23, 59),
    )


def _again(town: Town, calling: Calling) -> Life:
    """Once the city has its award, groups may apply for a part of it."""
    for _ in range(30):
        mine = [one for one in calling.awards if one.data.grantee_city == town.id]
        if mine:
            yield town.clock.working(town.now, 2, town.dice(mine[0].id))
            own = Calling(town, f"mini-{calling.truth.id}", _to_groups(town, mine[0]), mine[0])
            town.begin(own.life(_groups(town)))
            return
        yield town.now + timedelta(days=1)


def own_grants(town: Town) -> Life:
    """Besides, a city grants money of its own, in its own currency."""
    start = town.clock.at(town.world.first_day + timedelta(days=town.dice("own grants").randint(20, 80)), 10)
    number = 0
    while True:
        yield start + number * EVERY
        number += 1
        own = Calling(town, f"neighbours-{number}", _to_groups(town, None))
        town.begin(own.life(_groups(town)))


def _to_groups(town: Town, parent: Award | None) -> GrantCallOpened:
    return GrantCallOpened(
        tier="city_to_group",
        parent_award=AwardRef(city=parent.city, award_id=parent.id) if parent else None,
        title=f"Mini grants of {town.city.name}" if parent else f"{town.city.name} for its neighbours",
        currency=parent.data.currency if parent else town.place.currency,
        budget="9000",
        amount_min="200",
        amount_max="2000",
        criteria=CRITERIA,
        eligibility=("group", "residents"),
        deadline_at=town.clock.at((town.now + OPEN).date(), 23, 59),
    )


def _groups(town: Town) -> list[Applicant]:
    return [
        Applicant(one.data.name, group=one.id, leader=one.leader, neighbourhood=one.data.neighbourhood_id)
        for one in town.truth.kept(Group).values()
        if one.city == town.id
    ]
