"""Practices: what worked in one city, taken up by others, and what it changed there."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from events.types.practices import Measured, PracticeAdopted, PracticeOutcomeReported, PracticePublished
from producers.simulate.agenda import Life
from producers.simulate.town import Town

PER_DAY: Final = 0.006
_TOLD: Final = (
    ("Adopt a drain", "Drains clog with leaves", "citizen_sourced", "blocked_drains", 420),
    ("Love your block", "Lots nobody looks after", "impact_volunteering", "vacant_lots", 160),
    ("Report by text message", "Who has no app is not heard", "crowdsourcing", "days_to_first_answer", 12),
    ("Residents design the square", "Nobody sits there", "participatory_design", "visits_per_day", 310),
)


@dataclass
class Outcome:
    """What was reported last."""

    measures: tuple[Measured, ...]
    at: datetime
    times: int


@dataclass
class Practice:
    """What is so of one practice of a city, its own or taken up from another."""

    city: str
    id: str
    last_told: datetime
    published: PracticePublished | None = None
    published_at: datetime | None = None
    adopted: PracticeAdopted | None = None
    adopted_at: datetime | None = None
    outcome: Outcome | None = None
    elsewhere: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By the city that took it up: as which practice, and when."""


def begin(town: Town, day: date) -> None:
    """A city tells what it did, and others look what they can take up."""
    dice = town.dice("practices", day)
    soon = (day - town.world.first_day).days == dice.randint(3, 30)
    if soon or town.often(PER_DAY, dice):
        town.once(town.clock.working(town.now, 0, dice), _published, town, day, dice)
    elif dice.random() < 0.02 and (origin := _to_take_up(town, dice)) is not None:
        moment = town.clock.working(town.now, 0, dice)
        town.begin(_taken_up(town, origin, f"practice-{day:%y%m%d}-from"), moment)


def _measures(name: str, usual: int, dice: Random) -> tuple[Measured, ...]:
    before = dice.randint(usual // 2, usual)
    after = str(before * dice.randint(30, 95) // 100)
    return (Measured(metric_code=name, unit="count", baseline=str(before), result=after),)


def _published(town: Town, day: date, dice: Random) -> None:
    title, challenge, category, metric, usual = dice.choice(_TOLD)
    data = PracticePublished(
        title=title,
        challenge=challenge,
        category=category,
        measures=_measures(metric, usual, dice),
        evidence=(f"https://{town.id}.example/practices/{day}",),
    )
    id_ = f"practice-{day:%y%m%d}"
    event = town.tell(id_, data)
    town.truth.kept(Practice)[event.key] = Practice(
        town.id, id_, event.at, published=data, published_at=event.at
    )


def _to_take_up(town: Town, dice: Random) -> Practice | None:
    """A practice of another city that has stood for a month and that nobody here took up yet."""
    known = [
        one
        for one in town.truth.kept(Practice).values()
        if one.city != town.id
        and one.published_at is not None
        and one.published_at < town.now - timedelta(days=30)
        and town.id not in one.elsewhere
    ]
    return dice.choice(known) if known else None


def _taken_up(town: Town, origin: Practice, id_: str) -> Life:
    dice = town.dice(id_)
    if town.id in origin.elsewhere:
        return
    data = PracticeAdopted(from_city=origin.city, from_practice_id=origin.id)
    event = town.tell(id_, data)
    mine = Practice(town.id, id_, event.at, adopted=data, adopted_at=event.at)
    town.truth.kept(Practice)[event.key] = mine
    origin.elsewhere[town.id] = (id_, event.at)
    origin.last_told = max(origin.last_told, event.at)
    told = {"by_city": town.id, "by_practice_id": id_}
    town.follows("practice.adopted_elsewhere", origin.id, event.at, city=origin.city, **told)
    while origin.published is not None and dice.random() < 0.6:
        yield town.clock.working(town.now + timedelta(days=dice.randint(30, 80)), 0, dice)
        _reported(town, mine, origin.published.measures[0], dice)


def _reported(town: Town, mine: Practice, like: Measured, dice: Random) -> None:
    measures = _measures(like.metric_code, max(2, int(like.baseline)), dice)
    event = town.tell(mine.id, PracticeOutcomeReported(measures=measures))
    times = mine.outcome.times + 1 if mine.outcome else 1
    mine.outcome, mine.last_told = Outcome(measures, event.at, times), event.at
